/** The strict reader of `application/x-www-form-urlencoded` text, for queries and bodies alike. */
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

/** Values by name, in their order. */
export type Form = ReadonlyMap<string, readonly string[]>;

const ESCAPE = /%(?![0-9A-Fa-f]{2})/;

/**
 * Reads a form (WHATWG URL section 5.1), but strictly: a broken escape or bytes that are not UTF-8 are an
 * `invalid-request`, where the usual parsers pass `%zz` through and turn `%ff` into U+FFFD.
 */
export function parseForm(text: string): Form {
  const form = new Map<string, string[]>();
  for (const pair of text.split('&')) {
    if (pair === '') continue;
    const split = pair.indexOf('=');
    const name = decode(split < 0 ? pair : pair.slice(0, split));
    const values = form.get(name) ?? [];
    values.push(split < 0 ? '' : decode(pair.slice(split + 1)));
    form.set(name, values);
  }
  return form;
}

/** The one value of a parameter; undefined when absent. Given twice it is an `invalid-request`: which one counts? */
export function single(form: Form, name: string): string | undefined {
  const values = form.get(name) ?? [];
  if (values.length > 1) {
    throw new PullpassError('invalid-request', { detail: `The parameter ${name} is given more than once.` });
  }
  return values[0];
}

function decode(text: string): string {
  const spaced = text.replaceAll('+', ' ');
  if (!spaced.includes('%')) return spaced;
  if (ESCAPE.test(spaced)) {
    throw new PullpassError('invalid-request', { detail: 'A percent escape is malformed.' });
  }
  const bytes = spaced.replaceAll(/[^%]+|%../g, part =>
    part.startsWith('%') ? part.slice(1).toLowerCase() : Buffer.from(part, 'utf8').toString('hex'),
  );
  return decodeUtf8(Buffer.from(bytes, 'hex'));
}
