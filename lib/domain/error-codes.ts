/** The closed set of ways in which a request can fail, and how each is answered. */
import { type ErrorKind, REGISTRY_ERRORS } from './registry-errors.ts';

const INVALID = { registryCode: 'UNSUPPORTED', oauthError: 'invalid_request' } as const;

/** To who presented the right value. */
const ENDED = { registryCode: 'UNAUTHORIZED', oauthError: 'invalid_grant' } as const;

const REFUSED = { registryCode: 'DENIED', oauthError: 'access_denied' } as const;

/** How each failure of our own API is answered. */
export const API_ERRORS = {
  'invalid-request': {
    status: 400,
    title: 'The request is not valid',
    detail: 'The request is not valid.',
    ...INVALID,
  },
  'unsupported-grant-type': {
    status: 400,
    title: 'The grant type is not supported',
    detail: 'Use grant_type=password or token exchange, or GET with Basic credentials.',
    registryCode: 'UNSUPPORTED',
    oauthError: 'unsupported_grant_type',
  },
  'unknown-service': {
    status: 400,
    title: 'The service is not known',
    detail: 'This deployment does not serve that registry.',
    ...INVALID,
  },
  unauthenticated: {
    status: 401,
    title: 'Authentication failed',
    detail: 'The user name or the secret is not valid.',
    registryCode: 'UNAUTHORIZED',
    oauthError: 'invalid_grant',
  },
  'token-expired': {
    status: 401,
    title: 'The token has expired',
    detail: 'This token has expired; ask an administrator for another.',
    ...ENDED,
  },
  'token-rotated': {
    status: 401,
    title: 'The value was replaced',
    detail: 'A rotation has replaced this value, and it has ended; use the new one.',
    ...ENDED,
  },
  /** The same code as of a disabled token on a management route, with the status of who holds it. */
  'value-disabled': {
    status: 401,
    name: 'token-disabled',
    title: 'The token was disabled',
    detail: 'This token was disabled; an administrator can enable it again.',
    ...ENDED,
  },
  forbidden: {
    status: 403,
    title: 'Not allowed',
    detail: 'The caller does not have the role that this needs.',
    ...REFUSED,
  },
  'not-an-administrator-credential': {
    status: 403,
    title: 'Not the credentials of an administrator',
    detail:
      'Registry tokens and credentials log in to registries; managing an account needs an IAM identity, such as the user name iamapikey with an API key.',
    ...REFUSED,
  },
  'registration-closed': {
    status: 403,
    title: 'Registration is not open',
    detail: 'This account may not register that namespace.',
    ...REFUSED,
  },
  'wider-than-parent': {
    status: 403,
    title: 'Wider than its parent',
    detail: 'A credential allows nothing that its parent does not allow.',
    registryCode: 'DENIED',
    oauthError: 'invalid_scope',
  },
  'not-found': { status: 404, title: 'Not found', detail: 'There is no such resource.', ...INVALID },
  'method-not-allowed': {
    status: 405,
    title: 'Method not allowed',
    detail: 'This path does not have that method.',
    ...INVALID,
  },
  'namespace-taken': {
    status: 409,
    title: 'The namespace is taken',
    detail: 'Another account owns that namespace, or it is reserved to its last owner.',
    ...INVALID,
  },
  'not-retrievable': {
    status: 409,
    title: 'The value cannot be retrieved',
    detail: 'The value of this token was shown once and cannot be shown again.',
    ...INVALID,
  },
  'token-disabled': {
    status: 409,
    title: 'The token is disabled',
    detail: 'Enable the token first.',
    ...INVALID,
  },
  'rotation-in-progress': {
    status: 409,
    title: 'A rotation is in progress',
    detail: 'The grace period of the last rotation is not over; `force: true` ends it.',
    ...INVALID,
  },
  'idempotency-replayed': {
    status: 409,
    title: 'The request was carried out before',
    detail: 'A request with this Idempotency-Key was carried out; its value can no longer be shown.',
    ...INVALID,
  },
  'limit-reached': {
    status: 409,
    title: 'Limit reached',
    detail: 'This account has as many of these as are allowed; remove one first.',
    ...INVALID,
  },
  'no-build-platform': {
    status: 409,
    title: 'No build platform is configured',
    detail: 'A trust is in a build platform, and PULLPASS_ISSUERS of this deployment names none.',
    ...INVALID,
  },
  'payload-too-large': {
    status: 413,
    title: 'The body is too large',
    detail: 'A body holds at most 65536 bytes.',
    ...INVALID,
  },
  'unsupported-media-type': {
    status: 415,
    title: 'The media type is not supported',
    detail: 'The body has the wrong Content-Type.',
    ...INVALID,
  },
  'idempotency-mismatch': {
    status: 422,
    title: 'The Idempotency-Key was used for something else',
    detail: 'A request with this Idempotency-Key had another payload.',
    ...INVALID,
  },
  'rate-limited': {
    status: 429,
    title: 'Too many requests',
    detail: 'Too many failed attempts from this address; try again later.',
    registryCode: 'TOOMANYREQUESTS',
    oauthError: 'temporarily_unavailable',
  },
  'headers-too-large': {
    status: 431,
    title: 'The request headers are too large',
    detail: 'The request line and the headers together hold at most 16000 bytes.',
    ...INVALID,
  },
  internal: {
    status: 500,
    title: 'Something went wrong',
    detail: 'The request could not be carried out. Quote the request id when you report this.',
    registryCode: 'UNKNOWN',
    oauthError: 'server_error',
  },
  unavailable: {
    status: 503,
    title: 'Temporarily unavailable',
    detail: 'A service that this request needs does not answer; try again shortly.',
    registryCode: 'UNAVAILABLE',
    oauthError: 'temporarily_unavailable',
  },
} as const satisfies Record<string, ErrorKind>;

/** How each failure is answered. */
export const ERRORS = { ...API_ERRORS, ...REGISTRY_ERRORS };

export type ErrorCode = keyof typeof ERRORS;

/** The code as callers read it: two failures of one code differ in their status. */
export function nameOfError(code: ErrorCode): string {
  const { name = code }: ErrorKind = ERRORS[code];
  return name;
}
