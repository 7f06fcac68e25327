/** How a request to a route can fail: the answers by status, and the components that they refer to. */
import type * as v from 'valibot';
import { ERRORS, type ErrorCode } from '../../lib/domain/errors.ts';
import type { ErrorFormat, Route } from '../../lib/http/request.ts';
import { ERROR_CODES, failureSchema, lookOf, nameOf } from './failure-schemas.ts';
import { CHALLENGE, type HeaderName, headers, NOT_KEPT } from './headers.ts';
import { refTo } from './schema.ts';

export interface Failures {
  /** References to the responses, by status. */
  readonly answers: Readonly<Record<string, object>>;
  /** By the name of the component. */
  readonly responses: Readonly<Record<string, object>>;
  readonly schemas: Readonly<Record<string, v.GenericSchema>>;
}

/** What the chain can refuse on this route, and the failures of its own operation. */
export function failuresOf(route: Route, own: readonly ErrorCode[]): Failures {
  const { errors: face } = route;
  const codes = codesOf(route, own);
  const responses = [...Map.groupBy(codes, code => ERRORS[code].status)].map(([status, those]) => ({
    status,
    name: those.map(code => nameOf(code, face)).join('Or'),
    response: responseOf(those, face),
  }));
  return {
    answers: Object.fromEntries(
      responses.map(({ status, name }) => [status, { $ref: `#/components/responses/${name}` }]),
    ),
    responses: Object.fromEntries(responses.map(({ name, response }) => [name, response])),
    schemas: Object.fromEntries(
      codes.map(code => [nameOf(lookOf(code, face), face), failureSchema(lookOf(code, face), face)]),
    ),
  };
}

const EVERYWHERE = ['invalid-request', 'payload-too-large', 'headers-too-large', 'internal'] as const;
const PROVEN = ['unauthenticated', 'rate-limited', 'unavailable'] as const;
const MANAGING: ReadonlySet<Route['authentication']> = new Set([
  'administrator',
  'strong-administrator',
  'identity',
]);

/** In the order of the table. */
function codesOf({ authentication, body }: Route, own: readonly ErrorCode[]): ErrorCode[] {
  const found = new Set<ErrorCode>([
    ...EVERYWHERE,
    ...(body === 'none' ? [] : ['unsupported-media-type' as const]),
    ...(authentication === 'public' ? [] : PROVEN),
    ...(MANAGING.has(authentication) ? ['forbidden' as const] : []),
    ...own,
  ]);
  return ERROR_CODES.filter(code => found.has(code));
}

const MEDIA_TYPE: Record<ErrorFormat, string> = {
  problem: 'application/problem+json',
  registry: 'application/json',
};

/** The answer with one status, whatever of these is the reason. */
function responseOf(codes: readonly ErrorCode[], face: ErrorFormat): object {
  const looks = [...new Set(codes.map(code => lookOf(code, face)))];
  const [only, ...others] = looks.map(look => refTo(nameOf(look, face)));
  const schema = others.length === 0 ? only : { oneOf: [only, ...others] };
  return {
    description: codes.map(code => `\`${code}\`: ${ERRORS[code].title}.`).join(' '),
    headers: headers([...NOT_KEPT, ...codes.flatMap(headersOf)]),
    content: { [MEDIA_TYPE[face]]: { schema } },
  };
}

function headersOf(code: ErrorCode): HeaderName[] {
  if (code === 'unauthenticated') return [CHALLENGE];
  return code === 'rate-limited' || code === 'unavailable' ? ['Retry-After'] : [];
}
