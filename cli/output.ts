/** What a command says: results on the standard output, for people or for programs; everything else beside it. */
import type { Writable } from 'node:stream';
import { styleText } from 'node:util';
import { CliError } from './failure.ts';
import { messageOf, printable } from './text.ts';

export type Format = 'human' | 'json';

/** A stream that may be a terminal. */
export type Sink = Writable & { readonly isTTY?: boolean };

export interface OutputOptions {
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly format: Format;
  readonly noColor: boolean;
}

/** How long a request may take before the user is told what is being waited for. */
const PATIENCE_MS = 1000;
const CLEAR_LINE = '\r\u001b[K';

export class Output {
  readonly format: Format;
  readonly #stdout: Sink;
  readonly #stderr: Sink;
  readonly #noColor: boolean;

  constructor({ stdout, stderr, format, noColor }: OutputOptions) {
    this.#stdout = stdout;
    this.#stderr = stderr;
    this.format = format;
    this.#noColor = noColor;
  }

  /** One result: the value for programs, the text for people. */
  async show(value: unknown, human: string): Promise<void> {
    await this.line(this.format === 'json' ? JSON.stringify(value, null, 2) : human);
  }

  /** A line of a result. Waits while the reader is slow, so that a long list needs no memory. */
  async line(text: string): Promise<void> {
    if (this.#stdout.write(`${text}\n`)) return;
    await new Promise<void>(resolve => void this.#stdout.once('drain', resolve));
  }

  /** A list for programs, written as it comes. */
  async jsonList(items: AsyncIterable<unknown> | Iterable<unknown>): Promise<void> {
    let separator = '[';
    for await (const item of items) {
      await this.line(`${separator}${JSON.stringify(item)}`);
      separator = ',';
    }
    await this.line(separator === '[' ? '[]' : ']');
  }

  /** A remark for people, which is no result. */
  note(text: string): void {
    if (this.format === 'human') this.#stderr.write(`${text}\n`);
  }

  /** Tells what went wrong, and what to do about it. */
  failure(error: unknown): void {
    const text = this.format === 'json' ? JSON.stringify({ error: describe(error) }) : this.#explain(error);
    this.#stderr.write(`${text}\n`);
  }

  /** Says what is waited for when the work takes long, and somebody is looking. */
  async during<T>(what: string, work: Promise<T>): Promise<T> {
    if (this.#stderr.isTTY !== true) return work;
    let said = false;
    const timer = setTimeout(() => {
      said = true;
      this.#stderr.write(`${what} …`);
    }, PATIENCE_MS);
    try {
      return await work;
    } finally {
      clearTimeout(timer);
      if (said) this.#stderr.write(CLEAR_LINE);
    }
  }

  #explain(error: unknown): string {
    const { problems = [], next, requestId } = error instanceof CliError ? error.details : {};
    const lines = [
      ...problems.map(problem => `  ${printable(problem)}`),
      ...(next === undefined ? [] : [printable(next)]),
      ...(requestId === undefined ? [] : [`Request id: ${printable(requestId)}`]),
    ];
    const message = messageOf(error).split('\n').map(printable).join('\n');
    return [`${this.#red('error:')} ${message}`, ...lines].join('\n');
  }

  #red(text: string): string {
    const plain = this.#noColor || this.#stderr.isTTY !== true;
    return plain ? text : styleText('red', text, { validateStream: false });
  }
}

function describe(error: unknown): Record<string, unknown> {
  const { code, status, requestId, problems, next } = error instanceof CliError ? error.details : {};
  return { message: messageOf(error), code, status, requestId, problems, next };
}
