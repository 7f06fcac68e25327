/** Reads the credentials of a request from the Authorization header or the form. Nothing is verified here. */

import { noCredentials, PullpassError, unauthenticated } from '../domain/errors.ts';
import type { Credentials, SecretCredentials } from '../domain/principal.ts';
import { Secret, secretFormatOf } from '../domain/secret.ts';
import { type Form, single } from './form.ts';
import type { Request, RequestHead } from './request.ts';

/** RFC 8693 section 2.1. */
export const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';

const ANONYMOUS: Credentials = { userName: 'anonymous' };

/** Management takes Bearer with an IAM access token, or Basic with a user name of IAM. */
export function managementCredentials({ headers }: Pick<RequestHead, 'headers'>): Credentials {
  const userNames =
    'iamapikey, iambearer, iamrefresh or awsiam; token and oidc are for logins and for POST /v1/credentials';
  return requiredCredentials(headers.authorization, { bearer: bearerToken, userNames });
}

/** Vending takes Bearer with a registry token or an IAM access token, or Basic with any user name. */
export function vendingCredentials({ headers }: Pick<RequestHead, 'headers'>): Credentials {
  const userNames = 'token, iamapikey, iambearer, iamrefresh, awsiam or oidc';
  const bearer = (token: Secret) => asRegistryToken(bearerToken(token));
  return requiredCredentials(headers.authorization, { bearer, userNames });
}

/** What a holder shows of itself takes Basic with the user name `token`, or Bearer, with a registry token or a credential. */
export function holderCredentials({ headers }: Pick<RequestHead, 'headers'>): Credentials {
  const bearer = (token: Secret) => secretCredentials('token', token);
  return requiredCredentials(headers.authorization, { bearer, userNames: 'token' });
}

/**
 * A login takes Basic on GET, the form on POST (`grant_type=password`, RFC 6749 section 4.3). Nothing, or Basic with an
 * empty user name and password (containerd sends that), is anonymous.
 */
export function loginCredentials({
  route,
  headers,
  form,
}: Pick<Request, 'route' | 'headers' | 'form'>): Credentials {
  if (route.method === 'POST') return formCredentials(form, headers.authorization);
  const authorization = parseAuthorization(headers.authorization);
  if (authorization === undefined) return ANONYMOUS;
  if (authorization.scheme === 'bearer') throw unauthenticated('Bearer at the login endpoint', 'misplaced');
  return namedCredentials(authorization.userName, authorization.password);
}

interface Requirement {
  readonly bearer: (token: Secret) => SecretCredentials;
  /** The user names that it takes, in words. */
  readonly userNames: string;
}

function requiredCredentials(header: string | undefined, { bearer, userNames }: Requirement): Credentials {
  const authorization = parseAuthorization(header);
  if (authorization === undefined) throw noCredentials();
  if (authorization.scheme === 'bearer') return bearer(authorization.token);
  const { userName, password } = authorization;
  const isNothing = userName === '' && password.reveal() === '';
  if (!isNothing && !isUserName(userName)) {
    throw unauthenticated(
      'unknown user name',
      'misplaced',
      `The user name says what the password is: ${userNames}.`,
    );
  }
  if (userName !== '' && password.reveal() === '') {
    throw unauthenticated('empty password', 'no-secret', 'The password is empty.');
  }
  return namedCredentials(userName, password);
}

function formCredentials(form: Form, header: string | undefined): Credentials {
  const grantType = single(form, 'grant_type');
  if (grantType === undefined) {
    throw new PullpassError('invalid-request', { detail: 'The parameter grant_type is missing.' });
  }
  if (grantType !== 'password' && grantType !== TOKEN_EXCHANGE) {
    throw new PullpassError('unsupported-grant-type');
  }
  if (header !== undefined) {
    throw new PullpassError('invalid-request', {
      detail: 'Send credentials in the form or in the Authorization header, not in both.',
    });
  }
  if (grantType === TOKEN_EXCHANGE) return subjectToken(form);
  return namedCredentials(single(form, 'username') ?? '', new Secret(single(form, 'password') ?? ''));
}

/** The user name of each type of subject token (RFC 8693 section 3). A registry token is an access token by its use. */
const SUBJECT_TOKEN_TYPES: ReadonlyMap<string, SecretCredentials['userName']> = new Map([
  ['urn:ietf:params:oauth:token-type:access_token', 'iambearer'],
  ['urn:ietf:params:oauth:token-type:refresh_token', 'iamrefresh'],
  ['urn:ietf:params:oauth:token-type:id_token', 'oidc'],
  ['urn:ietf:params:oauth:token-type:jwt', 'oidc'],
]);

function subjectToken(form: Form): Credentials {
  const userName = SUBJECT_TOKEN_TYPES.get(single(form, 'subject_token_type') ?? '');
  const token = single(form, 'subject_token') ?? '';
  if (userName === undefined || token === '') {
    const detail =
      'Name a subject_token and its subject_token_type: an access, refresh or ID token, or a JWT.';
    throw new PullpassError('invalid-request', { detail });
  }
  return asRegistryToken(secretCredentials(userName, new Secret(token)));
}

function namedCredentials(userName: string, password: Secret): Credentials {
  if (userName === '' && password.reveal() === '') return ANONYMOUS;
  if (isUserName(userName)) return secretCredentials(userName, password);
  throw unauthenticated('unknown user name', 'misplaced');
}

const USER_NAMES: ReadonlySet<string> = new Set<SecretCredentials['userName']>([
  'token',
  'iamapikey',
  'iambearer',
  'iamrefresh',
  'awsiam',
  'oidc',
]);

function isUserName(userName: string): userName is SecretCredentials['userName'] {
  return USER_NAMES.has(userName);
}

function bearerToken(token: Secret): SecretCredentials {
  return secretCredentials('iambearer', token);
}

/** An access token that has the format of a registry token is one. */
function asRegistryToken(credentials: SecretCredentials): SecretCredentials {
  const { userName, format } = credentials;
  const isOurs = userName === 'iambearer' && format === 'a registry token';
  return isOurs ? { ...credentials, userName: 'token' } : credentials;
}

/** The only look at a secret's format. */
function secretCredentials(userName: SecretCredentials['userName'], secret: Secret): SecretCredentials {
  return { userName, secret, format: secretFormatOf(secret) };
}

export type Authorization =
  | { readonly scheme: 'basic'; readonly userName: string; readonly password: Secret }
  | { readonly scheme: 'bearer'; readonly token: Secret };

const HEADER = /^(Basic|Bearer) +([\x21-\x7e]+)$/i;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads Basic (RFC 7617: user name and password part at the first colon) or Bearer (RFC 6750). Undefined without a
 * header. Anything malformed is `unauthenticated`, like any other bad credential.
 */
export function parseAuthorization(header: string | undefined): Authorization | undefined {
  if (header === undefined) return undefined;
  const [, scheme, value] = HEADER.exec(header) ?? [];
  if (scheme === undefined || value === undefined) throw malformed('authorization scheme');
  if (scheme.toLowerCase() === 'bearer') return { scheme: 'bearer', token: new Secret(value) };
  const pair = decodePair(value);
  const colon = pair.indexOf(':');
  if (colon < 0) throw malformed('no colon in Basic credentials');
  return { scheme: 'basic', userName: pair.slice(0, colon), password: new Secret(pair.slice(colon + 1)) };
}

function decodePair(value: string): string {
  const bytes = Buffer.from(value, 'base64');
  // Buffer.from skips what it does not know: without the way back, many headers would spell one secret.
  if (bytes.toString('base64') !== value) throw malformed('base64 is not canonical');
  try {
    return utf8.decode(bytes);
  } catch {
    throw malformed('credentials are not UTF-8');
  }
}

const MALFORMED = {
  'authorization scheme': 'write Basic and base64 of user:password, or Bearer and a token',
  'base64 is not canonical': 'after Basic comes the base64 of user:password, padded and without blanks',
  'credentials are not UTF-8': 'the user name and the password must be UTF-8',
  'no colon in Basic credentials': 'after Basic comes the base64 of user:password, and this holds no colon',
} as const;

function malformed(reason: keyof typeof MALFORMED): PullpassError {
  const detail = `The header Authorization cannot be read: ${MALFORMED[reason]}.`;
  return unauthenticated(`malformed credentials: ${reason}`, 'unknown-secret', detail);
}
