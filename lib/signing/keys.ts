/** Signing keys: creates them, names them by their thumbprint, and reads and writes the documents that hold them. */

import { createPublicKey, generateKeyPair, hash, type JsonWebKey, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import * as v from '../domain/schema.ts';
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

/** Seconds since 1970. */
export const Seconds = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
/** Padded base64 (RFC 4648 section 4). */
export const Base64 = v.pipe(
  v.string(),
  v.regex(/^(?=.)(?:[\dA-Za-z+/]{4})*(?:[\dA-Za-z+/]{2}==|[\dA-Za-z+/]{3}=)?$/),
);

/** The document in `text`. Throws an error with `name` and the paths at fault, never with values. */
export function readDocument<T>(schema: v.Schema<T>, text: string, name: string): T {
  const result = v.safeParse(schema, parseJson(text, name));
  if (result.success) return result.output;
  throw new Error(
    `${name}: not valid at ${result.issues.map(({ path }) => path.join('.') || '$').join(', ')}`,
  );
}

/** Without a cause, because the error of JSON.parse quotes the text. */
function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`${name}: not JSON`);
  }
}

/** As documents are stored. */
export function writeDocument(document: object): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}
