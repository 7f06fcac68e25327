/** Signs access tokens. Everything here is on the path of a login. */
import { type AccessTokenClaims, MAX_ACCESS_TOKEN_BYTES } from '../domain/access-token.ts';
import { PullpassError } from '../domain/errors.ts';
import { currentKey } from '../domain/key-ring.ts';
import type { Service, SigningAlgorithm } from '../domain/service.ts';
import type { AccessTokenSigner } from '../ports.ts';
import type { SigningKey } from './ring.ts';
import type { Rings } from './rings.ts';
import { SIGN } from './signature.ts';

export interface SignerParts {
  readonly services: readonly Service[];
  readonly rings: Rings;
}

/**
 * Signs with the key of the service's ring that is current. Throws `unknown-service`, `unavailable` when the ring
 * has no usable key, and `invalid-request` when the token would be too long for a header.
 */
export function accessTokenSigner({ services, rings }: SignerParts): AccessTokenSigner {
  const byName = new Map(services.map(service => [service.name, service]));
  return {
    async sign(claims, now) {
      const service = byName.get(claims.aud);
      if (service === undefined) throw new PullpassError('unknown-service');
      const { algorithm, keys } = await rings(service, now);
      const key = currentKey(keys, now);
      if (key === undefined) {
        throw new PullpassError('unavailable', { reason: `no usable key for ${service.name}` });
      }
      return compact(claims, key, algorithm);
    },
  };
}

/** The JWS compact serialisation (RFC 7515 section 7.1). */
function compact(
  claims: AccessTokenClaims,
  { header, privateKey }: SigningKey,
  alg: SigningAlgorithm,
): string {
  const input = `${header}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`;
  const signature = SIGN[alg](Buffer.from(input), privateKey);
  const token = `${input}.${Buffer.from(signature).toString('base64url')}`;
  if (token.length > MAX_ACCESS_TOKEN_BYTES) {
    throw new PullpassError('invalid-request', { detail: 'Too many scopes were asked for at once.' });
  }
  return token;
}
