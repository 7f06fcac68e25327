/** Checks a parsed JSON body against its schema. */
import type * as v from 'valibot';
import { safeParse } from 'valibot';
import { type Problem, PullpassError } from '../domain/errors.ts';
import { sentenceOf } from '../schema/sentence.ts';

const PLAIN_NAME = /^[A-Za-z]{1,32}$/;

/** The body as the schema types it. Throws `invalid-request` with every problem and its path. */
export function checkBody<S extends v.GenericSchema>(schema: S, json: unknown): v.InferOutput<S> {
  // The library takes a list for an object without members.
  if (Array.isArray(json)) throw invalid([{ path: '', message: 'must be an object' }]);
  const result = safeParse(schema, json === undefined ? {} : json);
  if (result.success) return result.output;
  throw invalid(result.issues.map(issue => ({ path: pathOf(issue), message: sentenceOf(issue) })));
}

function invalid(problems: readonly Problem[]): PullpassError {
  return new PullpassError('invalid-request', { detail: 'The body is not valid; see errors.', problems });
}

function pathOf({ path }: v.BaseIssue<unknown>): string {
  const steps = (path ?? []).map(({ key }) => (typeof key === 'number' ? `[${key}]` : `.${nameOf(key)}`));
  return steps.join('').replace(/^\./, '');
}

/** A field's name that the schema does not know is the caller's text: it is repeated only where it cannot be a secret. */
function nameOf(key: unknown): string {
  return PLAIN_NAME.test(String(key)) ? String(key) : '?';
}
