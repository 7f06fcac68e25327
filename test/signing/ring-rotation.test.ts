/** Rotation of the ring of a service: its keys over time, several processes at once, and a changed configuration. */
import { readdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LONGEST_TOKEN_SECONDS } from '../../lib/domain/key-ring.ts';
import type { Service } from '../../lib/domain/service.ts';
import { activateKey, maintainRing } from '../../lib/signing/ring-rotation.ts';
import { claimsFor, context, headerOf, KID, KID_RSA, NOW, X5C, X5C_RSA } from './context.ts';
import { keysOf, kidAt, signEveryHour } from './rotation.ts';
import { verifyByChain, verifyByKeySet } from './verifiers.ts';

const DAY = 86_400;
const HOUR = 3600;

describe('the ring of a service', () => {
  it.for([X5C, X5C_RSA, KID, KID_RSA])(
    'is the same however often it is maintained: $profile $algorithm',
    async s => {
      const g = await context([s]);
      await maintainRing(s, g.directory, NOW);
      const [text, { mtimeNs }] = [
        await g.textOf(s, 'ring.json'),
        await stat(g.pathOf(s, 'ring.json'), { bigint: true }),
      ];
      for (const later of [0, 1, 60, 3600]) await maintainRing(s, g.directory, NOW + later);
      expect(await g.textOf(s, 'ring.json')).toBe(text);
      expect((await stat(g.pathOf(s, 'ring.json'), { bigint: true })).mtimeNs).toBe(mtimeNs);
    },
  );

  it('is readable by its owner alone, under any umask', async () => {
    const g = await context([X5C]);
    await maintainRing(X5C, g.directory, NOW);
    const modes = await Promise.all(
      (['ring.json', 'root.json', 'public.json'] as const).map(async file => {
        return ((await stat(g.pathOf(X5C, file))).mode & 0o777).toString(8);
      }),
    );
    expect(modes).toEqual(['600', '600', '644']);
    expect(await readdir(dirname(g.pathOf(X5C, 'ring.json')))).toEqual([
      'lock.1',
      'public.json',
      'ring.json',
      'root.json',
    ]);
  });

  it.for([X5C, KID])(
    'is made once when several processes start at the same time: $profile',
    async service => {
      const g = await context([service]);
      const start = async () => {
        await maintainRing(service, g.directory, NOW);
        return g.textOf(service, 'ring.json');
      };
      const seen = await Promise.all(Array.from({ length: 4 }, start));
      expect(new Set(seen).size).toBe(1);
      await g.fresh().signer.sign(claimsFor(service, NOW), NOW);
    },
  );

  it('loses no rotation to maintenance at the same time', async () => {
    const g = await context([KID]);
    await maintainRing(KID, g.directory, NOW);
    const successor = (await keysOf(g, KID)).find(key => key.useFrom === null)?.kid;
    const beside = Array.from({ length: 5 }, () => maintainRing(KID, g.directory, NOW));
    await Promise.all([...beside.slice(2), activateKey(KID, g.directory, NOW), ...beside.slice(0, 2)]);
    expect(await kidAt(g, KID, NOW)).toBe(successor);
  });

  it.for([
    [X5C, { ...X5C, algorithm: 'RS256' }],
    [X5C, { ...X5C, profile: 'kid' }],
    [KID, { ...KID, profile: 'x5c' }],
    [KID, { ...KID, algorithm: 'RS256' }],
  ] as [Service, Service][])('is replaced when the configuration changes', async ([before, after]) => {
    const g = await context([after]);
    await maintainRing(before, g.directory, NOW);
    await maintainRing(after, g.directory, NOW + 1);
    const header = headerOf(await g.fresh().signer.sign(claimsFor(after, NOW + 1), NOW + 1));
    expect([header.alg, 'x5c' in header]).toEqual([after.algorithm, after.profile === 'x5c']);
  });

  it('keeps its root when only the algorithm changes', async () => {
    const g = await context([X5C]);
    await maintainRing(X5C, g.directory, NOW);
    const bundle = await g.bundleOf(X5C);
    const changed: Service = { ...X5C, algorithm: 'RS256' };
    await maintainRing(changed, g.directory, NOW);
    expect(await g.bundleOf(changed)).toBe(bundle);
  });

  it.for([
    ['no JSON', '{"privateKey": SENTINEL}'],
    ['cut off', '{"version":1,"service":"registry.example","privateKey":"SENTINEL'],
    [
      'with a member too many',
      '{"version":1,"service":"SENTINEL","profile":"x5c","algorithm":"ES256","keys":[],"more":1}',
    ],
    [
      'of another service',
      '{"version":1,"service":"SENTINEL","profile":"x5c","algorithm":"ES256","keys":[]}',
    ],
  ] as const)('is not changed, and not quoted, when it is %s', async ([, text]) => {
    const g = await context([X5C]);
    await maintainRing(X5C, g.directory, NOW);
    await writeFile(g.pathOf(X5C, 'ring.json'), text);
    const error = await maintainRing(X5C, g.directory, NOW).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(Error);
    expect(String(error)).not.toContain('SENTINEL');
    expect(await g.textOf(X5C, 'ring.json')).toBe(text);
  });
});

describe('a ring of the x5c profile', () => {
  it('signs for 9 days what the bundle and an older key set verify, though maintenance stops for 5 days', async () => {
    const kids = await signEveryHour({ days: 9, stoppedFrom: 1, stoppedUntil: 6 });
    expect(kids.size).toBe(2);
  });

  it('brings a new leaf into use at once, and removes the upcoming one', async () => {
    const g = await context([X5C]);
    await maintainRing(X5C, g.directory, NOW);
    const due = NOW + 7 * DAY - HOUR;
    await maintainRing(X5C, g.directory, due);
    const before = await keysOf(g, X5C);
    expect(before).toHaveLength(2);
    await activateKey(X5C, g.directory, due);
    await activateKey(X5C, g.directory, due);
    const kid = await kidAt(g, X5C, due);
    expect(before.map(key => key.kid)).not.toContain(kid);
    expect((await keysOf(g, X5C))[0]?.kid).toBe(kid);
    expect(await kidAt(g, X5C, due + 2 * HOUR)).toBe(kid);
  });

  it('does not replace a root that was lost, and says what to do', async () => {
    const g = await context([X5C]);
    await maintainRing(X5C, g.directory, NOW);
    await rm(g.pathOf(X5C, 'root.json'));
    await expect(maintainRing(X5C, g.directory, NOW + 1)).rejects.toThrow(/restore root.json/);
    await g.fresh().signer.sign(claimsFor(X5C, NOW + 1), NOW + 1);
  });

  it('has a new root before the old one ends, with both in the bundle', async () => {
    const g = await context([X5C]);
    await maintainRing(X5C, g.directory, NOW);
    const last = NOW + 3652 * DAY - 14 * DAY;
    await maintainRing(X5C, g.directory, last);
    const text = await g.bundleOf(X5C);
    expect(text.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
    const token = await g.fresh().signer.sign(claimsFor(X5C, last), last);
    await verifyByChain(
      token,
      { text, directory: g.path },
      { audience: X5C.name, algorithm: 'ES256', now: last },
    );
  });
});

describe('a ring of the kid profile', () => {
  it('publishes exactly one successor beside the key that signs', async () => {
    const g = await context([KID]);
    await maintainRing(KID, g.directory, NOW);
    expect((await keysOf(g, KID)).map(({ useFrom, dropAfter }) => ({ useFrom, dropAfter }))).toEqual([
      { useFrom: null, dropAfter: null },
      { useFrom: NOW, dropAfter: null },
    ]);
    expect((await g.fresh().publication.jwks(KID.name, NOW)).keys).toHaveLength(2);
  });

  it('never rotates by itself', async () => {
    const g = await context([KID]);
    await maintainRing(KID, g.directory, NOW);
    const text = await g.textOf(KID, 'ring.json');
    await maintainRing(KID, g.directory, NOW + 900 * DAY);
    expect(await g.textOf(KID, 'ring.json')).toBe(text);
  });

  it('activates the published successor, and keeps the old key while its tokens are valid', async () => {
    const g = await context([KID]);
    await maintainRing(KID, g.directory, NOW);
    const known = await g.fresh().publication.jwks(KID.name, NOW);
    const [successor, first] = (await keysOf(g, KID)).map(key => key.kid);
    const running = g.fresh().signer;
    await running.sign(claimsFor(KID, NOW), NOW);
    const at = NOW + DAY;
    const late = await running.sign(claimsFor(KID, at - 1), at - 1);
    await activateKey(KID, g.directory, at);

    const token = await g.fresh().signer.sign(claimsFor(KID, at), at);
    expect(headerOf(token).kid).toBe(successor);
    await verifyByKeySet(token, known, { audience: KID.name, algorithm: 'ES256', now: at });
    const stillKept = at + LONGEST_TOKEN_SECONDS;
    await maintainRing(KID, g.directory, stillKept);
    const published = await g.fresh().publication.jwks(KID.name, stillKept);
    expect(published.keys.map(key => key.kid)).toEqual([expect.any(String), successor, first]);
    await verifyByKeySet(late, published, { audience: KID.name, algorithm: 'ES256', now: at });
    await maintainRing(KID, g.directory, at + 2 * HOUR);
    expect((await keysOf(g, KID)).map(key => key.kid)).not.toContain(first);
  });

  it('signs with the newest key when it is rotated twice in a second', async () => {
    const g = await context([KID]);
    await maintainRing(KID, g.directory, NOW);
    await activateKey(KID, g.directory, NOW);
    const next = (await keysOf(g, KID))[0]?.kid;
    await activateKey(KID, g.directory, NOW);
    expect(await kidAt(g, KID, NOW)).toBe(next);
  });
});
