/** How a request to a route can fail: the answers by status, and the components that they refer to. */
import * as v from 'valibot';
import { ID, TIME } from '../../lib/api/fields.ts';
import { API_ERRORS, ERRORS, type ErrorCode, nameOfError } from '../../lib/domain/error-codes.ts';
import { PROBLEM, REGISTRY_ERROR, REQUEST_PROBLEM } from '../../lib/http/error-bodies.ts';
import type { ErrorFormat, Route } from '../../lib/http/request.ts';
import { type Component, component } from './component.ts';
import { CHALLENGE, type HeaderName, headers, NO_STORE } from './operation.ts';
import { refTo } from './schema.ts';
import { A_REQUEST_ID, A_TIME, AN_ID } from './words.ts';

export interface Failures {
  /** References to the responses, by status. */
  readonly answers: Readonly<Record<string, object>>;
  /** By the name of the component. */
  readonly responses: Readonly<Record<string, object>>;
  readonly schemas: Readonly<Record<string, Component>>;
}

export const ERROR_CODES = Object.keys(API_ERRORS) as ErrorCode[];

/** What the chain can refuse on this route, and what its own operation can. */
export function failuresOf(route: Route, own: readonly ErrorCode[]): Failures {
  const format: DocumentedFormat = route.errors === 'problem' ? 'problem' : 'registry';
  const codes = codesOf(route, own);
  const responses = [...Map.groupBy(codes, code => ERRORS[code].status)].map(([status, those]) => ({
    status,
    name: those.map(code => nameOf(code, format)).join('Or'),
    response: responseOf(those, format),
  }));
  return {
    answers: Object.fromEntries(
      responses.map(({ status, name }) => [status, { $ref: `#/components/responses/${name}` }]),
    ),
    responses: Object.fromEntries(responses.map(({ name, response }) => [name, response])),
    schemas: Object.fromEntries(
      codes.map(code => [nameOf(sameBodyAs(code, format), format), BODY[format](sameBodyAs(code, format))]),
    ),
  };
}

const EVERYWHERE = ['invalid-request', 'payload-too-large', 'headers-too-large', 'internal'] as const;
const AUTHENTICATED = ['unauthenticated', 'rate-limited', 'unavailable'] as const;
const FOR_ADMINISTRATORS = ['forbidden', 'not-an-administrator-credential'] as const;
const FOR_IDENTITIES: ReadonlySet<Route['authentication']> = new Set([
  'administrator',
  'strong-administrator',
  'identity',
]);

/** In the order of the table of errors. */
function codesOf({ authentication, body }: Route, own: readonly ErrorCode[]): ErrorCode[] {
  const found = new Set<ErrorCode>([
    ...EVERYWHERE,
    ...(body === 'none' ? [] : ['unsupported-media-type' as const]),
    ...(authentication === 'public' ? [] : AUTHENTICATED),
    ...(FOR_IDENTITIES.has(authentication) ? FOR_ADMINISTRATORS : []),
    ...own,
  ]);
  return ERROR_CODES.filter(code => found.has(code));
}

/** The routes of the registry proxy are the distribution API, and not in the document. */
type DocumentedFormat = Exclude<ErrorFormat, 'distribution'>;

const SUFFIX: Record<DocumentedFormat, string> = { problem: 'Problem', registry: 'RegistryError' };

/** `InvalidRequestProblem`. */
function nameOf(code: ErrorCode, format: DocumentedFormat): string {
  const words = code.split('-').map(word => word.charAt(0).toUpperCase() + word.slice(1));
  return words.join('') + SUFFIX[format];
}

/** The first code with the same body: registry clients tell fewer errors apart. */
function sameBodyAs(code: ErrorCode, format: DocumentedFormat): ErrorCode {
  const { registryCode, oauthError } = ERRORS[code];
  const isSame = (other: ErrorCode) =>
    ERRORS[other].registryCode === registryCode && ERRORS[other].oauthError === oauthError;
  return format === 'problem' ? code : (ERROR_CODES.find(isSame) ?? code);
}

const MEDIA_TYPE: Record<DocumentedFormat, string> = {
  problem: 'application/problem+json',
  registry: 'application/json',
};

/** The answer with one status, for any of these codes. */
function responseOf(codes: readonly ErrorCode[], format: DocumentedFormat): object {
  const bodies = [...new Set(codes.map(code => sameBodyAs(code, format)))];
  const [only, ...others] = bodies.map(code => refTo(nameOf(code, format)));
  const schema = others.length === 0 ? only : { oneOf: [only, ...others] };
  return {
    description: codes.map(code => `\`${nameOfError(code)}\`: ${ERRORS[code].title}.`).join(' '),
    headers: headers([...NO_STORE, ...codes.flatMap(headersOf)]),
    content: { [MEDIA_TYPE[format]]: { schema } },
  };
}

function headersOf(code: ErrorCode): HeaderName[] {
  if (ERRORS[code].status === 401) return [CHALLENGE];
  return code === 'rate-limited' || code === 'unavailable' ? ['Retry-After'] : [];
}

const BODY: Record<DocumentedFormat, (code: ErrorCode) => Component> = {
  problem: problemOf,
  registry: registryErrorOf,
};

/** The members that only one code has. */
const OWN_MEMBERS: Partial<Record<ErrorCode, 'at' | 'errors' | 'id'>> = {
  'invalid-request': 'errors',
  'idempotency-replayed': 'id',
  'token-expired': 'at',
  'token-rotated': 'at',
  'value-disabled': 'at',
};

function problemOf(code: ErrorCode): Component {
  const { status, title, detail } = ERRORS[code];
  const { errors, id: _, at: __, ...common } = PROBLEM.entries;
  const own = { errors: { errors }, id: { id: ID }, at: { at: v.optional(TIME) } };
  const name = nameOfError(code);
  const fixed = { type: `urn:pullpass:error:${name}`, title, status, code: name };
  const entries: v.ObjectEntries = {
    ...common,
    ...Object.fromEntries(Object.entries(fixed).map(([name, value]) => [name, v.literal(value)])),
    ...(OWN_MEMBERS[code] === undefined ? {} : own[OWN_MEMBERS[code]]),
  };
  return component<v.GenericSchema<Record<string, unknown>>>({
    schema: v.object(entries),
    members: {
      detail: 'What the caller can do about it.',
      requestId: 'Identifies the request in the log.',
      errors: 'Everything that is wrong in the body or the query.',
      id: 'The token that the first request added or rotated.',
      at: 'When it ended. Absent where that was not recorded.',
    },
    example: {
      ...fixed,
      detail,
      requestId: A_REQUEST_ID,
      ...(code === 'invalid-request' ? { errors: [INVALID_REPOSITORY] } : {}),
      ...(code === 'idempotency-replayed' ? { id: AN_ID } : {}),
      ...(OWN_MEMBERS[code] === 'at' ? { at: A_TIME } : {}),
    },
  });
}

/** What the bodies of failures refer to. */
export const FAILURE_PARTS = {
  RequestProblem: component({
    schema: REQUEST_PROBLEM,
    members: { path: 'A JSON path; empty: the whole body.', message: 'What is wrong.' },
  }),
};

const INVALID_REPOSITORY = {
  path: 'repositories[0]',
  message: "'team-a/app:v1' holds a tag; use 'team-a/app'",
};

function registryErrorOf(code: ErrorCode): Component {
  const { registryCode, oauthError, detail } = ERRORS[code];
  const error = v.object({ code: v.literal(registryCode), message: v.string() });
  return component({
    schema: v.object({
      ...REGISTRY_ERROR.entries,
      errors: v.pipe(v.array(error), v.length(1)),
      error: v.literal(oauthError),
    }),
    members: {
      errors: ['One error, for registry clients.', { message: 'What the caller can do about it.' }],
      details: 'The same message, for docker.',
      error: 'RFC 6749 section 5.2.',
      error_description: 'The same message, for OAuth libraries.',
    },
    example: {
      errors: [{ code: registryCode, message: detail }],
      details: detail,
      error: oauthError,
      error_description: detail,
    },
  });
}
