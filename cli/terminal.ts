/** What the user says: a secret on the standard input, or an answer to a question. */
import { createInterface } from 'node:readline/promises';
import type { Readable } from 'node:stream';
import { Secret } from '../lib/domain/secret.ts';
import { UsageError } from './failure.ts';
import type { Sink } from './output.ts';

export type Source = Readable & { readonly isTTY?: boolean };

const MAX_BYTES = 64 * 1024;

export class Terminal {
  readonly #stdin: Source;
  readonly #stderr: Sink;

  constructor(stdin: Source, stderr: Sink) {
    this.#stdin = stdin;
    this.#stderr = stderr;
  }

  /** Whether somebody sits there who can be asked. */
  get isInteractive(): boolean {
    return this.#stdin.isTTY === true;
  }

  /** Everything on the standard input, as text. Throws UsageError when it goes on for too long. */
  async text(): Promise<string> {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of this.#stdin as AsyncIterable<Buffer | string>) {
      const bytes = Buffer.from(chunk);
      size += bytes.length;
      if (size > MAX_BYTES) throw new UsageError('The standard input is too long.');
      chunks.push(bytes);
    }
    return Buffer.concat(chunks).toString('utf8');
  }

  /** The secret on the standard input, which may end its line. Throws UsageError for nothing, or for more. */
  async secret(): Promise<Secret> {
    const text = (await this.text()).replace(/\r?\n$/, '');
    if (/^[\x21-\x7e]+$/.test(text)) return new Secret(text);
    throw new UsageError('The standard input must hold the secret and nothing else.');
  }

  /** Whether the user says yes. */
  async confirms(question: string): Promise<boolean> {
    const asker = createInterface({ input: this.#stdin, output: this.#stderr });
    try {
      return /^y(?:es)?$/i.test((await asker.question(`${question} [y/N] `)).trim());
    } finally {
      asker.close();
    }
  }
}
