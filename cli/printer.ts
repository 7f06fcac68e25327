/** The edge to the terminal: everything that a command prints goes through here, and every line is made safe. */

import { fstatSync, writeSync } from 'node:fs';
import { Writable } from 'node:stream';
import { isatty } from 'node:tty';
import { styleText } from 'node:util';
import { CliError, systemCode, systemReason } from './errors.ts';
import { type Sink, type Source, Terminal } from './terminal.ts';
import { printable } from './text.ts';

/** What a pipe, and a socket, say when their reader has gone. */
const CLOSED = ['EPIPE', 'ECONNRESET'];

const CLEAR_LINE = '\r\u001b[K';

/** A part of a line, in a colour where the terminal shows colours. */
export interface Part {
  readonly text: string;
  readonly colour?: 'green' | 'red' | 'yellow';
}

export interface PrinterOptions {
  readonly noColor?: boolean;
  /** A text that cannot be written is no failure, as on standard error: there is no other place to say so. */
  readonly mayLose?: boolean;
}

/**
 * The only writer of a stream. Text of a deployment could hold escape sequences, which a terminal would obey. Each write
 * throws CliError when its text could not be written as a whole: a full disk, or a reader that has gone.
 */
export class Printer {
  readonly isTerminal: boolean;
  readonly #sink: Sink;
  readonly #isColoured: boolean;
  readonly #mayLose: boolean;
  #last: Promise<void> = Promise.resolve();
  #lost: Error | undefined;

  constructor(sink: Sink, { noColor = false, mayLose = false }: PrinterOptions = {}) {
    this.#sink = sink;
    this.isTerminal = sink.isTTY === true;
    this.#isColoured = this.isTerminal && !noColor;
    this.#mayLose = mayLose;
    sink.on('error', error => {
      this.#lost ??= error;
    });
  }

  /** How wide the terminal is; undefined: it is none, or does not say. */
  get columns(): number | undefined {
    return this.isTerminal ? this.#sink.columns : undefined;
  }

  /** Returns when everything has been written. Throws CliError when any of it was lost. */
  async flushed(): Promise<void> {
    await this.#last;
    if (this.#lost !== undefined && !this.#mayLose) throw outputLost(this.#lost);
  }

  /** One line. A line break in `text` is escaped, so that a value cannot add a line of its own. */
  line(text: string): Promise<void> {
    return this.#write(`${safe(text)}\n`);
  }

  /** Lines, each made safe. Waits for a slow reader, so that a long list needs no memory. */
  lines(lines: readonly string[]): Promise<void> {
    return this.#write(lines.map(line => `${safe(line)}\n`).join(''));
  }

  /** A line of parts. */
  parts(parts: readonly Part[]): Promise<void> {
    const shown = parts.map(({ text, colour }) =>
      colour !== undefined && this.#isColoured
        ? styleText(colour, safe(text), { validateStream: false })
        : safe(text),
    );
    return this.#write(`${shown.join('')}\n`);
  }

  /** A line that begins with a red label where the terminal shows colours. */
  alert(label: string, text: string): Promise<void> {
    return this.parts([{ text: label, colour: 'red' }, { text: ` ${text}` }]);
  }

  /** Text that `clear` removes again; only for a terminal. */
  notice(text: string): Promise<void> {
    return this.#write(safe(text));
  }

  clear(): Promise<void> {
    return this.#write(CLEAR_LINE);
  }

  /** Questions to the user, on this stream. */
  terminal(input: Source): Terminal {
    return new Terminal(input, this.#sink);
  }

  #write(text: string): Promise<void> {
    this.#last = new Promise(resolve => {
      this.#sink.write(text, error => {
        if (error) this.#lost ??= error;
        resolve();
      });
    });
    return this.flushed();
  }
}

/** The lines of a text whose line breaks are meant; the last one ends the text. */
export function linesOf(text: string): string[] {
  return text.replace(/\n$/, '').split('\n');
}

/** Tabs stay: a terminal only moves on, and `--format` may ask for them. A field's own tabs are escaped before. */
export function safe(line: string): string {
  return line.split('\t').map(printable).join('\t');
}

function outputLost(cause: Error): CliError {
  const message = CLOSED.includes(systemCode(cause) ?? '')
    ? 'Standard output was closed before everything was written.'
    : `Standard output cannot be written: ${systemReason(cause)}.`;
  return new CliError(message, { code: 'output-lost', cause });
}

/** Standard output or standard error, as a stream that says when a text could not be written as a whole. */
export function outputStream(descriptor: 1 | 2): Sink {
  if (isFile(descriptor)) return fileStream(descriptor);
  return descriptor === 1 ? process.stdout : process.stderr;
}

function isFile(descriptor: number): boolean {
  const status = fstatSync(descriptor);
  return status.isFile() || (status.isCharacterDevice() && !isatty(descriptor));
}

/** Node's own stream for files drops the rest when the system takes a part of a text, as a disk does that is nearly full. */
function fileStream(descriptor: number): Writable {
  const write = (chunk: Buffer, _: BufferEncoding, done: (error?: Error) => void) => {
    try {
      for (let offset = 0; offset < chunk.length; ) offset += writeSync(descriptor, chunk, offset);
      done();
    } catch (error) {
      done(error as Error);
    }
  };
  return new Writable({ write });
}
