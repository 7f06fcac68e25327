/** Bytes to text, without the silent U+FFFD of `Buffer.toString`. */
import { PullpassError } from '../domain/errors.ts';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Decodes UTF-8; anything else is an `invalid-request`. */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new PullpassError('invalid-request', { detail: 'The text is not valid UTF-8.', cause });
  }
}
