/** The JSON of a request. */
import { PullpassError } from '../domain/errors.ts';
import { parseStrictJson } from '../domain/strict-json.ts';

/** Reads a body strictly; what is wrong with it is an `invalid-request`. */
export function parseJson(text: string): unknown {
  try {
    return parseStrictJson(text);
  } catch (cause) {
    const detail = cause instanceof SyntaxError ? cause.message : 'The body is not valid.';
    throw new PullpassError('invalid-request', { detail, cause });
  }
}
