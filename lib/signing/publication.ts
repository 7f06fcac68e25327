/** What registries verify access tokens with. Nothing here reads a private key. */

import { createPrivateKey, X509Certificate } from 'node:crypto';
import { PullpassError, unavailable } from '../domain/errors.ts';
import { currentKey, nextKey, publishedKeys } from '../domain/key-ring.ts';
import * as v from '../domain/schema.ts';
import type { HeaderProfile, Service, SigningAlgorithm } from '../domain/service.ts';
import { member } from '../domain/strict-json.ts';
import type { KeyPublication } from '../ports/keys.ts';
import { cached, type KeyReader } from './key-store.ts';
import { publicJwk, readDocument, Seconds, writeDocument } from './keys.ts';
import type { KeyDocument } from './ring.ts';

const Named = { kid: v.string(), use: v.literal('sig') };

/** Public members only, by name: a private member in the text is never published. */
const Ec = v.strictObject({
  ...Named,
  alg: v.literal('ES256'),
  kty: v.literal('EC'),
  crv: v.string(),
  x: v.string(),
  y: v.string(),
});
const Rsa = v.strictObject({
  ...Named,
  alg: v.literal('RS256'),
  kty: v.literal('RSA'),
  n: v.string(),
  e: v.string(),
});
const Jwk = v.lazy<v.InferOutput<typeof Ec> | v.InferOutput<typeof Rsa>>(value =>
  member(value, 'alg') === 'RS256' ? Rsa : Ec,
);

const PublicDocument = v.strictObject({
  version: v.literal(1),
  service: v.string(),
  profile: v.picklist(['x5c', 'kid'] satisfies HeaderProfile[]),
  algorithm: v.picklist(['ES256', 'RS256'] satisfies SigningAlgorithm[]),
  keys: v.array(v.strictObject({ useFrom: v.nullable(Seconds), dropAfter: v.nullable(Seconds), jwk: Jwk })),
  /** PEM, the root that certifies now first; null in the profile without certificates. */
  bundle: v.nullable(v.string()),
});

export type PublicDocument = v.InferOutput<typeof PublicDocument>;

/** The public document of these keys and root certificates (DER in base64). */
export function publicText(
  { name, profile, algorithm }: Service,
  keys: readonly KeyDocument[],
  roots: readonly string[],
): string {
  const bundle = roots.map(der => new X509Certificate(Buffer.from(der, 'base64')).toString()).join('');
  return writeDocument({
    version: 1,
    service: name,
    profile,
    algorithm,
    keys: keys.map(({ kid, useFrom, dropAfter, privateKey }) => ({
      useFrom,
      dropAfter,
      jwk: { ...publicJwk(createPrivateKey(privateKey)), kid, use: 'sig', alg: algorithm },
    })),
    bundle: profile === 'x5c' ? bundle : null,
  });
}

/** What `publicText` wrote. Throws for anything else, and for the document of another service, profile or algorithm. */
export function readPublicDocument(text: string, { name, profile, algorithm }: Service): PublicDocument {
  const what = `the public document of ${name}`;
  const document = readDocument(PublicDocument, text, what);
  const isExpected =
    document.service === name && document.profile === profile && document.algorithm === algorithm;
  if (!isExpected) throw new Error(`${what}: of another service, profile or algorithm`);
  return document;
}

/** Publishes the keys of the configured services. Throws `not-found` for other services, `unavailable` without keys. */
export function keyPublication(services: readonly Service[], keys: KeyReader): KeyPublication {
  const byName = new Map(services.map(service => [service.name, service]));
  const documents = cached({ keys, file: 'public.json', parse: readPublicDocument });

  function configured(name: string): Service {
    const service = byName.get(name);
    if (service === undefined) throw new PullpassError('not-found');
    return service;
  }

  return {
    async jwks(name, now) {
      const document = await documents(configured(name), now);
      return { keys: publishedKeys(document.keys, now).map(({ jwk }) => ({ ...jwk })) };
    },
    async signingKey(name, which, now) {
      const { keys: all } = await documents(configured(name), now);
      const key = which === 'current' ? currentKey(all, now) : nextKey(all, now);
      if (key === undefined && which === 'current') throw unavailable(`no usable key for ${name}`);
      return { keys: key === undefined ? [] : [{ ...key.jwk }] };
    },
    async rootCertBundle(name, now) {
      const service = configured(name);
      if (service.profile === 'kid') return undefined;
      const { bundle } = await documents(service, now);
      if (bundle === null) throw unavailable(`no bundle for ${name}`);
      return bundle;
    },
  };
}
