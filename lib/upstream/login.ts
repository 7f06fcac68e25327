/** Our logins at upstreams: passwords by reference, and those that ECR gives for half a day. */
import { readFileSync } from 'node:fs';
import { type AwsCall, isTransient } from '../aws/client.ts';
import type { Credentials } from '../aws/signature.ts';
import { type Refreshing, refreshing } from '../cache/refreshing.ts';
import { messageOf, PullpassError, unavailable } from '../domain/errors.ts';
import { Secret } from '../domain/secret.ts';
import { ecrRegistryAt, type Upstream, type UpstreamAuthentication } from '../domain/service.ts';
import type { UpstreamLogin } from './registry.ts';
import { refused } from './token-protocol.ts';

type Ecr = Extract<UpstreamAuthentication, { kind: 'ecr' }>;

export interface UpstreamLoginOptions {
  /** The text of a secret of Secrets Manager; undefined: there is none. */
  readonly readSecret: (arn: string) => Promise<string | undefined>;
  /** ECR's API in a region, undefined being the deployment's, with its own credentials or these. */
  readonly ecr: (region: string | undefined, credentials?: Credentials) => AwsCall;
  /** STS, with the deployment's own credentials. */
  readonly sts: () => AwsCall;
  /** What sessions of roles are called. */
  readonly sessionName: string;
}

interface Login {
  readonly authorization: string;
  /** How long it is good from when it was asked for, in milliseconds. */
  readonly lifeMs: number;
}

/** A password that was replaced counts after this time, or when the upstream refuses it. */
const PASSWORD_MS = 5 * 60_000;
/** A secret that cannot be read is taken for unchanged as long as this. */
const PASSWORD_USABLE_MS = 12 * 3_600_000;
const RETRY_MS = 5_000;

/** Each login is fetched once, renewed at half its life, and used through failures until its end. */
export function upstreamLogins(options: UpstreamLoginOptions): UpstreamLogin {
  const roles = roleCredentials(options);
  const logins = new Map<string, Refreshing<Login>>();

  function loginAt({ authentication, url }: Upstream): Refreshing<Login> | undefined {
    if (authentication.kind === 'none') return undefined;
    const ecr = authentication.kind === 'ecr' ? withRegion(authentication, url) : undefined;
    const name = JSON.stringify(ecr ?? authentication);
    const login =
      logins.get(name) ??
      (authentication.kind === 'ecr'
        ? lasting(nowMs => ecrLogin(ecr ?? authentication, { options, roles, nowMs }))
        : passwordLogin(options, authentication));
    logins.set(name, login);
    return login;
  }

  return {
    get: async (upstream, nowMs) => (await loginAt(upstream)?.get(nowMs))?.authorization,
    renew: async (upstream, nowMs) => (await loginAt(upstream)?.reload(nowMs))?.authorization,
  };
}

function lasting<T extends { readonly lifeMs: number }>(load: (nowMs: number) => Promise<T>): Refreshing<T> {
  return refreshing({
    load,
    freshFor: ({ lifeMs }) => lifeMs / 2,
    usableFor: ({ lifeMs }) => lifeMs,
    retryAfter: RETRY_MS,
  });
}

/** ECR's passwords are good in their region: that of the registry, unless the operator names another. */
function withRegion(ecr: Ecr, url: string): Ecr {
  const region = ecr.region ?? ecrRegistryAt(url)?.region;
  return region === undefined ? ecr : { ...ecr, region };
}

/** What a reference of the configuration refers to: a file, or a secret. Throws `upstream-refused`. */
export async function readReference(
  reference: string,
  { readSecret }: Pick<UpstreamLoginOptions, 'readSecret'>,
): Promise<string> {
  const text = reference.startsWith('file:')
    ? readPassword(reference.slice('file:'.length))
    : await readSecret(reference).catch(failed('Secrets Manager gives no password'));
  if (text === undefined || text === '') throw refused(`there is no password at ${reference}`);
  return text;
}

function passwordLogin(
  options: UpstreamLoginOptions,
  { username, password: reference }: Extract<UpstreamAuthentication, { kind: 'password' }>,
): Refreshing<Login> {
  return refreshing({
    load: async () => {
      const password = await readReference(reference, options);
      return { authorization: basic(`${username}:${password}`), lifeMs: PASSWORD_MS };
    },
    freshFor: PASSWORD_MS,
    usableFor: PASSWORD_USABLE_MS,
    retryAfter: RETRY_MS,
  });
}

function readPassword(path: string): string {
  try {
    return readFileSync(path, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    throw refused(`its password cannot be read: ${messageOf(error)}`);
  }
}

type Roles = (ecr: Ecr & { readonly roleArn: string }, nowMs: number) => Promise<AssumedRole>;

/** One session for each role and external id, in all regions together. */
function roleCredentials({ sts, sessionName }: UpstreamLoginOptions): Roles {
  const sessions = new Map<string, Refreshing<AssumedRole & { readonly lifeMs: number }>>();
  return async ({ roleArn, externalId }, nowMs) => {
    const name = JSON.stringify([roleArn, externalId]);
    const session =
      sessions.get(name) ??
      lasting(async atMs => {
        const assumed = await assumeRole(sts(), { arn: roleArn, externalId, sessionName }).catch(
          failed(`STS does not let us assume ${roleArn}`),
        );
        return { ...assumed, lifeMs: assumed.expiresAtMs - atMs };
      });
    sessions.set(name, session);
    return session.get(nowMs);
  };
}

interface Role {
  readonly arn: string;
  /** What its trust policy asks for; undefined: nothing. */
  readonly externalId: string | undefined;
  /** What the sessions are called, where the role's account logs them. */
  readonly sessionName: string;
}

interface AssumedRole {
  readonly credentials: Credentials;
  /** In milliseconds since 1970. */
  readonly expiresAtMs: number;
}

/** Rejects as `call` does, or when the answer holds no credentials. (AWS STS API Reference, "AssumeRole") */
async function assumeRole(call: AwsCall, { arn, externalId, sessionName }: Role): Promise<AssumedRole> {
  const answer = await call('AssumeRole', {
    RoleArn: arn,
    RoleSessionName: sessionName,
    ...(externalId === undefined ? {} : { ExternalId: externalId }),
  });
  const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = answer as Partial<
    Record<string, string>
  >;
  const expiresAtMs = Date.parse(Expiration ?? '');
  if (!AccessKeyId || !SecretAccessKey || !SessionToken || Number.isNaN(expiresAtMs))
    throw new Error('STS answered without credentials');
  return {
    credentials: {
      accessKeyId: AccessKeyId,
      secretAccessKey: new Secret(SecretAccessKey),
      sessionToken: new Secret(SessionToken),
    },
    expiresAtMs,
  };
}

interface EcrParts {
  readonly options: UpstreamLoginOptions;
  readonly roles: Roles;
  readonly nowMs: number;
}

/** https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetAuthorizationToken.html */
async function ecrLogin(authentication: Ecr, { options, roles, nowMs }: EcrParts): Promise<Login> {
  const { region, roleArn } = authentication;
  const credentials =
    roleArn === undefined ? undefined : (await roles({ ...authentication, roleArn }, nowMs)).credentials;
  const call = options.ecr(region, credentials);
  const answer = await call('GetAuthorizationToken', {}).catch(failed('ECR gives no password'));
  const [data] =
    (answer as { authorizationData?: { authorizationToken?: unknown; expiresAt?: unknown }[] })
      .authorizationData ?? [];
  const { authorizationToken: token, expiresAt } = data ?? {};
  if (typeof token !== 'string' || typeof expiresAt !== 'number')
    throw refused('ECR answered without a password');
  // What has just been given is good: an end in the past says that the clocks differ.
  return { authorization: `Basic ${token}`, lifeMs: Math.max(PASSWORD_MS, expiresAt * 1000 - nowMs) };
}

/** What AWS refuses is for the operator to mend; what it does not answer will pass. The message may quote a request, so only its name is kept. */
function failed(what: string): (error: unknown) => never {
  return error => {
    if (error instanceof PullpassError) throw error;
    const reason = `${what}: ${error instanceof Error ? error.name : 'unknown error'}`;
    if (isTransient(error)) throw unavailable(`upstream: ${reason}`, { retryAfterSeconds: 5, cause: error });
    throw refused(reason);
  };
}

function basic(pair: string): string {
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}
