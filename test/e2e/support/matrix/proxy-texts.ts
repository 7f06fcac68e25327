/** What users of each client read at the registry proxy; docs/registry-proxy.md quotes these. */

export interface ProxyTexts {
  /** A wrong, expired or removed token; absent: the login does not ask. */
  readonly login?: string;
  /** A repository that the token does not allow, or that is another account's. */
  readonly repository: string;
  readonly tag: string;
  readonly push: string;
  /** A pull after the token was removed, or has expired. */
  readonly ended: string;
  /** The registry behind does not answer. */
  readonly down: string;
  /** The token has made its pulls of the day; absent: the client does not say it, but waits. */
  readonly limit?: string;
}

const NOT_VALID = 'The user name or the secret is not valid.';
const NO_LOGIN = 'This login may not pull from there.';
const NO_TAG = 'There is no such tag or manifest.';
const NO_PUSH = 'This registry is for pulling.';
const LIMIT = 'This token may pull once a day, and has';
const DOWN = 'The registry behind this one does not answer; try again shortly.';
const STATUS_503 = '503 Service Unavailable';

/** skopeo and podman are made of the same. */
const CONTAINERS: ProxyTexts = {
  login: 'invalid username/password',
  repository: `denied: ${NO_LOGIN}`,
  tag: `manifest unknown: ${NO_TAG}`,
  push: `unsupported: ${NO_PUSH}`,
  ended: `unauthorized: ${NOT_VALID}`,
  down: STATUS_503,
};

/** oras, and helm, which is made of it. */
const ORAS: ProxyTexts = {
  login: `unauthorized: ${NOT_VALID}`,
  repository: `denied: ${NO_LOGIN}`,
  tag: 'not found',
  push: `unsupported: ${NO_PUSH}`,
  ended: `unauthorized: ${NOT_VALID}`,
  down: `unavailable: ${DOWN}`,
  limit: `toomanyrequests: ${LIMIT}`,
};

export const PROXY_TEXTS = {
  docker: {
    login: `unauthorized: ${NOT_VALID}`,
    repository: 'pull access denied for',
    tag: `manifest unknown: ${NO_TAG}`,
    push: `unsupported: ${NO_PUSH}`,
    ended: `unauthorized: ${NOT_VALID}`,
    down: STATUS_503,
    limit: `toomanyrequests: ${LIMIT}`,
  },
  'ctr (containerd)': {
    repository: 'insufficient_scope: authorization failed',
    tag: 'not found',
    push: '405 Method Not Allowed',
    ended: '401 Unauthorized',
    down: STATUS_503,
    limit: `toomanyrequests: ${LIMIT}`,
  },
  podman: CONTAINERS,
  skopeo: CONTAINERS,
  crane: {
    repository: `DENIED: ${NO_LOGIN}`,
    tag: `MANIFEST_UNKNOWN: ${NO_TAG}`,
    push: `UNSUPPORTED: ${NO_PUSH}`,
    ended: `UNAUTHORIZED: ${NOT_VALID}`,
    down: `UNAVAILABLE: ${DOWN}`,
    limit: `TOOMANYREQUESTS: ${LIMIT}`,
  },
  oras: ORAS,
  regctl: {
    login: 'unauthorized',
    repository: 'unauthorized',
    tag: 'not found',
    push: NO_PUSH,
    ended: 'unauthorized',
    down: DOWN,
  },
  'helm 4': ORAS,
} as const satisfies Readonly<Record<string, ProxyTexts>>;
