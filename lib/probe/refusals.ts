/** What a deployment must refuse, tried with a token and credentials that are valid. */
import type { Account } from '../domain/identifiers.ts';
import { UUID_RANDOM_BYTES, uuidV7 } from '../domain/identifiers.ts';
import { formatRegistryToken, SECRET_BYTES } from '../domain/registry-token.ts';
import type { Clock, RandomBytes } from '../ports/system.ts';
import { assertRefused, type Checks } from './checks.ts';
import type { Deployment, ProbeRequest } from './deployment.ts';
import { assertNotGranted, loginRequest } from './login.ts';

/** What a probe works with while its token is valid. */
export interface Subject {
  readonly account: Account;
  readonly id: string;
  /** The value of a token that may pull in `repository`, and in `foreign`, whose namespace is not the account's. */
  readonly token: string;
  readonly service: string;
  readonly repository: string;
  readonly foreign: string;
  /** Of a login; undefined: none succeeded. */
  accessToken: string | undefined;
  /** Vended from the token; undefined: none was. */
  credential: string | undefined;
}

/** A credential that was vended for a minute. */
export interface ExpiringCredential {
  readonly password: string;
  readonly service: string;
  readonly repository: string;
  readonly endsAtMs: number;
}

export interface Trying {
  readonly checks: Checks;
  readonly deployment: Deployment;
}

/** Time and chance. */
interface Chances {
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
}

/** Digits of a MAC in a credential: HMAC-SHA-256 in base64url. */
const MAC_LENGTH = 43;

/** Everything that a valid pull token, and what comes of it, must not do. */
export async function refuseMore(
  trying: Trying,
  subject: Subject,
  context: Chances & { readonly services: readonly string[] },
): Promise<void> {
  const { checks } = trying;
  await refuseScopes(trying, subject);
  await refuseWrongSecrets(trying, subject, context);
  await refuseMisplaced(trying, subject);
  const [, other] = context.services;
  const { credential } = subject;
  if (credential === undefined || other === undefined) {
    const why = credential === undefined ? 'No credential was vended.' : 'The deployment has one service.';
    return checks.skip('negative', 'credential-at-other-service', why);
  }
  await refuseRevoked(trying, 'credential-at-other-service', {
    ...subject,
    service: other,
    password: credential,
  });
}

/** A login with it must be refused, as with any secret that is not valid. */
export async function refuseRevoked(
  { checks, deployment }: Trying,
  check: string,
  { password, service, repository }: Pick<Subject, 'repository' | 'service'> & { readonly password: string },
): Promise<void> {
  const request = loginRequest({ password, service, repository, actions: 'pull' });
  await checks.refuses(check, () => assertRefused(deployment, request, [401]));
}

/** A credential of a probe before, whose parent is as valid as it was. */
export async function refuseExpired(
  trying: Trying & { readonly options: { readonly clock: Clock } },
  expiring: ExpiringCredential | undefined,
): Promise<void> {
  if (expiring !== undefined && isExpired(expiring, trying.options.clock()))
    return refuseRevoked(trying, 'expired-credential', expiring);
  await trying.checks.skip(
    'negative',
    'expired-credential',
    'No credential has expired since the last probe.',
  );
}

/** How far the clocks of the probe and the deployment may be apart. */
const CLOCK_TOLERANCE_MS = 5_000;

/** Whether the deployment must refuse it now. */
export function isExpired({ endsAtMs }: ExpiringCredential, nowMs: number): boolean {
  return nowMs > endsAtMs + CLOCK_TOLERANCE_MS;
}

/** Assertions that are stale, for another deployment, or used twice. */
export async function refuseAssertions(
  { checks, deployment }: Trying,
  {
    authorize,
    badAssertions = {},
    isOnceOnly = false,
  }: {
    readonly authorize: () => Promise<string>;
    readonly badAssertions?: Readonly<Record<string, () => Promise<string>>>;
    readonly isOnceOnly?: boolean;
  },
): Promise<void> {
  const line = 'GET /v1/identity';
  for (const [what, assert] of Object.entries(badAssertions)) {
    await checks.refuses(what, async () =>
      assertRefused(deployment, { line, authorization: await assert() }, [401]),
    );
  }
  if (!isOnceOnly) return;
  await checks.refuses('assertion-used-twice', async () => {
    const request = { line, authorization: await authorize() } as const;
    await deployment.expect([200], request);
    await assertRefused(deployment, request, [401]);
  });
}

async function refuseScopes({ checks, deployment }: Trying, subject: Subject): Promise<void> {
  const { token, service, repository, foreign } = subject;
  const login = { password: token, service, repository, actions: 'pull' };
  await checks.refuses('push-with-pull-token', () =>
    assertNotGranted(
      deployment,
      { ...login, actions: 'pull,push,delete' },
      granted => granted !== `${repository}:pull`,
    ),
  );
  const anything = () => true;
  for (const [check, name] of [
    ['other-repository', `${repository}-other`],
    ['repository-below', `${repository}/below`],
    ['namespace-of-none', foreign],
  ] as const) {
    await checks.refuses(check, () => assertNotGranted(deployment, { ...login, repository: name }, anything));
  }
  await checks.refuses('anonymous-login', () =>
    assertNotGranted(deployment, { ...login, password: undefined }, anything),
  );
  await checks.refuses('unknown-service', () =>
    assertRefused(deployment, loginRequest({ ...login, service: `not-${service}` }), [400]),
  );
}

async function refuseWrongSecrets(trying: Trying, subject: Subject, chances: Chances): Promise<void> {
  const { token, credential } = subject;
  for (const [check, password] of [
    ...wrongTokens(subject, chances),
    ['damaged-secret', swapped(token, token.length - 1)] as const,
  ]) {
    await refuseRevoked(trying, check, { ...subject, password });
  }
  if (credential === undefined)
    return trying.checks.skip('negative', 'forged-credential', 'No credential was vended.');
  const password = swapped(credential, credential.length - MAC_LENGTH);
  await refuseRevoked(trying, 'forged-credential', { ...subject, password });
}

/** Each kind of secret works only where it is meant to. */
async function refuseMisplaced({ checks, deployment }: Trying, subject: Subject): Promise<void> {
  const { token, service, repository, credential, accessToken } = subject;
  const list = 'GET /v1/tokens';
  const refuse = (check: string, request: ProbeRequest, ...statuses: readonly number[]) =>
    checks.refuses(check, () => assertRefused(deployment, request, statuses));
  await refuse('anonymous-management', { line: list }, 401);
  await refuse('token-manages', { line: list, authorization: `Bearer ${token}` }, 403);
  const json = { service, repositories: [repository], access: 'push' };
  const wider = { line: 'POST /v1/credentials', authorization: `Bearer ${token}`, json } as const;
  await refuse('wider-credential', wider, 403);
  if (credential === undefined) {
    await checks.skip('negative', 'credential-manages', 'No credential was vended.');
    await checks.skip('negative', 'credential-vends', 'No credential was vended.');
  } else {
    await refuse('credential-manages', { line: list, authorization: `Bearer ${credential}` }, 403);
    const again = { ...wider, authorization: `Bearer ${credential}`, json: { ...json, access: 'pull' } };
    await refuse('credential-vends', again, 401);
  }
  if (accessToken === undefined)
    return checks.skip('negative', 'access-token-as-secret', 'No login has succeeded.');
  await refuse('access-token-manages', { line: list, authorization: `Bearer ${accessToken}` }, 401);
  const login = loginRequest({ password: accessToken, service, repository, actions: 'pull' });
  await refuse('access-token-as-secret', login, 401);
}

/** Tokens in every respect but their secret: one of this probe's, and one that this deployment never issued. */
function wrongTokens(
  { id, account }: Subject,
  { clock, randomBytes }: Chances,
): readonly (readonly [check: string, value: string])[] {
  const foreign = uuidV7(clock(), randomBytes(UUID_RANDOM_BYTES));
  return [
    ['wrong-secret', formatRegistryToken(account, id, randomBytes(SECRET_BYTES)).reveal()],
    ['token-of-other-deployment', formatRegistryToken(account, foreign, randomBytes(SECRET_BYTES)).reveal()],
  ];
}

/** The text with another character at an index. */
function swapped(text: string, index: number): string {
  const other = text.charAt(index) === 'A' ? 'B' : 'A';
  return text.slice(0, index) + other + text.slice(index + 1);
}
