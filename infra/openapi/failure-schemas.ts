/** The two faces of each failure. */
import * as v from 'valibot';
import { ERRORS, type ErrorCode } from '../../lib/domain/errors.ts';
import type { ErrorFormat } from '../../lib/http/request.ts';
import { id, member, text } from './members.ts';

export const ERROR_CODES = Object.keys(ERRORS) as ErrorCode[];

const SUFFIX: Record<ErrorFormat, string> = { problem: 'Problem', registry: 'RegistryError' };

/** `InvalidRequestProblem`. */
export function nameOf(code: ErrorCode, face: ErrorFormat): string {
  const words = code.split('-').map(word => word.charAt(0).toUpperCase() + word.slice(1));
  return words.join('') + SUFFIX[face];
}

/** The first failure that looks the same: registry clients are told fewer things apart. */
export function lookOf(code: ErrorCode, face: ErrorFormat): ErrorCode {
  const { registryCode, oauthError } = ERRORS[code];
  const looksTheSame = (other: ErrorCode) =>
    ERRORS[other].registryCode === registryCode && ERRORS[other].oauthError === oauthError;
  return face === 'problem' ? code : (ERROR_CODES.find(looksTheSame) ?? code);
}

export function failureSchema(code: ErrorCode, face: ErrorFormat): v.GenericSchema {
  return face === 'problem' ? problemOf(code) : registryErrorOf(code);
}

const REQUEST_ID = text('By which the log says why.', 'b6b8a3f4-5d1c-4f0e-9a55-6f1d7b1d9e57');
const RequestProblem = v.strictObject({
  path: text('Where, as a JSON path; empty: the whole body.', 'repositories[0]'),
  message: text('What.', 'must be a repository name, or a prefix followed by /*'),
});

/** What failures refer to. */
export const FAILURE_PARTS = { RequestProblem } satisfies Record<string, v.GenericSchema>;

/** RFC 9457. */
function problemOf(code: ErrorCode): v.GenericSchema {
  const { status, title } = ERRORS[code];
  const members: Record<string, v.GenericSchema> = {
    type: v.literal(`urn:pullpass:error:${code}`),
    title: v.literal(title),
    status: v.literal(status),
    detail: detailOf(code),
    code: v.literal(code),
    requestId: REQUEST_ID,
    ...MORE[code],
  };
  return v.strictObject(members);
}

const MORE: Partial<Record<ErrorCode, Record<string, v.GenericSchema>>> = {
  'invalid-request': {
    errors: v.optional(
      member(v.array(RequestProblem), 'Everything that is wrong in the body or the query.'),
    ) as v.GenericSchema,
  },
  'idempotency-replayed': { id: id('The token that the first request was about.') },
};

/** What docker, containerd, crane and OAuth libraries read, in one body. */
function registryErrorOf(code: ErrorCode): v.GenericSchema {
  const { registryCode, oauthError } = ERRORS[code];
  const error = v.strictObject({ code: v.literal(registryCode), message: detailOf(code) });
  return v.strictObject({
    errors: v.pipe(v.array(error), v.length(1)),
    details: member(v.string(), 'The same message, for docker.'),
    error: member(v.literal(oauthError), 'RFC 6749 section 5.2.'),
    error_description: member(v.string(), 'The same message, for OAuth libraries.'),
  });
}

function detailOf(code: ErrorCode): v.GenericSchema {
  return text('What the caller can do about it.', ERRORS[code].detail);
}
