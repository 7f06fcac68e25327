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
  const signature = SIGN[alg](Buffer.from(input), privateKey);
  return `${input}.${Buffer.from(signature).toString('base64url')}`;
}

const COORDINATE_BYTES = 32;

/** The signature over `input`, in the form of JWS. */
const SIGN = {
  ES256: (input, key) => concatenated(sign('sha256', input, key)),
  RS256: (input, key) => sign('sha256', input, key),
} as const satisfies Record<SigningAlgorithm, (input: Uint8Array, key: KeyObject) => Uint8Array>;

/**
 * r and s side by side, 32 bytes each, from the DER sequence of two integers that OpenSSL makes of a P-256
 * signature (all of its lengths fit in one byte). Asking Node for this form (`ieee-p1363`) takes 2 to 3 times longer.
 */
export function concatenated(der: Buffer): Uint8Array {
  const signature = Buffer.alloc(2 * COORDINATE_BYTES);
  const r = integerAt(der, 2);
  const s = integerAt(der, 4 + r.length);
  placeBefore(COORDINATE_BYTES, r, signature);
  placeBefore(2 * COORDINATE_BYTES, s, signature);
  return signature;
}

function integerAt(der: Buffer, offset: number): Buffer {
  const start = offset + 2;
  return der.subarray(start, start + der.readUInt8(offset + 1));
}

/** DER drops leading zeros, and adds one where the first bit is set. */
function placeBefore(end: number, integer: Buffer, signature: Buffer): void {
  const digits = integer.subarray(Math.max(0, integer.length - COORDINATE_BYTES));
  digits.copy(signature, end - digits.length);
}
