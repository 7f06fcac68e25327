/** Verifies the assertions of IAM identities: one verifier per kind, chosen by the user name. */

import { unauthenticated } from '../domain/errors.ts';
import type { Issuer, Issuers } from '../domain/identity.ts';
import type { IdentityVerifier } from '../ports/iam.ts';
import type { RandomBytes } from '../ports/system.ts';
import { awsCallers } from './aws-sts.ts';
import { accessTokenVerifier } from './claims.ts';
import { issuerKeySet } from './issuer-keys.ts';
import type { TrustedIssuer } from './signed-token.ts';
import { TokenExchange } from './token-endpoint.ts';

const CACHE_KEY_BYTES = 32;

export interface IdentityVerifierOptions {
  readonly issuers: Issuers;
  /** `PULLPASS_URL`: whom the proofs of AWS callers must be made for. */
  readonly publicUrl: string;
  readonly randomBytes: RandomBytes;
}

/**
 * The verifier of a process; it holds the caches. Throws a TypeError for issuers that share a name, for endpoints
 * that are neither https nor of this machine, and for more than one issuer with a `tokenUrl`.
 */
export function identityVerifier({
  issuers,
  publicUrl,
  randomBytes,
}: IdentityVerifierOptions): IdentityVerifier {
  const trusted = issuers.iam.map(issuer => ({ issuer, keys: issuerKeySet(issuer.keysUrl) }));
  const verify = accessTokenVerifier(trusted);
  const exchange = tokenExchange(trusted, randomBytes);
  const aws =
    issuers.aws === null
      ? undefined
      : awsCallers({ publicUrl, endpoint: issuers.aws.endpoint, cacheKey: randomBytes(CACHE_KEY_BYTES) });
  return {
    async identify({ kind, secret }, nowMs) {
      if (kind === 'iambearer') return await verify(secret.reveal(), nowMs);
      if (kind !== 'awsiam') {
        if (exchange === undefined) throw unauthenticated('no issuer takes API keys and refresh tokens');
        return await exchange.identify(kind, secret.reveal(), nowMs);
      }
      if (aws === undefined) throw unauthenticated('AWS callers are not configured');
      return await aws.identify(secret.reveal(), nowMs);
    },
  };
}

function tokenExchange(
  trusted: readonly TrustedIssuer<Issuer>[],
  randomBytes: RandomBytes,
): TokenExchange | undefined {
  const [taker, ...others] = trusted.filter(({ issuer }) => issuer.tokenUrl !== null);
  if (others.length > 0) throw new TypeError('more than one issuer takes API keys');
  if (taker === undefined || taker.issuer.tokenUrl === null) return undefined;
  return new TokenExchange({
    tokenUrl: taker.issuer.tokenUrl,
    client: taker.issuer.client,
    verify: accessTokenVerifier([taker]),
    cacheKey: randomBytes(CACHE_KEY_BYTES),
  });
}
