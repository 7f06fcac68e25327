/** Holds a parsed JSON body against its schema. */
import * as v from 'valibot';
import { type Problem, PullpassError } from '../domain/errors.ts';

const NO_OBJECT = 'must be an object';
const PLAIN_NAME = /^[A-Za-z]{1,32}$/;

/** The body as the schema types it. Throws `invalid-request` with every problem, each at its path. */
export function checkBody<S extends v.GenericSchema>(schema: S, json: unknown): v.InferOutput<S> {
  // To the library a list is an object without members.
  if (Array.isArray(json)) throw invalid([{ path: '', message: NO_OBJECT }]);
  const result = v.safeParse(schema, json === undefined ? {} : json);
  if (result.success) return result.output;
  throw invalid(result.issues.map(toProblem));
}

function invalid(problems: readonly Problem[]): PullpassError {
  return new PullpassError('invalid-request', { detail: 'The body is not valid; see errors.', problems });
}

function toProblem(issue: v.BaseIssue<unknown>): Problem {
  const path = (issue.path ?? []).map(({ key }) =>
    typeof key === 'number' ? `[${key}]` : `.${nameOf(key)}`,
  );
  return { path: path.join('').replace(/^\./, ''), message: messageOf(issue) };
}

/** A name that is not the schema's own is the caller's text: it is repeated only where it cannot be a secret. */
function nameOf(key: unknown): string {
  return PLAIN_NAME.test(String(key)) ? String(key) : '?';
}

/** The library's own messages quote what was received: that could be a secret in the wrong place. */
function messageOf(issue: v.BaseIssue<unknown>): string {
  if (issue.kind !== 'schema' || !issue.message.startsWith('Invalid ')) return issue.message;
  if (issue.type === 'strict_object') {
    return issue.expected === 'never' ? 'is not a member that is known here' : NO_OBJECT;
  }
  return `must be ${issue.expected ?? 'something else'}`;
}
