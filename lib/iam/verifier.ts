/** Recognises IAM callers: the user name picks the kind of proof, the configuration picks who is believed. */
import type { Issuer } from '../domain/issuer.ts';
import type { IdentityVerifier, RandomBytes } from '../ports.ts';
import { accessTokenVerifier, type TrustedIssuer } from './access-token.ts';
import { ApiKeyExchange } from './api-key.ts';
import { IssuerKeys } from './issuer-keys.ts';
import { refused } from './refusals.ts';

const CACHE_KEY_BYTES = 32;

export interface IdentityVerifierOptions {
  /** At most one has a `tokenUrl`, because an API key does not say whose it is. */
  readonly issuers: readonly Issuer[];
  readonly randomBytes: RandomBytes;
}

/**
 * The verifier of a process; it holds the caches. Throws a TypeError for issuers that share a name, for endpoints
 * that are neither https nor of this machine, and for more than one issuer with a `tokenUrl`.
 */
export function identityVerifier({ issuers, randomBytes }: IdentityVerifierOptions): IdentityVerifier {
  const trusted = issuers.map(issuer => ({ issuer, keys: new IssuerKeys(issuer.keysUrl) }));
  const verify = accessTokenVerifier(trusted);
  const apiKeys = apiKeyExchange(trusted, randomBytes);
  return {
    async identify({ kind, secret }, nowMs) {
      if (kind === 'iambearer') return await verify(secret.reveal(), nowMs);
      if (apiKeys === undefined) throw refused('no issuer takes API keys');
      return await apiKeys.identify(secret.reveal(), nowMs);
    },
  };
}

function apiKeyExchange(
  trusted: readonly TrustedIssuer[],
  randomBytes: RandomBytes,
): ApiKeyExchange | undefined {
  const [taker, ...others] = trusted.filter(({ issuer }) => issuer.tokenUrl !== null);
  if (others.length > 0) throw new TypeError('more than one issuer takes API keys');
  if (taker === undefined || taker.issuer.tokenUrl === null) return undefined;
  return new ApiKeyExchange({
    tokenUrl: taker.issuer.tokenUrl,
    verify: accessTokenVerifier([taker]),
    cacheKey: randomBytes(CACHE_KEY_BYTES),
  });
}
