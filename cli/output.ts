/** What a command prints: results on standard output, for people or for programs; everything else on standard error. */

import { detailsOf, messageOf, UsageError } from './errors.ts';
import type { Io } from './io.ts';
import { linesOf, type Part, type Printer } from './printer.ts';
import { tableOf } from './text.ts';

export type Format = 'human' | 'json';

export class Output {
  readonly format: Format;
  readonly #stdout: Printer;
  readonly #stderr: Printer;
  readonly #noticeMs: number;

  constructor({ stdout, stderr, timeouts }: Pick<Io, 'stderr' | 'stdout' | 'timeouts'>, format: Format) {
    this.#stdout = stdout;
    this.#stderr = stderr;
    this.format = format;
    this.#noticeMs = timeouts.noticeMs;
  }

  /** One result: the value for programs, a line or lines for people. */
  async show(value: unknown, human: string | readonly string[]): Promise<void> {
    if (this.format === 'json') return this.lines(linesOf(JSON.stringify(value, null, 2)));
    await this.lines(typeof human === 'string' ? [human] : human);
  }

  /** A list: as it is for programs, a table for people. */
  async showTable<T>(
    items: readonly T[],
    headings: readonly string[],
    row: (item: T) => readonly string[],
  ): Promise<void> {
    if (this.format === 'json') return this.jsonList(items);
    await this.lines(tableOf(headings, items.map(row)));
  }

  /** A line of a result. */
  line(text: string): Promise<void> {
    return this.#stdout.line(text);
  }

  /** How wide the terminal of results is; undefined: there is none. */
  get columns(): number | undefined {
    return this.#stdout.columns;
  }

  /** A line of a result, in parts. */
  parts(parts: readonly Part[]): Promise<void> {
    return this.#stdout.parts(parts);
  }

  /** Lines of a result. */
  lines(lines: readonly string[]): Promise<void> {
    return this.#stdout.lines(lines);
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
    if (this.format === 'human') void this.#stderr.line(text);
  }

  /** What people and programs should know although the command succeeds. */
  async warning(message: string, { next }: { readonly next?: string } = {}): Promise<void> {
    const json = JSON.stringify({ warning: { message, next } });
    const human = [`warning: ${message}`, ...(next === undefined ? [] : [next])];
    await this.#stderr.lines(this.format === 'json' ? [json] : human);
  }

  /** What went wrong, and what to do next. */
  failure(error: unknown): void {
    if (this.format === 'json') void this.#stderr.line(JSON.stringify({ error: asJson(error) }));
    else this.#failureText(error);
  }

  /** Tells a user at a terminal what the command waits for, when the work takes long. */
  async during<T>(what: string, work: Promise<T>): Promise<T> {
    if (!this.#stderr.isTerminal) return work;
    let isShown = false;
    const timer = setTimeout(() => {
      isShown = true;
      void this.#stderr.notice(`${what} …`);
    }, this.#noticeMs);
    try {
      return await work;
    } finally {
      clearTimeout(timer);
      if (isShown) void this.#stderr.clear();
    }
  }

  #failureText(error: unknown): void {
    const { problems = [], next, requestId } = detailsOf(error);
    // Only our own messages have lines: a deployment's reason could add one that looks like ours.
    const message = messageOf(error);
    const [first = '', ...rest] = error instanceof UsageError ? linesOf(message) : [message];
    void this.#stderr.alert('error:', first);
    void this.#stderr.lines([
      ...rest,
      ...problems.map(problem => `  ${problem}`),
      ...(next === undefined ? [] : [next]),
      ...(requestId === undefined ? [] : [`Request id: ${requestId}`]),
    ]);
  }
}

function asJson(error: unknown): Record<string, unknown> {
  const { code = codeFor(error), status, requestId, problems, next } = detailsOf(error);
  return { message: messageOf(error), code, status, requestId, problems, next };
}

/** Programs find a code in every error: that of the deployment, our own, or what kind of failure it is. */
function codeFor(error: unknown): string {
  return error instanceof UsageError ? 'usage' : 'failed';
}
