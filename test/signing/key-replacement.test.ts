/** The emergency: keys that may be known to others are worth nothing any more. */
import { rm } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { activateKey, maintainRing, replaceKeys } from '../../lib/signing/ring-rotation.ts';
import { claimsFor, context, KID, NOW, X5C, X5C_RSA } from './context.ts';
import { verifyByChain, verifyByKeySet } from './verifiers.ts';

describe.each([X5C, X5C_RSA, KID])('replaced keys: $profile $algorithm', service => {
  const expected = { audience: service.name, algorithm: service.algorithm, now: NOW + 60 };

  it('are no longer published, and their tokens are refused where the new ones are known', async () => {
    const g = await context([service]);
    await maintainRing(service, g.directory, NOW);
    await activateKey(service, g.directory, NOW + 1);
    const old = await g.fresh().publication.jwks(service.name, NOW + 60);
    const stolen = await g.fresh().signer.sign(claimsFor(service, NOW + 60), NOW + 60);
    const report = await replaceKeys(service, g.directory, NOW + 60);

    const jwks = await g.fresh().publication.jwks(service.name, NOW + 60);
    const kids = old.keys.map(({ kid }) => kid);
    expect(jwks.keys.filter(({ kid }) => kids.includes(kid))).toEqual([]);
    expect(report.removed).toEqual(expect.arrayContaining(kids));
    expect(jwks.keys.map(({ kid }) => kid)).toContain(report.signs);
    await expect(verifyByKeySet(stolen, jwks, expected)).rejects.toThrow();
    const token = await g.fresh().signer.sign(claimsFor(service, NOW + 60), NOW + 60);
    await verifyByKeySet(token, jwks, expected);
  });

  it('stay replaced', async () => {
    const g = await context([service]);
    await maintainRing(service, g.directory, NOW);
    await replaceKeys(service, g.directory, NOW + 60);
    const text = await g.textOf(service, 'public.json');
    await maintainRing(service, g.directory, NOW + 61);
    expect(await g.textOf(service, 'public.json')).toBe(text);
  });
});

it('a root that is replaced certifies nothing that the new bundle trusts, and the new leaf at once', async () => {
  const g = await context([X5C]);
  await maintainRing(X5C, g.directory, NOW);
  const before = { text: await g.bundleOf(X5C), directory: g.path };
  const stolen = await g.fresh().signer.sign(claimsFor(X5C, NOW + 60), NOW + 60);
  await replaceKeys(X5C, g.directory, NOW + 60);
  const after = { text: await g.bundleOf(X5C), directory: g.path };
  const token = await g.fresh().signer.sign(claimsFor(X5C, NOW + 60), NOW + 60);
  const expected = { audience: X5C.name, algorithm: X5C.algorithm, now: NOW + 60 };
  await verifyByChain(stolen, before, expected);
  await verifyByChain(token, after, expected);
  await expect(verifyByChain(stolen, after, expected)).rejects.toThrow();
  await expect(verifyByChain(token, before, expected)).rejects.toThrow();
});

it('a root that was lost can be replaced', async () => {
  const g = await context([X5C]);
  await maintainRing(X5C, g.directory, NOW);
  await rm(g.pathOf(X5C, 'root.json'));
  await expect(maintainRing(X5C, g.directory, NOW + 1)).rejects.toThrow(/replace the keys/);
  await replaceKeys(X5C, g.directory, NOW + 1);
  await maintainRing(X5C, g.directory, NOW + 2);
});
