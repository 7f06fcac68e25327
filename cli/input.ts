/** The one reader of standard input, and of what the user at the terminal answers. */

import type { Secret } from '../lib/domain/secret.ts';
import { SilentExit, UsageError } from './errors.ts';
import { type Printer, safe } from './printer.ts';
import { secretIn, secretInBytes } from './secret-source.ts';
import { Interrupted, type Source, type Terminal } from './terminal.ts';

const MAX_INPUT_BYTES = 64 * 1024;
/** As shells have it for a program that Ctrl-C has ended. */
const INTERRUPTED = 130;

export class Input {
  readonly #stdin: Source;
  readonly #stderr: Printer;
  #terminal: Terminal | undefined;

  constructor({ stdin, stderr }: { readonly stdin: Source; readonly stderr: Printer }) {
    this.#stdin = stdin;
    this.#stderr = stderr;
  }

  /** Whether there is a user who sees questions and can answer them. */
  get isTerminal(): boolean {
    return this.#stdin.isTTY === true && this.#stderr.isTerminal;
  }

  /** All of standard input as text. Throws UsageError when it is too long. */
  async text(): Promise<string> {
    return (await this.#bytes()).toString('utf8');
  }

  /** What messages call the place where `secret` has it from. */
  get source(): string {
    return this.#stdin.isTTY === true ? 'What you typed' : 'Standard input';
  }

  /** The secret on standard input; at a terminal, what is typed is not shown. Throws CliError that says what is wrong. */
  async secret(what: string): Promise<Secret> {
    const { source } = this;
    if (this.#stdin.isTTY !== true) return secretInBytes(await this.#bytes(), { source, what });
    const text = await this.#ask(`${what} (it is not shown): `, true);
    return secretIn(text ?? '', { source, what });
  }

  /** The answer of the user at the terminal without blanks around it. Throws UsageError when there is none. */
  async ask(question: string): Promise<string> {
    const answer = await this.#ask(question, false);
    if (answer === undefined) throw new UsageError('The input ended before the question was answered.');
    return answer.trim();
  }

  /** Throws UsageError when there is no terminal to ask a question on. */
  requireTerminal(): void {
    if (!this.isTerminal) throw new UsageError('No terminal to ask on; use --force.');
  }

  /** Asks the user at the terminal a yes-or-no question. Throws UsageError when there is no terminal. */
  async confirm(question: string): Promise<boolean> {
    this.requireTerminal();
    const answer = await this.#ask(`${question} [y/N] `, false);
    this.close();
    return /^y(?:es)?$/i.test(answer?.trim() ?? '');
  }

  /** Gives the terminal back: before the command does anything else, so that Ctrl-C ends it. */
  close(): void {
    this.#terminal?.close();
    this.#terminal = undefined;
  }

  async #ask(text: string, isHidden: boolean): Promise<string | undefined> {
    this.#terminal ??= this.#stderr.terminal(this.#stdin);
    try {
      return await this.#terminal.ask({ text: safe(text), isHidden });
    } catch (error) {
      this.close();
      throw error instanceof Interrupted ? new SilentExit(INTERRUPTED) : error;
    }
  }

  async #bytes(): Promise<Buffer> {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of this.#stdin as AsyncIterable<Buffer | string>) {
      const bytes = Buffer.from(chunk);
      size += bytes.length;
      if (size > MAX_INPUT_BYTES) throw new UsageError('Standard input is longer than 64 KiB.');
      chunks.push(bytes);
    }
    return Buffer.concat(chunks);
  }
}

/** People who call a program by hand send a line end, which is not part of what they mean. */
export function withoutLineEnd(text: string): string {
  return text.replace(/\r?\n$/, '');
}
