/** Makes signing keys. */
import { generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import type { SigningAlgorithm } from '../domain/service.ts';
import { publicJwk } from './jwk.ts';

const generate = promisify(generateKeyPair);

const GENERATE = {
  ES256: async () => (await generate('ec', { namedCurve: 'P-256' })).privateKey,
  RS256: async () => (await generate('rsa', { modulusLength: 2048 })).privateKey,
} as const satisfies Record<SigningAlgorithm, () => Promise<KeyObject>>;

/**
 * A new private key for the algorithm. Of an EC key neither coordinate begins with a zero byte: distribution 3.1
 * drops leading zeros when it computes the thumbprint, and then does not know the key
 * (`registry/auth/token/util.go`).
 */
export async function newPrivateKey(algorithm: SigningAlgorithm): Promise<KeyObject> {
  for (;;) {
    const key = await GENERATE[algorithm]();
    if (!hasShortCoordinate(key)) return key;
  }
}

function hasShortCoordinate(key: KeyObject): boolean {
  const { x, y } = publicJwk(key);
  return [x, y].some(coordinate => coordinate !== undefined && Buffer.from(coordinate, 'base64url')[0] === 0);
}

/** PKCS #8, PEM: how private keys are kept. */
export function toPem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}
