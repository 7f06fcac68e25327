/** Whether a message may repeat a value: it may be a secret in the wrong place. */
import { Secret, secretFormatOf } from './secret.ts';

/** Printable, of the length of a name, and without the marks of a secret, a query or a password in a URL. */
export function isQuotable(text: string): boolean {
  const hasSecretFormat = secretFormatOf(new Secret(text.replace(/^https?:/, ''))) !== undefined;
  return !hasSecretFormat && /^[\x21-\x7e]{1,255}$/.test(text) && !MARKS.some(mark => mark.test(text));
}

const MARKS = [
  // A long word, by itself or as a prefix.
  /^[^/:.@]{24,}(?:\/\*)?$/,
  // A long word of all kinds of characters, as keys are written in base64 or base62.
  /(?=[\w-]*[A-Z])(?=[\w-]*[a-z])(?=[\w-]*\d)[\w-]{20}/,
  /[?#]|:\/\/[^/]*@/,
];
