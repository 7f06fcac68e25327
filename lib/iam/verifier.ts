/** Verifies the assertions of IAM identities and workloads: one verifier per kind. */

import { PullpassError, unauthenticated } from '../domain/errors.ts';
import { isHandle, isIdentifierValue, qualify } from '../domain/identifiers.ts';
import type { Issuer, Issuers, SecretArn, WorkloadIssuer } from '../domain/identity.ts';
import { platformFacts } from '../domain/platforms.ts';
import { Secret } from '../domain/secret.ts';
import { member } from '../domain/strict-json.ts';
import { toSeconds } from '../domain/time.ts';
import { type Workload, workloadAudience } from '../domain/trust.ts';
import type { FailureLimiter } from '../limits/rate-limiter.ts';
import type { ClaimsReader, IdentityVerifier, WorkloadVerifier } from '../ports/others.ts';
import type { RandomBytes } from '../ports/system.ts';
import { awsCallers } from './aws-sts.ts';
import { fixedClientSecret, type SecretStage, storedClientSecret } from './client-secret.ts';
import type { ExchangeLimits } from './exchange-cache.ts';
import type { Connections } from './http-client.ts';
import { type IssuerKeysLimits, issuerKeySet } from './issuer-keys.ts';
import {
  accessTokenVerifier,
  audienceOf,
  otherAudience,
  type TrustedIssuer,
  tokenVerifier,
  validUntil,
} from './signed-token.ts';
import { TokenExchange, type TokenExchangeOptions } from './token-endpoint.ts';

const CACHE_KEY_BYTES = 32;

export type IamLimits = Partial<ExchangeLimits & IssuerKeysLimits>;

export interface IdentityVerifierOptions {
  readonly issuers: Issuers;
  /** `PULLPASS_URL`, for which AWS proofs must be made. */
  readonly publicUrl: string;
  readonly randomBytes: RandomBytes;
  readonly limits?: IamLimits | undefined;
  /** Direct unless given. */
  readonly connections?: Connections | undefined;
  /** Asked before an issuer is. */
  readonly failures?: FailureLimiter | undefined;
  /** Reads a version of a client secret that the configuration refers to. */
  readonly readSecret?: (secret: SecretArn, stage: SecretStage) => Promise<string | undefined>;
}

/**
 * Holds the caches, so a process has one. Throws a TypeError for issuers that share a name, for endpoints that are
 * neither https nor on this machine, and for more than one issuer with a `tokenUrl`.
 */
export function identityVerifier(options: IdentityVerifierOptions): IdentityVerifier {
  const { issuers, publicUrl, randomBytes, limits, failures, connections } = options;
  const trusted = issuers.iam.map(issuer => ({
    issuer,
    keys: issuerKeySet(issuer.keysUrl, { ...limits, connections }),
  }));
  const verify = accessTokenVerifier(trusted);
  const exchange = tokenExchange(trusted, options);
  const aws =
    issuers.aws &&
    awsCallers({
      ...issuers.aws,
      publicUrl,
      cacheKey: randomBytes(CACHE_KEY_BYTES),
      limits,
      failures,
      connections,
    });
  return {
    async identify({ kind, secret, sourceAddress = '' }, nowMs) {
      switch (kind) {
        case 'iambearer':
          return await verify(secret.reveal(), nowMs);
        case 'awsiam':
          if (aws === null) throw unauthenticated('AWS callers are not configured');
          return await aws.identify(secret.reveal(), nowMs, sourceAddress);
        case 'iamapikey':
        case 'iamrefresh':
          if (exchange === undefined) throw unauthenticated('no issuer takes API keys and refresh tokens');
          return await exchange.identify({ kind, secret: secret.reveal(), sourceAddress }, nowMs);
      }
    },
  };
}

function tokenExchange(
  trusted: readonly TrustedIssuer<Issuer>[],
  { randomBytes, limits, failures, connections, readSecret }: IdentityVerifierOptions,
): TokenExchange | undefined {
  const [taker, ...others] = trusted.filter(({ issuer }) => issuer.tokenUrl !== null);
  if (others.length > 0) throw new TypeError('more than one issuer takes API keys');
  if (taker === undefined || taker.issuer.tokenUrl === null) return undefined;
  return new TokenExchange({
    tokenUrl: taker.issuer.tokenUrl,
    client: clientOf(taker.issuer, readSecret),
    verify: accessTokenVerifier([taker]),
    cacheKey: randomBytes(CACHE_KEY_BYTES),
    limits,
    failures,
    connections,
  });
}

function clientOf(
  { client }: Issuer,
  readSecret: IdentityVerifierOptions['readSecret'],
): TokenExchangeOptions['client'] {
  if (client === null) return null;
  const { id, secret } = client;
  if (secret instanceof Secret) return { id, secret: fixedClientSecret(secret) };
  if (readSecret === undefined) throw new TypeError('a client secret that cannot be read');
  return { id, secret: storedClientSecret(stage => readSecret(secret, stage)) };
}

export interface WorkloadVerifierOptions {
  readonly issuers: readonly WorkloadIssuer[];
  /** `PULLPASS_URL`. */
  readonly publicUrl: string;
  readonly limits?: IamLimits | undefined;
  /** Direct unless given. */
  readonly connections?: Connections | undefined;
}

/** Holds the key sets of the platforms, so a process has one. */
export function workloadVerifier({
  issuers,
  publicUrl,
  limits,
  connections,
}: WorkloadVerifierOptions): WorkloadVerifier {
  const verify = tokenVerifier(
    issuers.map(issuer => ({ issuer, keys: issuerKeySet(issuer.keysUrl, { ...limits, connections }) })),
  );
  return {
    async verify(token, nowMs) {
      const { claims, issuer } = await verify(token.reveal(), nowMs);
      return workloadOf(claims, { issuer, publicUrl, nowMs });
    },
  };
}

/** For explanations: what the verifier would make of these claims. */
export function claimsReader({
  issuers,
  publicUrl,
}: Pick<WorkloadVerifierOptions, 'issuers' | 'publicUrl'>): ClaimsReader {
  return {
    read(claims, nowMs) {
      const issuer = issuers.find(each => each.issuer === member(claims, 'iss'));
      if (issuer === undefined) return { workload: undefined, refusal: 'no configured issuer' };
      const workloadAt = (atMs: number) =>
        attempt(() => workloadOf(claims, { issuer, publicUrl, nowMs: atMs }));
      const now = workloadAt(nowMs);
      if ('workload' in now) return { workload: now.workload, refusal: undefined };
      const issuedAt = workloadAt(Number(member(claims, 'iat')) * 1000);
      return { workload: 'workload' in issuedAt ? issuedAt.workload : undefined, refusal: now.refusal };
    },
  };
}

function attempt(read: () => Workload): { workload: Workload } | { refusal: string } {
  try {
    return { workload: read() };
  } catch (error) {
    if (error instanceof PullpassError && error.code === 'unauthenticated') return { refusal: error.message };
    throw error;
  }
}

/**
 * The audience must be exactly that of one account of this deployment: a token for another service, or for several, could
 * be replayed here.
 */
function workloadOf(
  claims: unknown,
  { issuer, publicUrl, nowMs }: { issuer: WorkloadIssuer; publicUrl: string; nowMs: number },
): Workload {
  const audience = audienceOf(claims, issuer.otherAudiences);
  const handle = typeof audience === 'string' ? audience.slice(workloadAudience(publicUrl, '').length) : '';
  if (!isHandle(handle) || audience !== workloadAudience(publicUrl, handle)) {
    throw otherAudience(claims);
  }
  const subject = member(claims, 'sub');
  if (!isIdentifierValue(subject)) throw unauthenticated('the sub claim is not an identifier');
  const { key, platform, maxLifetimeSeconds = platformFacts(platform).maxLifetimeSeconds } = issuer;
  const expiresAt = validUntil(claims, toSeconds(nowMs), maxLifetimeSeconds);
  return { issuer: key, platform, handle, subject: qualify(key, subject), claims, expiresAt };
}
