import { calculateJwkThumbprint, type JWK } from 'jose';
import { describe, expect, it } from 'vitest';
import { maintainRing, rotateNow } from '../../lib/signing/maintenance.ts';
import { ground, KID, KID_RSA, NOW, X5C, X5C_RSA } from './ground.ts';

const SERVICES = [X5C, X5C_RSA, KID, KID_RSA];

describe('what is published', () => {
  it.for(SERVICES)(
    'holds the public half of each key, named by its thumbprint: $profile $algorithm',
    async s => {
      const { directory, fresh } = await ground(SERVICES);
      await maintainRing(s, directory, NOW);
      await rotateNow(s, directory, NOW);
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
    const { directory, fresh, textOf } = await ground(SERVICES);
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

  it('has a bundle for certificates only', async () => {
    const { directory, fresh } = await ground(SERVICES);
    await maintainRing(KID, directory, NOW);
    expect(await fresh().publication.rootCertBundle(KID.name, NOW)).toBeUndefined();
  });

  it('is nothing for a service that is not configured, and unavailable before there are keys', async () => {
    const { publication } = (await ground([X5C])).fresh();
    const notFound = { code: 'not-found' };
    await expect(publication.jwks('other.example', NOW)).rejects.toMatchObject(notFound);
    await expect(publication.rootCertBundle('other.example', NOW)).rejects.toMatchObject(notFound);
    await expect(publication.jwks(X5C.name, NOW)).rejects.toMatchObject({ code: 'unavailable' });
    await expect(publication.rootCertBundle(X5C.name, NOW)).rejects.toMatchObject({ code: 'unavailable' });
  });
});
