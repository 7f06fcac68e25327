/** The closed set of ways in which a request can fail, and the one error that carries them. */
import type { Denial } from './metrics.ts';

interface ErrorKind {
  readonly status: number;
  readonly title: string;
  /** What the caller reads unless the error has a `detail` of its own. */
  readonly detail: string;
  /** The code of the registry envelope (distribution `registry/api/errcode/register.go`). */
  readonly registryCode:
    | 'UNAUTHORIZED'
    | 'DENIED'
    | 'UNSUPPORTED'
    | 'TOOMANYREQUESTS'
    | 'UNAVAILABLE'
    | 'UNKNOWN';
  /** The OAuth code of the same failure (RFC 6749 section 5.2). */
  readonly oauthError: string;
}

const INVALID = { registryCode: 'UNSUPPORTED', oauthError: 'invalid_request' } as const;

const REFUSED = { registryCode: 'DENIED', oauthError: 'access_denied' } as const;

/** How each failure is answered. */
export const ERRORS = {
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

export type ErrorCode = keyof typeof ERRORS;

/** One thing wrong in a request: where (a JSON path such as `repositories[0]`), and what. */
export interface Problem {
  readonly path: string;
  readonly message: string;
}

export interface ErrorDetails {
  /** For the caller. Never holds a secret, an upstream's text, or which check refused a credential. */
  readonly detail?: string;
  /** For the log only. */
  readonly reason?: string;
  /** For the metrics. */
  readonly denial?: Denial;
  readonly problems?: readonly Problem[];
  readonly retryAfterSeconds?: number;
  /** Of `method-not-allowed`: the methods that are offered. */
  readonly allow?: readonly string[];
  /** Of `idempotency-replayed`: the token that the first request was about. */
  readonly id?: string;
  readonly cause?: unknown;
}

/** Every failure that a caller may see; anything else that is thrown is `internal`. */
export class PullpassError extends Error {
  override readonly name = 'PullpassError';
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, details: ErrorDetails = {}) {
    super(details.reason ?? details.detail ?? ERRORS[code].detail, { cause: details.cause });
    this.code = code;
    this.details = details;
  }
}

/**
 * A caller who could not be authenticated; `reason` is for the log, `denial` for the metrics. All whose secret was looked
 * at read the same answer: a `detail` may only say how the request is written, which its sender knows.
 */
export function unauthenticated(
  reason: string,
  denial: Denial = 'not-proven',
  detail?: string,
): PullpassError {
  return new PullpassError('unauthenticated', {
    reason,
    denial,
    ...(detail === undefined ? {} : { detail }),
  });
}

/** A caller who sent no credentials where some are needed. */
export function noCredentials(): PullpassError {
  const detail =
    'No credentials came with this request; send them in the header Authorization, by Basic or Bearer.';
  return unauthenticated('no credentials', 'no-secret', detail);
}

/** Something that was needed did not answer, so that the request is refused; `reason` and `cause` are for the log. */
export function unavailable(
  reason: string,
  options: { readonly retryAfterSeconds?: number; readonly cause?: unknown } = {},
): PullpassError {
  return new PullpassError('unavailable', { reason, ...options });
}

/** What anything thrown says. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** A proven secret that is used for more than its share. */
export function tooOften(retryAfterSeconds: number): PullpassError {
  const detail = 'This secret is used too often; try again later.';
  return new PullpassError('rate-limited', { detail, denial: 'too-often', retryAfterSeconds });
}

/** Why this error denied the caller; undefined for an error that is not a denial. */
export function denialOf({ code, details }: Pick<PullpassError, 'code' | 'details'>): Denial | undefined {
  switch (code) {
    case 'unauthenticated':
    case 'rate-limited':
      return details.denial ?? 'not-proven';
    case 'forbidden':
      return 'no-role';
    case 'not-an-administrator-credential':
      return 'misplaced';
    case 'registration-closed':
    case 'wider-than-parent':
      return code;
    default:
      return undefined;
  }
}
