/** The public half of a signing key, and the name that it gives itself. */
import { createPublicKey, hash, type JsonWebKey, type KeyObject } from 'node:crypto';

/** The members that a thumbprint covers, in its order: EC has crv, kty, x, y; RSA has e, kty, n. */
const THUMBPRINT_MEMBERS = ['crv', 'e', 'kty', 'n', 'x', 'y'];

/** The public JWK of a private key. */
export function publicJwk(privateKey: KeyObject): JsonWebKey {
  return createPublicKey(privateKey).export({ format: 'jwk' });
}

/** The SHA-256 thumbprint of a JWK (RFC 7638): its `kid`, here always. */
export function thumbprint(jwk: JsonWebKey): string {
  return hash('sha256', JSON.stringify(jwk, THUMBPRINT_MEMBERS), 'base64url');
}
