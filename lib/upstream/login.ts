/** Our logins at upstreams: passwords by reference, and those that ECR gives for half a day. */
import { readFileSync } from 'node:fs';
import type { AwsCall } from '../aws/client.ts';
import { type Refreshing, refreshing } from '../cache/refreshing.ts';
import { messageOf } from '../domain/errors.ts';
import type { Upstream, UpstreamAuthentication } from '../domain/service.ts';
import type { UpstreamLogin } from './registry.ts';
import { refused } from './token-protocol.ts';

type Ecr = Extract<UpstreamAuthentication, { kind: 'ecr' }>;

export interface UpstreamLoginOptions {
  /** The text of a secret of Secrets Manager; undefined: there is none. */
  readonly readSecret: (arn: string) => Promise<string | undefined>;
  /** ECR's API, with the role that the configuration names. */
  readonly ecr: (ecr: Ecr, nowMs: number) => Promise<AwsCall>;
}

interface Login {
  readonly authorization: string;
  /** How long it is good from now, in milliseconds. */
  readonly lifeMs: number;
}

/** A password that was replaced counts after this time. */
const PASSWORD_MS = 5 * 60_000;
const RETRY_MS = 5_000;

/** Each login is fetched once, renewed at half its life, and used through failures until its end. */
export function upstreamLogins(options: UpstreamLoginOptions): UpstreamLogin {
  const logins = new Map<string, Refreshing<Login>>();
  return async ({ authentication }: Upstream, nowMs) => {
    if (authentication.kind === 'none') return undefined;
    const name = JSON.stringify(authentication);
    let login = logins.get(name);
    if (login === undefined) {
      login = refreshing({
        load: at => load(options, authentication, at),
        freshFor: ({ lifeMs }) => lifeMs / 2,
        usableFor: MAX_LIFE_MS,
        retryAfter: RETRY_MS,
      });
      logins.set(name, login);
    }
    return (await login.get(nowMs)).authorization;
  };
}

/** ECR's passwords live twelve hours. */
const MAX_LIFE_MS = 12 * 3_600_000;

type Configured = Exclude<UpstreamAuthentication, { kind: 'none' }>;

async function load(
  options: UpstreamLoginOptions,
  authentication: Configured,
  nowMs: number,
): Promise<Login> {
  if (authentication.kind === 'ecr') return ecrLogin(await options.ecr(authentication, nowMs), nowMs);
  const { username, password: reference } = authentication;
  const password = reference.startsWith('file:')
    ? readPassword(reference.slice('file:'.length))
    : await options.readSecret(reference);
  if (password === undefined || password === '') throw refused(`there is no password at ${reference}`);
  return { authorization: basic(`${username}:${password}`), lifeMs: PASSWORD_MS };
}

function readPassword(path: string): string {
  try {
    return readFileSync(path, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    throw refused(`its password cannot be read: ${messageOf(error)}`);
  }
}

/** https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetAuthorizationToken.html */
async function ecrLogin(call: AwsCall, nowMs: number): Promise<Login> {
  const answer = await call('GetAuthorizationToken', {}).catch((error: unknown) => {
    throw refused(`ECR gives no password: ${error instanceof Error ? error.name : 'unknown error'}`);
  });
  const [data] =
    (answer as { authorizationData?: { authorizationToken?: unknown; expiresAt?: unknown }[] })
      .authorizationData ?? [];
  const { authorizationToken: token, expiresAt } = data ?? {};
  if (typeof token !== 'string' || typeof expiresAt !== 'number')
    throw refused('ECR answered without a password');
  return { authorization: `Basic ${token}`, lifeMs: Math.min(MAX_LIFE_MS, expiresAt * 1000 - nowMs) };
}

function basic(pair: string): string {
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}
