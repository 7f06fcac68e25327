/** What can fail at the registry proxy alone (OCI distribution specification, "Error Codes"). */

/** How a failure is answered. */
export interface ErrorKind {
  readonly status: number;
  /** The code that callers read; absent: that of the table. */
  readonly name?: string;
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
    | 'BLOB_UNKNOWN'
    | 'DIGEST_INVALID'
    | 'MANIFEST_UNKNOWN'
    | 'NAME_UNKNOWN'
    | 'UNKNOWN';
  /** The OAuth code of the same failure (RFC 6749 section 5.2). */
  readonly oauthError: string;
}

export const REGISTRY_ERRORS = {
  'login-needed': {
    status: 401,
    title: 'A login is needed',
    detail: 'Log in first.',
    registryCode: 'UNAUTHORIZED',
    oauthError: 'invalid_token',
  },
  'insufficient-scope': {
    status: 401,
    title: 'The login does not allow this',
    detail: 'This login may not pull from there.',
    registryCode: 'DENIED',
    oauthError: 'insufficient_scope',
  },
  'name-unknown': {
    status: 404,
    title: 'The repository is not known',
    detail: 'There is no such repository.',
    registryCode: 'NAME_UNKNOWN',
    oauthError: 'invalid_request',
  },
  'manifest-unknown': {
    status: 404,
    title: 'The manifest is not known',
    detail: 'There is no such tag or manifest.',
    registryCode: 'MANIFEST_UNKNOWN',
    oauthError: 'invalid_request',
  },
  'blob-unknown': {
    status: 404,
    title: 'The blob is not known',
    detail: 'There is no such blob.',
    registryCode: 'BLOB_UNKNOWN',
    oauthError: 'invalid_request',
  },
  'digest-invalid': {
    status: 400,
    title: 'The digest is not valid',
    detail: 'The digest is not valid.',
    registryCode: 'DIGEST_INVALID',
    oauthError: 'invalid_request',
  },
  'range-not-satisfiable': {
    status: 416,
    title: 'The range is not in the blob',
    detail: 'The range is not in the blob.',
    registryCode: 'UNSUPPORTED',
    oauthError: 'invalid_request',
  },
  'pull-only': {
    status: 405,
    title: 'For pulling only',
    detail: 'This registry is for pulling.',
    registryCode: 'UNSUPPORTED',
    oauthError: 'invalid_request',
  },
  'blob-too-large': {
    status: 501,
    title: 'The blob is too large',
    detail:
      'The registry behind this one sends blobs itself, and this one is too large to be passed on. Its operator can let it redirect to its storage.',
    registryCode: 'UNSUPPORTED',
    oauthError: 'server_error',
  },
  'upstream-refused': {
    status: 503,
    title: 'The registry behind this one refused',
    detail:
      'The registry behind this one refuses the login that is configured for it; its operator must see to it.',
    registryCode: 'UNAVAILABLE',
    oauthError: 'temporarily_unavailable',
  },
} as const satisfies Record<string, ErrorKind>;

/** What clients read when the registry behind the proxy does not answer, or not in its own way. */
export const NO_UPSTREAM = 'The registry behind this one does not answer; try again shortly.';
