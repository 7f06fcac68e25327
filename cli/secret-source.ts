/**
 * The one reading of secrets, wherever they come from: line ends, a byte order mark and blanks around a secret are not part
 * of it, and everything else must be. The value is in no message.
 */
import { createReadStream } from 'node:fs';
import { Secret } from '../lib/domain/secret.ts';
import { CliError, systemReason } from './errors.ts';

/** Larger than any token that fits into a request. */
const MAX_BYTES = 16 * 1024;

export interface SecretSource {
  /** As the beginning of a sentence: "Standard input", "PULLPASS_APIKEY", a path. */
  readonly source: string;
  /** What should be there: "API key". */
  readonly what: string;
}

/** The secret in a text. Throws CliError that names the source when there is none, or something else too. */
export function secretIn(text: string, { source, what }: SecretSource): Secret {
  if (text.length > MAX_BYTES) throw unusable(`${source} is longer than any ${what}.`);
  const value = text.trim();
  if (value === '') throw unusable(`${source} holds no ${what}.`);
  const index = value.search(/[^\x21-\x7e]/);
  if (index === -1) return new Secret(value);
  throw unusable(
    `${source} must hold the ${what} and nothing else: there is ${kindOf(value[index] ?? '')} behind its first ${index} characters.`,
  );
}

/** As `secretIn`, for bytes. Throws also when they are no UTF-8. */
export function secretInBytes(bytes: Uint8Array, from: SecretSource): Secret {
  if (isUtf16(bytes)) throw unusable(`${from.source} is UTF-16 text; save it as UTF-8.`);
  try {
    return secretIn(new TextDecoder('utf-8', { fatal: true }).decode(bytes), from);
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw unusable(`${from.source} is not UTF-8 text, so it holds no ${from.what}.`);
  }
}

/** As `secretInBytes`, for a file or pipe. Throws also when it cannot be read. */
export async function secretInFile(path: string, what: string): Promise<Secret> {
  const chunks: Buffer[] = [];
  try {
    // A device or a pipe may have no end.
    for await (const chunk of createReadStream(path, { end: MAX_BYTES })) chunks.push(chunk as Buffer);
  } catch (error) {
    throw new CliError(`${path} cannot be read for the ${what}: ${systemReason(error)}.`, { cause: error });
  }
  return secretInBytes(Buffer.concat(chunks), { source: path, what });
}

function kindOf(character: string): string {
  if (/[\r\n]/.test(character)) return 'a line end';
  if (/\s/.test(character)) return 'a blank';
  return character < ' ' || character === '\x7f' ? 'a control character' : 'a character that is not ASCII';
}

/** PowerShell writes it into files. */
function isUtf16([first, second]: Uint8Array): boolean {
  return (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
}

function unusable(message: string): CliError {
  return new CliError(message, { code: 'invalid-secret' });
}
