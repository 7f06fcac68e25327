/** Signs access tokens. A login waits for this. */

import { type KeyObject, sign } from 'node:crypto';
import type { AccessTokenClaims } from '../domain/access-token.ts';
import { PullpassError, unavailable } from '../domain/errors.ts';
import { currentKey } from '../domain/key-ring.ts';
import type { Service, SigningAlgorithm } from '../domain/service.ts';
import type { AccessTokenSigner } from '../ports/keys.ts';
import type { Rings, SigningKey } from './ring.ts';

export interface SignerParts {
  readonly services: readonly Service[];
  readonly rings: Rings;
}

/**
 * Signs with the key of the service's ring that is current. Throws `unknown-service`, and `unavailable` when the
 * ring has no usable key.
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
        throw unavailable(`no usable key for ${service.name}`);
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
  // In base64url a character is a byte.
  const signature = SIGN[alg](Buffer.from(input, 'latin1'), privateKey);
  return `${input}.${signature.toString('base64url')}`;
}

const COORDINATE_BYTES = 32;

/** The signature over `input`, in the form of JWS. */
const SIGN = {
  ES256: (input, key) => concatenated(sign('sha256', input, key)),
  RS256: (input, key) => sign('sha256', input, key),
} as const satisfies Record<SigningAlgorithm, (input: Uint8Array, key: KeyObject) => Buffer>;

/**
 * r and s side by side, 32 bytes each, from the DER sequence of two integers that OpenSSL makes of a P-256
 * signature (all of its lengths fit in one byte). Asking Node for this form (`ieee-p1363`) takes 2 to 3 times longer.
 */
export function concatenated(der: Buffer): Buffer {
  // Of the pool: to make one of its own takes longer than all the rest.
  const signature = Buffer.allocUnsafe(2 * COORDINATE_BYTES).fill(0);
  const second = placeInteger(der, 2, signature, COORDINATE_BYTES);
  placeInteger(der, second, signature, 2 * COORDINATE_BYTES);
  return signature;
}

/** Places the integer at `at` before `end`, and returns where the next begins. DER drops leading zeros, and adds one where the first bit is set. */
function placeInteger(der: Buffer, at: number, signature: Buffer, end: number): number {
  const next = at + 2 + der.readUInt8(at + 1);
  const digits = Math.min(COORDINATE_BYTES, next - at - 2);
  der.copy(signature, end - digits, next - digits, next);
  return next;
}
