/** The one reader of secrets and answers: from standard input, a file, or the user at the terminal. */
import { readFile } from 'node:fs/promises';
import { Secret } from '../lib/domain/secret.ts';
import { CliError, messageOf, UsageError } from './errors.ts';
import type { Printer, Source } from './printer.ts';

const MAX_INPUT_BYTES = 64 * 1024;
/** Larger than any token that fits into a request. */
const MAX_SECRET_BYTES = 16 * 1024;

export class Input {
  readonly #stdin: Source;
  readonly #stderr: Printer;

  constructor({ stdin, stderr }: { readonly stdin: Source; readonly stderr: Printer }) {
    this.#stdin = stdin;
    this.#stderr = stderr;
  }

  /** All of standard input as text. Throws UsageError when it is too long. */
  async text(): Promise<string> {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of this.#stdin as AsyncIterable<Buffer | string>) {
      const bytes = Buffer.from(chunk);
      size += bytes.length;
      if (size > MAX_INPUT_BYTES) throw new UsageError('Standard input is longer than 64 KiB.');
      chunks.push(bytes);
    }
    return Buffer.concat(chunks).toString('utf8');
  }

  /** The secret on standard input, with or without a line end. Throws UsageError for anything else. */
  async secret(): Promise<Secret> {
    const text = withoutLineEnd(await this.text());
    if (/^[\x21-\x7e]+$/.test(text)) return new Secret(text);
    throw new UsageError('Standard input must hold the secret and nothing else.');
  }

  /** Throws UsageError when there is no terminal to ask a question on. */
  requireTerminal(): void {
    if (this.#stdin.isTTY !== true) throw new UsageError('No terminal to ask on; use --force.');
  }

  /** Asks the user at the terminal a yes-or-no question. Throws UsageError when there is no terminal. */
  async confirm(question: string): Promise<boolean> {
    this.requireTerminal();
    const answer = await this.#stderr.ask(`${question} [y/N] `, this.#stdin);
    return /^y(?:es)?$/i.test(answer.trim());
  }
}

/** The secret in a file, which `what` names in errors ("OIDC token"). Throws CliError when there is none to read. */
export async function secretFile(path: string, what: string): Promise<Secret> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new CliError(`The file with the ${what} cannot be read: ${messageOf(error)}`, { cause: error });
  });
  const token = text.trim();
  if (token === '' || text.length > MAX_SECRET_BYTES) throw new CliError(`${path} holds no ${what}.`);
  return new Secret(token);
}

/** People who call a program by hand send a line end, which is not part of what they mean. */
export function withoutLineEnd(text: string): string {
  return text.replace(/\r?\n$/, '');
}
