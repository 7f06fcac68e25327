/**
 * Probes a deployment from outside: makes a token, logs in with it, removes it and asserts that it is refused; and tries
 * what must not work. It leaves nothing behind but the audit records of its acts.
 */
import { CREDENTIAL, HEALTH } from '../api/public-responses.ts';
import { IDENTITY, NAMESPACE_LIST, NEW_TOKEN, TOKEN_LIST } from '../api/responses.ts';
import type { Account } from '../domain/identifiers.ts';
import { encodeBase62 } from '../domain/identifiers.ts';
import type { Clock, RandomBytes } from '../ports/system.ts';
import { type Check, Checks, type Tell } from './checks.ts';
import { Deployment, type ProbeRequest, type Send, UnexpectedResponse } from './deployment.ts';
import { logIn, publishedKeys } from './login.ts';
import {
  type ExpiringCredential,
  isExpired,
  refuseAssertions,
  refuseExpired,
  refuseMore,
  refuseRevoked,
  type Subject,
} from './refusals.ts';

export interface ProbeOptions {
  /** `PULLPASS_URL`. */
  readonly url: string;
  /** The names of the services to log in to; the first is the one for which refusals are tried. */
  readonly services: readonly [string, ...string[]];
  /** Of the administrator's account. */
  readonly namespace: string;
  /** Registers the namespace where it is free. */
  readonly registers: boolean;
  /** The header `Authorization` of an administrator, made anew for each request. */
  readonly authorize: () => Promise<string>;
  /** Assertions of the administrator that must be refused, by what is wrong with them. */
  readonly badAssertions?: Readonly<Record<string, () => Promise<string>>>;
  /** Whether the administrator's assertions manage once, as those of AWS. */
  readonly isOnceOnly?: boolean;
  /** A credential that a probe before this one has left to expire. */
  readonly expiring?: ExpiringCredential | undefined;
  /** Waits so many milliseconds. Given: the probe waits until its own credential has expired, and leaves none. */
  readonly wait?: (ms: number) => Promise<unknown>;
  readonly send: Send;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  readonly tell?: Tell;
}

export interface Probed {
  readonly checks: readonly Check[];
  /** Expires within a minute; the next probe asserts that it is refused then. */
  readonly expiring: ExpiringCredential | undefined;
}

/** The description by which a probe finds what one before it has left. */
export const DESCRIPTION = 'pullpass probe';
/** Of the probe's token: long enough for a slow probe, and it is gone soon when the probe is killed. */
const TOKEN_SECONDS = 600;
/** What the rules of an account may ask for; a deployment of before there were any does not take it. */
const REQUIRED = { owner: 'pullpass-probe', networks: ['0.0.0.0/0', '::/0'] };
/** A token of a probe that is older was left behind; a younger one may be another probe's at work. */
const LEFT_SECONDS = 180;
const CREDENTIAL_SECONDS = 60;
const NAMESPACE_BYTES = 8;
const WAIT_MS = 1000;

interface Run {
  readonly options: ProbeOptions;
  readonly deployment: Deployment;
  readonly checks: Checks;
}

/** Never throws: what goes wrong is a check that failed. */
export async function probe(options: ProbeOptions): Promise<Probed> {
  const deployment = new Deployment(options.url, options.send);
  const checks = new Checks(options.tell ?? (() => undefined));
  const run: Run = { options, deployment, checks };
  await checks.works('health', () => deployment.ask(HEALTH, { line: 'GET /health' }));
  if (options.wait === undefined) await refuseExpired(run, options.expiring);
  const account = await checks.works('administrator', () => administeredAccount(run));
  if (account === undefined) {
    await checks.skip('positive', 'tokens', 'Tokens need an administrator.');
    return { checks: checks.all, expiring: undefined };
  }
  await refuseAssertions(run, options);
  await checks.works('namespace', () => ensureNamespace(run));
  await checks.works('leftovers', () => removeLeftovers(run));
  await probeToken(run, account);
  const expiring = await checks.works('identity-credential', () => vendExpiring(run));
  if (options.wait === undefined || expiring === undefined) return { checks: checks.all, expiring };
  while (!isExpired(expiring, options.clock())) await options.wait(WAIT_MS);
  await refuseExpired(run, expiring);
  return { checks: checks.all, expiring: undefined };
}

async function probeToken(run: Run, account: Account): Promise<void> {
  const { checks, deployment } = run;
  const subject = await checks.works('token-add', () => addToken(run, account));
  if (subject === undefined) return checks.skip('positive', 'logins', 'Logins need a token.');
  const { id } = subject;
  let isRemoved: unknown;
  try {
    await probeLogins(run, subject);
  } finally {
    isRemoved = await checks.works('token-rm', () => manage(run, `DELETE /v1/tokens/${id}`, [204]));
  }
  if (isRemoved === undefined)
    return checks.skip('negative', 'removed-token', 'The token could not be removed.');
  await refuseRevoked({ checks, deployment }, 'removed-token', { ...subject, password: subject.token });
  const { credential } = subject;
  if (credential === undefined)
    return checks.skip('negative', 'credential-of-removed-token', 'No credential was vended.');
  await refuseRevoked({ checks, deployment }, 'credential-of-removed-token', {
    ...subject,
    password: credential,
  });
}

/** While the token is valid. */
async function probeLogins(run: Run, subject: Subject): Promise<void> {
  const { checks, options, deployment } = run;
  for (const service of options.services) {
    const login = await checks.works(`login ${service}`, () =>
      logInTo(run, subject, { service, password: subject.token }),
    );
    subject.accessToken ??= login;
  }
  const { service } = subject;
  const vended = await checks.works('credential', () => vend(run, subject));
  const ended = await checks.works('second-credential', () => vend(run, subject));
  subject.credential = vended;
  if (vended !== undefined)
    await checks.works('credential-login', () => logInTo(run, subject, { service, password: vended }));
  await refuseMore({ checks, deployment }, subject, options);
  if (ended === undefined) return checks.skip('negative', 'revoked-credential', 'No credential was vended.');
  const revoked = await checks.works('revoke', () =>
    deployment.expect([200], { line: 'POST /oauth/revoke', form: { token: ended } }),
  );
  if (revoked === undefined)
    return checks.skip('negative', 'revoked-credential', 'The credential could not be revoked.');
  await refuseRevoked({ checks, deployment }, 'revoked-credential', { ...subject, password: ended });
}

/** Answers the access token. Throws unless it grants exactly to pull. */
async function logInTo(
  { deployment, options }: Run,
  { repository }: Subject,
  { service, password }: { readonly service: string; readonly password: string },
): Promise<string> {
  const keys = await publishedKeys(deployment, service);
  const asked = { password, service, repository, actions: 'pull' };
  const { accessToken, granted } = await logIn(deployment, asked, { keys, nowMs: options.clock() });
  if (granted.join(' ') === `${repository}:pull`) return accessToken;
  throw new Error(`The login granted ${granted.join(', ') || 'nothing'} instead of ${repository}:pull.`);
}

async function administeredAccount(run: Run): Promise<Account> {
  const { roles, subject, account } = await run.deployment.ask(IDENTITY, {
    line: 'GET /v1/identity',
    authorization: await run.options.authorize(),
  });
  if (roles.some(({ role }) => role === 'administrator')) return account as Account;
  throw new Error(`${subject} is no administrator.`);
}

async function ensureNamespace(run: Run): Promise<void> {
  const { namespace, registers } = run.options;
  const { namespaces } = await run.deployment.ask(NAMESPACE_LIST, {
    line: 'GET /v1/namespaces',
    authorization: await run.options.authorize(),
  });
  if (namespaces.some(({ name }) => name === namespace)) return;
  if (!registers) throw new Error(`The namespace ${namespace} is not registered for the account.`);
  await manage(run, `PUT /v1/namespaces/${namespace}`, [200, 201]);
}

/** A token that a killed probe left behind ends by itself soon; this ends it sooner. Others' tokens are not touched. */
async function removeLeftovers(run: Run): Promise<void> {
  const { tokens } = await run.deployment.ask(TOKEN_LIST, {
    line: 'GET /v1/tokens?limit=200',
    authorization: await run.options.authorize(),
  });
  const before = run.options.clock() - LEFT_SECONDS * 1000;
  const left = tokens.filter(
    ({ description, createdAt }) => description === DESCRIPTION && Date.parse(createdAt) < before,
  );
  for (const { id } of left) await manage(run, `DELETE /v1/tokens/${id}`, [204, 404]);
}

async function addToken(run: Run, account: Account): Promise<Subject> {
  const { options, deployment } = run;
  const repository = `${options.namespace}/pullpass-probe`;
  const name = encodeBase62(options.randomBytes(NAMESPACE_BYTES)).toLowerCase();
  // The pattern is taken, and grants nothing while another account owns the namespace, or none does.
  const foreign = `pullpass-probe-${name}/pullpass-probe`;
  const facts = {
    description: DESCRIPTION,
    access: 'pull',
    expiresInSeconds: TOKEN_SECONDS,
    repositories: [repository, foreign],
  };
  const add = async (json: object) =>
    deployment.ask(NEW_TOKEN, { line: 'POST /v1/tokens', authorization: await options.authorize(), json });
  const { id, token } = await add(facts).catch((error: unknown) => {
    if (!(error instanceof UnexpectedResponse) || error.status !== 400) throw error;
    return add({ ...facts, ...REQUIRED });
  });
  const [service] = options.services;
  return { account, id, token, service, repository, foreign, accessToken: undefined, credential: undefined };
}

async function vend({ deployment }: Run, { token, service, repository }: Subject): Promise<string> {
  const { password } = await deployment.ask(CREDENTIAL, {
    line: 'POST /v1/credentials',
    authorization: `Bearer ${token}`,
    json: { service, repositories: [repository], expiresInSeconds: TOKEN_SECONDS },
  });
  return password;
}

/** A credential of the identity itself: its parent is still there when it has expired. */
async function vendExpiring({ deployment, options }: Run): Promise<ExpiringCredential> {
  const [service] = options.services;
  const repository = `${options.namespace}/pullpass-probe`;
  const { password } = await deployment.ask(CREDENTIAL, {
    line: 'POST /v1/credentials',
    authorization: await options.authorize(),
    json: { service, repositories: [repository], expiresInSeconds: CREDENTIAL_SECONDS },
  });
  return { password, service, repository, endsAtMs: options.clock() + CREDENTIAL_SECONDS * 1000 };
}

async function manage(
  { deployment, options }: Run,
  line: ProbeRequest['line'],
  statuses: readonly number[],
): Promise<true> {
  await deployment.expect(statuses, { line, authorization: await options.authorize() });
  return true;
}
