/** The ring of a service: as it is stored, and as it signs. */

import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import type { KeyTimes } from '../domain/key-ring.ts';
import * as v from '../domain/schema.ts';
import type { HeaderProfile, Service, SigningAlgorithm } from '../domain/service.ts';
import { type Cached, cached, type KeyReader } from './key-store.ts';
import { Base64, publicJwk, readDocument, Seconds, thumbprint } from './keys.ts';

const KeyDocument = v.strictObject({
  kid: v.string(),
  useFrom: v.nullable(Seconds),
  dropAfter: v.nullable(Seconds),
  /** PKCS #8, PEM. */
  privateKey: v.string(),
  /** The leaf for `x5c`, DER; empty in the profile without certificates. */
  certificates: v.array(Base64),
});

const RingDocument = v.strictObject({
  version: v.literal(1),
  service: v.string(),
  profile: v.picklist(['x5c', 'kid'] satisfies HeaderProfile[]),
  algorithm: v.picklist(['ES256', 'RS256'] satisfies SigningAlgorithm[]),
  /** Newest first: of two keys that start in the same second, the newer one signs. */
  keys: v.array(KeyDocument),
});

export type KeyDocument = v.InferOutput<typeof KeyDocument>;

export type RingDocument = v.InferOutput<typeof RingDocument>;

/** A key that is ready to sign. */
export interface SigningKey extends KeyTimes {
  readonly privateKey: KeyObject;
  /** The encoded JOSE header: the same for every token of this key. */
  readonly header: string;
}

export interface Ring {
  readonly algorithm: SigningAlgorithm;
  readonly keys: readonly SigningKey[];
}

/** The ring as it is stored. Throws for any other text, and for the ring of another service. */
export function readRingDocument(text: string, service: string): RingDocument {
  const name = `the ring of ${service}`;
  const document = readDocument(RingDocument, text, name);
  if (document.service !== service) throw new Error(`${name}: belongs to another service`);
  return document;
}

/** Whether the ring has the configured profile and algorithm. */
export function fits(document: RingDocument, { profile, algorithm }: Service): boolean {
  return document.profile === profile && document.algorithm === algorithm;
}

/**
 * The ring, ready to sign. Throws unless every key is of the service's algorithm, has its thumbprint as its name,
 * and is certified exactly when the profile says so.
 */
export function readRing(text: string, service: Service): Ring {
  const document = readRingDocument(text, service.name);
  if (!fits(document, service))
    throw new Error(`the ring of ${service.name}: of another profile or algorithm`);
  return { algorithm: service.algorithm, keys: document.keys.map(key => signingKey(key, service)) };
}

function signingKey(document: KeyDocument, { name, profile, algorithm }: Service): SigningKey {
  const { kid, useFrom, dropAfter, certificates } = document;
  const privateKey = createPrivateKey(document.privateKey);
  const sound =
    isOf(algorithm, privateKey) &&
    thumbprint(publicJwk(privateKey)) === kid &&
    isCertified(privateKey, certificates, profile);
  if (!sound)
    throw new Error(`the ring of ${name}: key ${kid} does not match its name, algorithm or certificate`);
  return { useFrom, dropAfter, privateKey, header: encodedHeader(document, profile, algorithm) };
}

function isOf(algorithm: SigningAlgorithm, key: KeyObject): boolean {
  const { namedCurve, modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  if (algorithm === 'ES256') return key.asymmetricKeyType === 'ec' && namedCurve === 'prime256v1';
  return key.asymmetricKeyType === 'rsa' && modulusLength >= 2048;
}

function isCertified(key: KeyObject, certificates: readonly string[], profile: HeaderProfile): boolean {
  if (profile === 'kid') return certificates.length === 0;
  const [leaf, ...others] = certificates.map(der => new X509Certificate(Buffer.from(der, 'base64')));
  return leaf?.checkPrivateKey(key) === true && others.length === 0;
}

/** Never `jwk`, `jku` or `x5u`: with them a token would choose its own key (CVE-2025-24976). */
function encodedHeader(
  { kid, certificates }: KeyDocument,
  profile: HeaderProfile,
  alg: SigningAlgorithm,
): string {
  const header = { alg, typ: 'JWT', kid, ...(profile === 'x5c' ? { x5c: certificates } : {}) };
  return Buffer.from(JSON.stringify(header)).toString('base64url');
}

/** The ring of a service. */
export type Rings = Cached<Ring>;

export function cachedRings(keys: KeyReader): Rings {
  return cached({ keys, file: 'ring.json', parse: readRing });
}
