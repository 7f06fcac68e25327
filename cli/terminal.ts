/** Questions to the user at a terminal. What is typed in answer to a hidden one is never shown. */
import { createInterface, type Interface } from 'node:readline';
import { type Readable, Writable } from 'node:stream';

/** A stream that may be a terminal. */
export type Source = Readable & { readonly isTTY?: boolean };
export type Sink = Writable & { readonly isTTY?: boolean; readonly columns?: number };

export interface Question {
  readonly text: string;
  readonly isHidden: boolean;
}

/** The user has pressed Ctrl-C. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** A line; undefined: the input has ended. */
type Answer = string | undefined;

/**
 * Takes the terminal over until it is closed. Only what answers a question that is not hidden is shown, up to its line end:
 * what was typed or pasted ahead may be the answer to a hidden one.
 */
export class Terminal {
  readonly #sink: Sink;
  readonly #readline: Interface;
  readonly #typed: Answer[] = [];
  #isShown = false;
  #isInterrupted = false;
  #wake = () => {};

  constructor(input: Source, sink: Sink) {
    this.#sink = sink;
    const write = (chunk: Buffer, _: BufferEncoding, done: () => void) => {
      // At once: a later chunk may be one that is not to be shown.
      if (this.#isShown) sink.write(chunk);
      done();
    };
    const { columns } = sink;
    const output = Object.assign(new Writable({ write }), { columns });
    this.#readline = createInterface({ input, output, terminal: true, historySize: 0 })
      .on('line', line => this.#take(line))
      .on('close', () => this.#take(undefined))
      .on('SIGINT', () => {
        this.#isInterrupted = true;
        this.#wake();
      });
  }

  /** The line that the user types; undefined at the end of the input. Throws Interrupted. */
  async ask({ text, isHidden }: Question): Promise<Answer> {
    if (isHidden || this.#typed.length > 0) this.#sink.write(text);
    else {
      this.#isShown = true;
      this.#readline.setPrompt(text);
      this.#readline.prompt();
    }
    const line = await this.#next();
    if (isHidden || line === undefined) this.#sink.write('\n');
    return line;
  }

  close(): void {
    this.#readline.close();
  }

  async #next(): Promise<Answer> {
    while (this.#typed.length === 0 && !this.#isInterrupted) {
      await new Promise<void>(resolve => {
        this.#wake = resolve;
      });
    }
    if (this.#isInterrupted) throw new Interrupted();
    return this.#typed.shift();
  }

  #take(line: Answer): void {
    this.#isShown = false;
    this.#typed.push(line);
    this.#wake();
  }
}
