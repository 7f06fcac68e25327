/** Access tokens verify by what is published, for every profile and algorithm. */
import { chmod, rm } from 'node:fs/promises';
import { decodeJwt } from 'jose';
import { describe, expect, it, vi } from 'vitest';
import { accessTokenClaims, MAX_ACCESS_TOKEN_BYTES } from '../../lib/domain/access-token.ts';
import { cachedRings } from '../../lib/signing/ring.ts';
import { activateKey, maintainRing } from '../../lib/signing/ring-rotation.ts';
import { accessTokenSigner } from '../../lib/signing/signer.ts';
import { claimsFor, context, headerOf, KID, KID_RSA, NOW, X5C, X5C_RSA } from './context.ts';
import { verifyByChain, verifyByKeySet } from './verifiers.ts';

const SERVICES = [X5C, X5C_RSA, KID, KID_RSA];

describe('an access token', () => {
  it.for(SERVICES)('verifies by the published keys: $profile $algorithm', async service => {
    const { directory, fresh } = await context(SERVICES);
    await maintainRing(service, directory, NOW);
    const { signer, publication } = fresh();
    const claims = claimsFor(service, NOW);
    const token = await signer.sign(claims, NOW);
    const expected = { audience: service.name, algorithm: service.algorithm, now: NOW };
    expect(await verifyByKeySet(token, await publication.jwks(service.name, NOW), expected)).toEqual(claims);
  });

  it.for([X5C, X5C_RSA])('verifies by the bundle and the leaf it carries: $algorithm', async service => {
    const { directory, fresh, path } = await context(SERVICES);
    await maintainRing(service, directory, NOW);
    const { signer, publication } = fresh();
    const claims = claimsFor(service, NOW);
    const token = await signer.sign(claims, NOW);
    const text = (await publication.rootCertBundle(service.name, NOW)) ?? '';
    const expected = { audience: service.name, algorithm: service.algorithm, now: NOW };
    expect(await verifyByChain(token, { text, directory: path }, expected)).toEqual(claims);
  });

  it.for(SERVICES)('has a header without a key of its own: $profile $algorithm', async service => {
    const { directory, fresh, textOf } = await context(SERVICES);
    await maintainRing(service, directory, NOW);
    const header = headerOf(await fresh().signer.sign(claimsFor(service, NOW), NOW));
    const names = service.profile === 'x5c' ? ['alg', 'typ', 'kid', 'x5c'] : ['alg', 'typ', 'kid'];
    expect(Object.keys(header)).toEqual(names);
    expect(header).toMatchObject({ alg: service.algorithm, typ: 'JWT' });
    const kids = (JSON.parse(await textOf(service, 'ring.json')) as { keys: { kid: string }[] }).keys.map(
      k => k.kid,
    );
    expect(kids).toContain(header.kid);
  });

  it('names its audience as one string', async () => {
    const { directory, fresh } = await context(SERVICES);
    await maintainRing(X5C, directory, NOW);
    expect(decodeJwt(await fresh().signer.sign(claimsFor(X5C, NOW), NOW)).aud).toBe(X5C.name);
  });

  it.for(SERVICES)('has at most 30 000 bytes for the longest grant: $profile $algorithm', async service => {
    const { directory, fresh } = await context(SERVICES);
    await maintainRing(service, directory, NOW);
    const granted = Array.from({ length: 100 }, (_, i) => ({
      type: 'repository' as const,
      name: `team-a/${i}-`.padEnd(255, 'a'),
      actions: ['delete', 'pull', 'push'] as const,
    }));
    const issuance = {
      issuer: 'https://x.test',
      service: service.name,
      subject: 'token:1',
      granted,
      jti: 'j',
    };
    const token = await fresh().signer.sign(accessTokenClaims(issuance, 300, NOW), NOW);
    expect(token.length).toBeLessThanOrEqual(MAX_ACCESS_TOKEN_BYTES);
    expect(token.length).toBeGreaterThan(MAX_ACCESS_TOKEN_BYTES - 4_000);
  });
});

describe('signing', () => {
  it('needs no key of the root', async () => {
    const { directory, fresh, pathOf } = await context(SERVICES);
    await maintainRing(X5C, directory, NOW);
    await rm(pathOf(X5C, 'root.json'));
    await rm(pathOf(X5C, 'public.json'));
    await expect(fresh().signer.sign(claimsFor(X5C, NOW), NOW)).resolves.toMatch(/^ey/);
  });

  it('refuses a service that is not configured', async () => {
    const { directory, fresh } = await context([X5C]);
    await maintainRing(KID, directory, NOW);
    await expect(fresh().signer.sign(claimsFor(KID, NOW), NOW)).rejects.toMatchObject({
      code: 'unknown-service',
    });
  });

  it('is unavailable without a ring, and when every key of the ring is too old', async () => {
    const { directory, fresh } = await context(SERVICES);
    const { signer } = fresh();
    const unavailable = { code: 'unavailable' };
    await expect(signer.sign(claimsFor(X5C, NOW), NOW)).rejects.toMatchObject(unavailable);
    await maintainRing(X5C, directory, NOW);
    const late = NOW + 14 * 86_400;
    await expect(signer.sign(claimsFor(X5C, late), late)).rejects.toMatchObject(unavailable);
  });

  it('is unavailable with the ring of another profile than the configuration wants', async () => {
    const { directory, fresh } = await context([{ ...X5C, profile: 'kid' }]);
    await maintainRing(X5C, directory, NOW);
    await expect(fresh().signer.sign(claimsFor(X5C, NOW), NOW)).rejects.toMatchObject({
      code: 'unavailable',
    });
  });
});

describe('a cached ring', () => {
  it('is read again within a minute, used for half an hour while it cannot be read, and then unavailable', async () => {
    const { directory, fresh, pathOf } = await context([KID]);
    await maintainRing(KID, directory, NOW);
    const { signer } = fresh();
    const signAt = (now: number) => signer.sign(claimsFor(KID, now), now);
    await signAt(NOW);
    await rm(pathOf(KID, 'ring.json'));
    await signAt(NOW + 59);
    await signAt(NOW + 1799);
    await expect(signAt(NOW + 1810)).rejects.toMatchObject({ code: 'unavailable' });
    await maintainRing(KID, directory, NOW + 1820);
    await signAt(NOW + 1820);
  });

  it('has a new key within a minute, and is read again soon after a failure', async () => {
    const { directory, fresh, pathOf } = await context([KID]);
    await maintainRing(KID, directory, NOW);
    const { signer } = fresh();
    const kidAt = async (now: number) => headerOf(await signer.sign(claimsFor(KID, now), now)).kid;
    const first = await kidAt(NOW);
    await rm(pathOf(KID, 'ring.json'));
    await maintainRing(KID, directory, NOW + 1);
    expect(await kidAt(NOW + 29)).toBe(first);
    await chmod(pathOf(KID, 'ring.json'), 0o600);
    const second = await kidAt(NOW + 60);
    expect(second).not.toBe(first);
  });

  it('in a secret, of a service whose leaves rotate by themselves, is read beside a login after five minutes, and before one after ten', async () => {
    const { directory } = await context([X5C]);
    await maintainRing(X5C, directory, NOW);
    const rings = cachedRings({ ...directory, isRemote: true });
    const signer = accessTokenSigner({ services: [X5C], rings });
    const kidAt = async (now: number) => headerOf(await signer.sign(claimsFor(X5C, now), now)).kid;
    const first = await kidAt(NOW);
    const { signs: second } = await activateKey(X5C, directory, NOW + 1);
    expect([await kidAt(NOW + 299), await kidAt(NOW + 300)]).toEqual([first, first]);
    await vi.waitFor(async () => expect(await kidAt(NOW + 301)).toBe(second));
    const { signs: third } = await activateKey(X5C, directory, NOW + 302);
    expect(await kidAt(NOW + 301 + 600)).toBe(third);
  });

  it('is read once for calls at the same time', async () => {
    const { directory } = await context([KID]);
    await maintainRing(KID, directory, NOW);
    let reads = 0;
    const counting = cachedRings({
      read: (service, file) => {
        reads++;
        return directory.read(service, file);
      },
    });
    await Promise.all(Array.from({ length: 20 }, () => counting(KID, NOW)));
    expect(reads).toBe(1);
  });
});
