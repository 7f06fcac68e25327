/** Creates signing keys, and names them by their thumbprint. */
import { createPublicKey, generateKeyPair, hash, type JsonWebKey, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import type { SigningAlgorithm } from '../domain/service.ts';

/** The members that a thumbprint covers, in its order: EC has crv, kty, x, y; RSA has e, kty, n. */
const THUMBPRINT_MEMBERS = ['crv', 'e', 'kty', 'n', 'x', 'y'];

/** The public JWK of a private key. */
export function publicJwk(privateKey: KeyObject): JsonWebKey {
  return createPublicKey(privateKey).export({ format: 'jwk' });
}

/** The SHA-256 thumbprint of a JWK (RFC 7638), which is always its `kid` here. */
export function thumbprint(jwk: JsonWebKey): string {
  return hash('sha256', JSON.stringify(jwk, THUMBPRINT_MEMBERS), 'base64url');
}

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

/** PKCS #8, PEM: as private keys are stored. */
export function toPem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** SubjectPublicKeyInfo, PEM, of a public JWK: what takes a single key reads it so. */
export function toPublicPem(jwk: JsonWebKey): string {
  return createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' }).toString();
}
