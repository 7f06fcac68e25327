/** What a caller presented: read from the Authorization header or the form, judged by nobody yet. */
import { PullpassError } from '../domain/errors.ts';
import { Secret } from '../domain/secret.ts';
import { parseAuthorization } from './authorization.ts';
import type { Call, Presented } from './exchange.ts';
import { type Form, single } from './form.ts';

const ANONYMOUS: Presented = { kind: 'anonymous' };
const KINDS: ReadonlySet<string> = new Set<Presented['kind']>([
  'token',
  'iamapikey',
  'iambearer',
  'iamrefresh',
  'awsiam',
  'oidc',
]);

/** What a management call presents: a Bearer IAM access token, or Basic with a user name of IAM. */
export function presentedToManagement(header: string | undefined): Presented {
  const authorization = parseAuthorization(header);
  if (authorization === undefined) throw new PullpassError('unauthenticated', { reason: 'no credentials' });
  if (authorization.scheme === 'bearer') return { kind: 'iambearer', secret: authorization.token };
  return presentedBy(authorization.userName, authorization.password);
}

/**
 * What a login presents: Basic on GET, the form on POST (`grant_type=password`, RFC 6749 section 4.3). Nothing, or
 * Basic with an empty user name and password (containerd sends that), is anonymous.
 */
export function presentedToLogin({
  route,
  headers,
  form,
}: Pick<Call, 'route' | 'headers' | 'form'>): Presented {
  if (route.method === 'POST') return presentedInForm(form, headers.authorization);
  const authorization = parseAuthorization(headers.authorization);
  if (authorization === undefined) return ANONYMOUS;
  if (authorization.scheme === 'bearer') {
    throw new PullpassError('unauthenticated', { reason: 'Bearer at the login endpoint' });
  }
  return presentedBy(authorization.userName, authorization.password);
}

function presentedInForm(form: Form, header: string | undefined): Presented {
  const grantType = single(form, 'grant_type');
  if (grantType === undefined) {
    throw new PullpassError('invalid-request', { detail: 'The parameter grant_type is missing.' });
  }
  if (grantType !== 'password') throw new PullpassError('unsupported-grant-type');
  if (header !== undefined) {
    throw new PullpassError('invalid-request', { detail: 'Credentials stand in the form and in a header.' });
  }
  return presentedBy(single(form, 'username') ?? '', new Secret(single(form, 'password') ?? ''));
}

function presentedBy(userName: string, password: Secret): Presented {
  if (userName === '' && password.reveal() === '') return ANONYMOUS;
  if (isKind(userName)) return { kind: userName, secret: password };
  throw new PullpassError('unauthenticated', { reason: 'unknown user name' });
}

function isKind(userName: string): userName is Exclude<Presented['kind'], 'anonymous'> {
  return KINDS.has(userName);
}
