/** What each change of a ring reports and writes, with keys in memory: who signs, what came and went, when it ends. */
import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { LEAF_LEAD_SECONDS, LEAF_SECONDS } from '../../lib/domain/key-ring.ts';
import type { Service } from '../../lib/domain/service.ts';
import { DAY_SECONDS, HOUR_SECONDS } from '../../lib/domain/time.ts';
import type { KeyFile, KeyStore } from '../../lib/signing/key-store.ts';
import { readPublicDocument } from '../../lib/signing/publication.ts';
import { readRingDocument } from '../../lib/signing/ring.ts';
import { ringRotation } from '../../lib/signing/ring-rotation.ts';
import { KID, NOW, X5C } from './context.ts';

/** Certificates are backdated by five minutes. */
const ROOT_END = NOW - 300 + 3652 * DAY_SECONDS;
const leafEnd = (start: number) => start - 300 + LEAF_SECONDS;
const LEAF_DUE = NOW + 7 * DAY_SECONDS - HOUR_SECONDS;

/** The rotation of one service, its files, and what it has written, in order. */
function world(service: Service) {
  const files = new Map<KeyFile, string>();
  const written: [KeyFile, string[]][] = [];
  const read = async (file: KeyFile) => files.get(file);
  const kids = (file: KeyFile) => {
    const text = files.get(file) ?? '';
    if (file === 'root.json') return [];
    return file === 'ring.json'
      ? readRingDocument(text, service.name).keys.map(({ kid }) => kid)
      : readPublicDocument(text, service).keys.map(({ jwk }) => jwk.kid);
  };
  const store: KeyStore = {
    read: (_, file) => read(file),
    transaction: (_, work) =>
      work({
        read,
        write: async (file, text) => {
          files.set(file, text);
          written.push([file, kids(file)]);
        },
      }),
  };
  const { maintain, activate, replace } = ringRotation(store);
  return {
    files,
    written,
    kids: () => kids('ring.json'),
    roots: () =>
      (readPublicDocument(files.get('public.json') ?? '', service).bundle ?? '').split(/(?=-----BEGIN)/),
    maintain: (now: number) => maintain(service, now),
    activate: (now: number) => activate(service, now),
    replace: (now: number) => replace(service, now),
  };
}

describe('a ring with certificates', () => {
  const common = { service: X5C.name, added: [], removed: [], rootEndsAt: ROOT_END };

  it('begins with a root and a leaf, which is published before it is in the ring', async () => {
    const { maintain, kids, written, roots } = world(X5C);
    const report = await maintain(NOW);
    const [leaf = ''] = kids();
    expect(report).toEqual({ ...common, signs: leaf, added: [leaf], keyEndsAt: leafEnd(NOW) });
    expect(written).toEqual([
      ['root.json', []],
      ['public.json', [leaf]],
      ['ring.json', [leaf]],
    ]);
    expect(roots().map(pem => new X509Certificate(pem).subject)).toEqual([
      `CN=Pullpass root for ${X5C.name}`,
    ]);
  });

  it('that needs nothing is not written, and its report has no news', async () => {
    const { maintain, kids, written } = world(X5C);
    await maintain(NOW);
    const { length } = written;
    expect(await maintain(NOW + 1)).toEqual({ ...common, signs: kids()[0], keyEndsAt: leafEnd(NOW) });
    expect(written).toHaveLength(length);
  });

  it('gets its next leaf an hour before that signs, and drops the first when its tokens are over', async () => {
    const { maintain, kids } = world(X5C);
    await maintain(NOW);
    const [first = ''] = kids();
    expect((await maintain(LEAF_DUE - 1)).added).toEqual([]);
    const report = await maintain(LEAF_DUE);
    const [next = ''] = kids();
    expect(report).toEqual({ ...common, signs: first, added: [next], keyEndsAt: leafEnd(NOW) });
    const start = NOW + 7 * DAY_SECONDS;
    expect(await maintain(start)).toEqual({ ...common, signs: next, keyEndsAt: leafEnd(start) });
    expect(await maintain(leafEnd(NOW))).toMatchObject({ signs: next, removed: [] });
    expect(kids()).not.toContain(first);
  });

  it('that is activated gets a leaf at once, and an upcoming one is removed', async () => {
    const { maintain, activate, kids } = world(X5C);
    await maintain(NOW);
    await maintain(LEAF_DUE);
    const [upcoming = '', first] = kids();
    const report = await activate(LEAF_DUE);
    const [leaf = ''] = kids();
    expect(report).toEqual({
      ...common,
      ...{ signs: leaf, added: [leaf], removed: [upcoming], keyEndsAt: leafEnd(LEAF_DUE) },
    });
    expect(kids()).toEqual([leaf, first]);
  });

  it('that is replaced has another root, and nothing of before', async () => {
    const { maintain, replace, kids, roots, written } = world(X5C);
    await maintain(NOW);
    const [[first = ''], [root]] = [kids(), roots()];
    written.length = 0;
    const report = await replace(NOW + 60);
    const [leaf = ''] = kids();
    expect(report).toEqual({
      ...{ service: X5C.name, signs: leaf, added: [leaf], removed: [first] },
      ...{ keyEndsAt: leafEnd(NOW + 60), rootEndsAt: ROOT_END + 60 },
    });
    expect(roots()).toHaveLength(1);
    expect(roots()).not.toContain(root);
    expect(written).toEqual([
      ['root.json', []],
      ['public.json', [leaf, first]],
      ['ring.json', [leaf]],
      ['public.json', [leaf]],
    ]);
  });

  it.each(['maintain', 'activate'] as const)(
    'drops leaves that its root has not certified: %s',
    async act => {
      const [made, other] = [world(X5C), world(X5C)];
      await made.maintain(NOW);
      await other.maintain(NOW);
      const [first = ''] = made.kids();
      made.files.set('root.json', other.files.get('root.json') ?? '');
      const report = await made[act](NOW + 1);
      expect([report.removed, report.added]).toEqual([[first], made.kids()]);
      expect(made.kids()).toHaveLength(1);
    },
  );

  it('that belongs to another service is not touched', async () => {
    const { maintain, files, written } = world(X5C);
    await maintain(NOW);
    const { length } = written;
    const root = files.get('root.json') ?? '';
    const refused: [string, string][] = [
      [root.replace(X5C.name, 'other'), `the root of ${X5C.name}: belongs to another service`],
      ['{', `the root of ${X5C.name}: not JSON`],
      [JSON.stringify({ ...JSON.parse(root), certificates: [] }), 'not valid at certificates.0'],
    ];
    for (const [text, message] of refused) {
      files.set('root.json', text);
      await expect(maintain(NOW + 1)).rejects.toThrow(message);
    }
    files.set('root.json', root);
    files.set('ring.json', (files.get('ring.json') ?? '').replace(X5C.name, 'other'));
    await expect(maintain(NOW + 1)).rejects.toThrow(`the ring of ${X5C.name}: belongs to another service`);
    expect(written).toHaveLength(length);
  });
});

describe('the root of a ring', () => {
  /** The last moment at which it certifies a leaf that does not outlive it. */
  const LAST = ROOT_END - LEAF_LEAD_SECONDS - LEAF_SECONDS;

  it('certifies as long as it outlives a leaf, and then has a successor that stands before it', async () => {
    const { maintain, kids, roots } = world(X5C);
    await maintain(NOW);
    expect((await maintain(LAST)).rootEndsAt).toBe(ROOT_END);
    const [[first], [leaf]] = [roots(), kids()];
    expect(await maintain(LAST + 1)).toMatchObject({ removed: [], rootEndsAt: LAST + 1 - NOW + ROOT_END });
    expect(kids()).toContain(leaf);
    const [newest, ...former] = roots();
    expect([newest === first, former]).toEqual([false, [first]]);
    for (const pem of roots())
      expect(pem).toMatch(/^-----BEGIN CERTIFICATE-----\n[^-]+-----END CERTIFICATE-----\n$/);
  });

  it.each([
    [ROOT_END - 1, 2],
    [ROOT_END, 1],
  ])('stays in the bundle until it ends: at %i there are %i', async (now, count) => {
    const { maintain, roots } = world(X5C);
    await maintain(NOW);
    await maintain(now);
    expect(roots()).toHaveLength(count);
  });

  it.each([
    [NOW - 300, 1],
    [NOW - 301, 2],
  ])('that begins in the future is not used: at %i there are %i', async (now, count) => {
    const { maintain, roots } = world(X5C);
    await maintain(NOW);
    await maintain(now);
    expect(roots()).toHaveLength(count);
  });
});

describe('a ring without certificates', () => {
  const common = { service: KID.name, added: [], removed: [], keyEndsAt: null, rootEndsAt: null };

  it('begins with a key that signs and its successor, and has no bundle', async () => {
    const { maintain, kids, files } = world(KID);
    const report = await maintain(NOW);
    const [successor, first] = kids();
    expect(report).toEqual({ ...common, signs: first, added: [successor, first] });
    expect(readPublicDocument(files.get('public.json') ?? '', KID).bundle).toBeNull();
    expect(await maintain(NOW + 1)).toEqual({ ...common, signs: first });
  });

  it('that is activated signs with the successor, gets another, and keeps the former key for its tokens', async () => {
    const { maintain, activate, kids } = world(KID);
    await maintain(NOW);
    const [successor, first] = kids();
    const report = await activate(NOW + 1);
    const [next] = kids();
    expect(report).toEqual({ ...common, signs: successor, added: [next] });
    expect(kids()).toEqual([next, successor, first]);
    expect((await maintain(NOW + 2 * HOUR_SECONDS)).removed).toEqual([]);
    expect(kids()).toEqual([next, successor]);
  });

  it('that is replaced has two new keys, and publishes the old ones until the ring is written', async () => {
    const { maintain, replace, kids, written } = world(KID);
    await maintain(NOW);
    const old = kids();
    written.length = 0;
    const report = await replace(NOW + 60);
    const [successor, first] = kids();
    expect(report).toEqual({ ...common, signs: first, added: [successor, first], removed: old });
    expect(written).toEqual([
      ['public.json', [successor, first, ...old]],
      ['ring.json', [successor, first]],
      ['public.json', [successor, first]],
    ]);
  });
});
