/** Verifies our own access tokens with the published keys of their service: the registry proxy is a registry that trusts this deployment. */
import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import type { AccessTokenClaims } from '../domain/access-token.ts';
import { unauthenticated } from '../domain/errors.ts';
import { publishedKeys } from '../domain/key-ring.ts';
import type { Service } from '../domain/service.ts';
import { readStrictJson } from '../domain/strict-json.ts';
import type { AccessTokenVerifier } from '../ports/keys.ts';
import { cached, type KeyReader } from './key-store.ts';
import { type PublicDocument, readPublicDocument } from './publication.ts';

const COMPACT_JWS = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;
const MAX_LENGTH = 32_768;
const MAX_PARTS = 10_000;
/** Ours have six. Who has no key of ours can make us read this much. */
const MAX_HEADER_PARTS = 16;

interface PublicKeys {
  readonly document: PublicDocument;
  readonly byName: ReadonlyMap<string, KeyObject>;
}

/** Only the algorithm of the service, not the one that the token names (RFC 8725 section 3.1). */
export function accessTokenVerifier(keys: KeyReader, issuer: string): AccessTokenVerifier {
  const published = cached({ keys, file: 'public.json', parse: readKeys });
  return {
    async verify(service, token, now) {
      const text = token.reveal();
      if (text.length > MAX_LENGTH || !COMPACT_JWS.test(text)) throw bad('not a signed token');
      const [header = '', payload = '', signature = ''] = text.split('.');
      const { alg, kid } = readPart(header, MAX_HEADER_PARTS);
      if (alg !== service.algorithm || typeof kid !== 'string') throw bad('another algorithm, or no key');
      const named = ({ document, byName }: PublicKeys) =>
        publishedKeys(document.keys, now).some(({ jwk }) => jwk.kid === kid) ? byName.get(kid) : undefined;
      // A key that was just activated signs before every process has read that it is published.
      const key = named(await published(service, now)) ?? named(await published.again(service, now));
      if (key === undefined) throw bad('no such key');
      if (!isSigned({ input: `${header}.${payload}`, signature, key }))
        throw bad('the signature does not verify');
      const claims = readPart(payload, MAX_PARTS) as unknown as AccessTokenClaims;
      if (claims.iss !== issuer || claims.aud !== service.name) throw bad('another issuer or audience');
      if (claims.nbf > now) throw bad('not valid yet');
      if (claims.exp <= now) throw unauthenticated('access token: expired', 'expired');
      return claims;
    },
  };
}

function readKeys(text: string, service: Service): PublicKeys {
  const document = readPublicDocument(text, service);
  const entries = document.keys.map(
    ({ jwk }) => [jwk.kid, createPublicKey({ key: jwk, format: 'jwk' })] as const,
  );
  return { document, byName: new Map(entries) };
}

function readPart(part: string, maxParts: number): Record<string, unknown> {
  const bytes = Buffer.from(part, 'base64url');
  // Unused bits would give one token many texts (RFC 4648 section 3.5).
  if (bytes.toString('base64url') !== part) throw bad('not canonical');
  try {
    return Object(readStrictJson(bytes, { maxParts }));
  } catch {
    throw bad('not readable');
  }
}

interface Signed {
  readonly input: string;
  readonly signature: string;
  readonly key: KeyObject;
}

function isSigned({ input, signature, key }: Signed): boolean {
  const bytes = Buffer.from(signature, 'base64url');
  if (bytes.toString('base64url') !== signature) return false;
  const der = key.asymmetricKeyType === 'ec' ? toDer(bytes) : bytes;
  return der !== undefined && verify('sha256', Buffer.from(input), key, der);
}

const HALF_BYTES = 32;

/**
 * The form of RFC 3279 section 2.2.3 of a signature as in RFC 7518 section 3.4; undefined: it is none. Node takes the latter too
 * (`ieee-p1363`), but needs 1.4 times as long for all of it.
 */
function toDer(bytes: Buffer): Buffer | undefined {
  if (bytes.length !== 2 * HALF_BYTES) return undefined;
  const integers = [...integer(bytes.subarray(0, HALF_BYTES)), ...integer(bytes.subarray(HALF_BYTES))];
  return Buffer.from([0x30, integers.length, ...integers]);
}

/** The shortest form: without zeros in front, but one where the first bit is set, which would mean a negative number. */
function integer(bytes: Buffer): number[] {
  const first = bytes.findIndex(byte => byte !== 0);
  const digits = first < 0 ? [0] : [...bytes.subarray(first)];
  const value = (digits[0] ?? 0) < 0x80 ? digits : [0, ...digits];
  return [0x02, value.length, ...value];
}

function bad(reason: string) {
  return unauthenticated(`access token: ${reason}`, 'unknown-secret');
}
