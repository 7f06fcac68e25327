/** The published keys and bundles: never a private key, and never a key whose time is over. */
import { writeFile } from 'node:fs/promises';
import { calculateJwkThumbprint, type JWK } from 'jose';
import { describe, expect, it } from 'vitest';
import type { Service } from '../../lib/domain/service.ts';
import type { PublicDocument } from '../../lib/signing/publication.ts';
import { activateKey, maintainRing } from '../../lib/signing/ring-rotation.ts';
import { claimsFor, context, headerOf, KID, KID_RSA, NOW, X5C, X5C_RSA } from './context.ts';

const SERVICES = [X5C, X5C_RSA, KID, KID_RSA];
const DAY = 86_400;

function withMember(document: PublicDocument, member: object): object {
  return { ...document, keys: document.keys.map(key => ({ ...key, jwk: { ...key.jwk, ...member } })) };
}

describe('what is published', () => {
  it.for(SERVICES)(
    'holds the public half of each key, named by its thumbprint: $profile $algorithm',
    async s => {
      const { directory, fresh } = await context(SERVICES);
      await maintainRing(s, directory, NOW);
      await activateKey(s, directory, NOW);
      const { keys } = await fresh().publication.jwks(s.name, NOW);
      expect(keys.length).toBeGreaterThan(1);
      const material = s.algorithm === 'ES256' ? ['crv', 'x', 'y'] : ['e', 'n'];
      for (const key of keys) {
        expect(new Set(Object.keys(key))).toEqual(new Set(['alg', 'kid', 'kty', 'use', ...material]));
        expect(key).toMatchObject({ use: 'sig', alg: s.algorithm });
        expect(key.kid).toBe(await calculateJwkThumbprint(key as JWK));
      }
    },
  );

  it.for([X5C, X5C_RSA])('never holds a private key: $algorithm', async service => {
    const { directory, fresh, textOf } = await context(SERVICES);
    await maintainRing(service, directory, NOW);
    const { publication } = fresh();
    const published = JSON.stringify([
      await publication.jwks(service.name, NOW),
      await publication.rootCertBundle(service.name, NOW),
    ]);
    expect(published).not.toContain('PRIVATE');
    for (const file of ['ring.json', 'root.json'] as const) {
      const secrets = (await textOf(service, file)).match(/(?<=\\n)[A-Za-z0-9+/=]{40,}(?=\\n)/g) ?? [];
      expect(secrets.length).toBeGreaterThan(0);
      for (const secret of secrets) expect(published).not.toContain(secret);
    }
  });

  it.for(SERVICES)('names the key that signs, before and after a rotation: $profile $algorithm', async s => {
    const { directory, fresh } = await context(SERVICES);
    await maintainRing(s, directory, NOW);
    const later = NOW + DAY;
    const kidsAt = async (now: number) => {
      const { publication, signer } = fresh();
      const { kid } = headerOf(await signer.sign(claimsFor(s, now), now));
      const { keys } = await publication.signingKey(s.name, 'current', now);
      expect(keys.map(key => key.kid)).toEqual([kid]);
      const next = await publication.signingKey(s.name, 'next', now);
      return { kid, next: next.keys.map(key => key.kid) };
    };
    const before = await kidsAt(NOW);
    expect(before.next).toHaveLength(s.profile === 'kid' ? 1 : 0);
    await activateKey(s, directory, later);
    const after = await kidsAt(later);
    expect(after.kid).not.toBe(before.kid);
    if (s.profile === 'kid') expect([after.kid]).toEqual(before.next);
  });

  it('names no key that signs where none can', async () => {
    const { directory, fresh } = await context([X5C]);
    await maintainRing(X5C, directory, NOW);
    const late = NOW + 14 * DAY;
    await expect(fresh().publication.signingKey(X5C.name, 'current', late)).rejects.toMatchObject({
      code: 'unavailable',
    });
    await expect(fresh().publication.signingKey('nowhere', 'next', NOW)).rejects.toMatchObject({
      code: 'not-found',
    });
  });

  it('omits a key when its time is over, without a write', async () => {
    const { directory, fresh, textOf } = await context([X5C]);
    await maintainRing(X5C, directory, NOW);
    await activateKey(X5C, directory, NOW + DAY);
    const text = await textOf(X5C, 'public.json');
    const kidsAt = async (now: number) => (await fresh().publication.jwks(X5C.name, now)).keys.length;
    const over = NOW + 14 * DAY - 300;
    expect([await kidsAt(over - 1), await kidsAt(over), await kidsAt(over + DAY)]).toEqual([2, 1, 0]);
    expect(await textOf(X5C, 'public.json')).toBe(text);
  });

  it.each<[string, Service, (document: PublicDocument) => object]>([
    ['holds a private member', X5C, document => withMember(document, { d: 'SENTINEL' })],
    ['holds a private member of RSA', X5C_RSA, document => withMember(document, { p: 'SENTINEL' })],
    ['holds a key of another algorithm', X5C_RSA, document => withMember(document, { alg: 'ES256' })],
    ['holds something more', X5C, document => ({ ...document, privateKey: 'SENTINEL' })],
    ['is of another service', X5C, document => ({ ...document, service: 'SENTINEL' })],
    ['is of another profile', X5C, document => ({ ...document, profile: 'kid' })],
    ['is of another algorithm', X5C, document => ({ ...document, algorithm: 'RS256' })],
    ['lacks its certificates', X5C, document => ({ ...document, bundle: null })],
  ])('is not a document that %s', async (what, service, change) => {
    const { directory, fresh, pathOf, publicOf } = await context([service]);
    await maintainRing(service, directory, NOW);
    await writeFile(pathOf(service, 'public.json'), JSON.stringify(change(await publicOf(service))));
    const { publication } = fresh();
    const wanted = what.startsWith('lacks')
      ? publication.rootCertBundle(service.name, NOW)
      : publication.jwks(service.name, NOW);
    const error = await wanted.catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'unavailable' });
    expect(String((error as Error).cause)).not.toContain('SENTINEL');
  });

  it('has a bundle for certificates only', async () => {
    const { directory, fresh } = await context(SERVICES);
    await maintainRing(KID, directory, NOW);
    expect(await fresh().publication.rootCertBundle(KID.name, NOW)).toBeUndefined();
  });

  it('is not found for an unknown service, and unavailable before there are keys', async () => {
    const { publication } = (await context([X5C])).fresh();
    const notFound = { code: 'not-found' };
    await expect(publication.jwks('other.example', NOW)).rejects.toMatchObject(notFound);
    await expect(publication.rootCertBundle('other.example', NOW)).rejects.toMatchObject(notFound);
    await expect(publication.jwks(X5C.name, NOW)).rejects.toMatchObject({ code: 'unavailable' });
    await expect(publication.rootCertBundle(X5C.name, NOW)).rejects.toMatchObject({ code: 'unavailable' });
  });
});
