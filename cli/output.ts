/** What a command prints: results on standard output, for people or for programs; everything else on standard error. */
import { styleText } from 'node:util';
import { detailsOf, messageOf } from './errors.ts';
import type { Io, Sink } from './io.ts';
import { printable, tableOf } from './text.ts';

export type Format = 'human' | 'json';

const CLEAR_LINE = '\r\u001b[K';

export class Output {
  readonly format: Format;
  readonly #stdout: Sink;
  readonly #stderr: Sink;
  readonly #noColor: boolean;
  readonly #noticeMs: number;

  constructor({ stdout, stderr, environment, timeouts }: Omit<Io, 'clock' | 'stdin'>, format: Format) {
    this.#stdout = stdout;
    this.#stderr = stderr;
    this.format = format;
    this.#noColor = environment.noColor;
    this.#noticeMs = timeouts.noticeMs;
  }

  /** One result: the value for programs, the text for people. */
  async show(value: unknown, human: string): Promise<void> {
    await this.line(this.format === 'json' ? JSON.stringify(value, null, 2) : human);
  }

  /** A list: as it is for programs, a table for people. */
  async showTable<T>(
    items: readonly T[],
    headings: readonly string[],
    row: (item: T) => readonly string[],
  ): Promise<void> {
    if (this.format === 'json') return this.jsonList(items);
    await this.line(tableOf(headings, items.map(row)));
  }

  /** A line of a result. Waits for a slow reader, so that a long list needs no memory. */
  async line(text: string): Promise<void> {
    if (this.#stdout.write(`${text}\n`)) return;
    await new Promise<void>(resolve => void this.#stdout.once('drain', resolve));
  }

  /** A list for programs, printed as it comes. */
  async jsonList(items: AsyncIterable<unknown> | Iterable<unknown>): Promise<void> {
    let separator = '[';
    for await (const item of items) {
      await this.line(`${separator}${JSON.stringify(item)}`);
      separator = ',';
    }
    await this.line(separator === '[' ? '[]' : ']');
  }

  /** A remark for people, which is not a result. */
  note(text: string): void {
    if (this.format === 'human') this.#stderr.write(`${text}\n`);
  }

  /** What went wrong, and what to do next. */
  failure(error: unknown): void {
    const text = this.format === 'json' ? JSON.stringify({ error: asJson(error) }) : this.#asText(error);
    this.#stderr.write(`${text}\n`);
  }

  /** Tells a user at a terminal what the command waits for, when the work takes long. */
  async during<T>(what: string, work: Promise<T>): Promise<T> {
    if (this.#stderr.isTTY !== true) return work;
    let isShown = false;
    const timer = setTimeout(() => {
      isShown = true;
      this.#stderr.write(`${what} …`);
    }, this.#noticeMs);
    try {
      return await work;
    } finally {
      clearTimeout(timer);
      if (isShown) this.#stderr.write(CLEAR_LINE);
    }
  }

  #asText(error: unknown): string {
    const { problems = [], next, requestId } = detailsOf(error);
    const lines = [
      ...problems.map(problem => `  ${printable(problem)}`),
      ...(next === undefined ? [] : [printable(next)]),
      ...(requestId === undefined ? [] : [`Request id: ${printable(requestId)}`]),
    ];
    const message = messageOf(error).split('\n').map(printable).join('\n');
    return [`${this.#red('error:')} ${message}`, ...lines].join('\n');
  }

  #red(text: string): string {
    const isPlain = this.#noColor || this.#stderr.isTTY !== true;
    return isPlain ? text : styleText('red', text, { validateStream: false });
  }
}

function asJson(error: unknown): Record<string, unknown> {
  const { code, status, requestId, problems, next } = detailsOf(error);
  return { message: messageOf(error), code, status, requestId, problems, next };
}
