/** The keys of an issuer: how often they are fetched, and which are used. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type IssuerKeys,
  issuerKeySet,
  KEY_FETCH_INTERVAL_MS,
  KEY_SET_FRESH_MS,
  KEY_SET_USABLE_MS,
  MAX_KEYS,
  readKeySet,
} from '../../lib/iam/issuer-keys.ts';
import { FAULTS, LoopbackIam } from './loopback-iam.ts';
import { NOW_MS, testKey } from './tokens.ts';

const k1 = testKey('k1');
let iam: LoopbackIam;
let keys: IssuerKeys;

beforeEach(async () => {
  iam = await new LoopbackIam().open();
  iam.keys = [k1.jwk];
  keys = issuerKeySet(iam.issuer().keysUrl, { fetchMs: 150 });
});
afterEach(async () => iam.close().catch(() => undefined));

describe('the keys of an issuer', () => {
  it('are fetched once for a thousand callers at once', async () => {
    keys = issuerKeySet(iam.issuer().keysUrl, { waitingForKeys: 1000 });
    const found = await Promise.all(Array.from({ length: 1000 }, () => keys.find('k1', NOW_MS)));
    expect(found.every(key => key !== undefined)).toBe(true);
    expect(iam.requests.keys).toBe(1);
  });

  it('are waited for by so many at once: others are refused, unless their key is known', async () => {
    const crowd = (count: number, kid: string, nowMs = NOW_MS) =>
      Promise.allSettled(Array.from({ length: count }, () => keys.find(kid, nowMs)));
    const first = await crowd(101, 'k1');
    expect(first.map(({ status }) => status)).toEqual([...Array(100).fill('fulfilled'), 'rejected']);
    expect(first.at(-1)).toMatchObject({ reason: { code: 'unavailable' } });
    const unknown = crowd(100, 'k2', NOW_MS + KEY_FETCH_INTERVAL_MS);
    expect(await keys.find('k1', NOW_MS + KEY_FETCH_INTERVAL_MS)).toBeDefined();
    await unknown;
  });

  it('are fetched once per ten seconds at most under a flood of unknown kids', async () => {
    for (let n = 0; n < 1000; n++) expect(await keys.find(`unknown-${n}`, NOW_MS)).toBeUndefined();
    expect(iam.requests.keys).toBe(1);
    for (let n = 0; n < 1000; n++) await keys.find(`unknown-${n}`, NOW_MS + n * 100);
    expect(iam.requests.keys).toBe(10);
  });

  it('are fetched once per ten seconds at most while the issuer fails', async () => {
    await iam.setFault('keys', '500');
    for (let n = 0; n < 1000; n++) {
      await expect(keys.find('k1', NOW_MS + n * 100)).rejects.toMatchObject({ code: 'unavailable' });
    }
    expect(iam.requests.keys).toBe(10);
  });

  it('are found at most ten seconds after they were published', async () => {
    await keys.find('k1', NOW_MS);
    iam.keys = [k1.jwk, testKey('k2').jwk];
    expect(await keys.find('k2', NOW_MS + KEY_FETCH_INTERVAL_MS - 1)).toBeUndefined();
    expect(await keys.find('k2', NOW_MS + KEY_FETCH_INTERVAL_MS)).toBeDefined();
  });

  it('are not fetched again while they are fresh', async () => {
    await keys.find('k1', NOW_MS);
    await keys.find('k1', NOW_MS + KEY_SET_FRESH_MS - 1);
    expect(iam.requests.keys).toBe(1);
    await keys.find('k1', NOW_MS + KEY_SET_FRESH_MS);
    expect(iam.requests.keys).toBe(2);
  });

  it('are all gone when the issuer publishes none', async () => {
    await keys.find('k1', NOW_MS);
    iam.keys = [];
    expect(await keys.find('k1', NOW_MS + KEY_SET_FRESH_MS)).toBeUndefined();
  });

  it('leave out unknown kinds, other uses and broken keys', async () => {
    iam.keys = [
      testKey('encrypts', { use: 'enc' }).jwk,
      testKey('signs only', { key_ops: ['sign'] }).jwk,
      testKey('has no list of operations', { key_ops: 'verify' }).jwk,
      { kty: 'oct', k: 'AAAA', kid: 'symmetric' },
      { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA', kid: 'broken' },
      testKey('odd', { alg: 7 }).jwk,
      { ...k1.jwk, kid: 7 },
      null,
      k1.jwk,
    ];
    for (const kid of ['encrypts', 'signs only', 'has no list of operations', 'symmetric', 'broken', 'odd']) {
      expect(await keys.find(kid, NOW_MS)).toBeUndefined();
    }
    expect(await keys.find('k1', NOW_MS)).toMatchObject({ key: { type: 'public' } });
  });

  it('are at most 64', async () => {
    iam.keys = Array.from({ length: MAX_KEYS }, (_, n) => ({ ...k1.jwk, kid: `k${n}` }));
    expect(await keys.find('k1', NOW_MS)).toBeDefined();
    iam.keys.push(k1.jwk);
    const others = issuerKeySet(iam.issuer().keysUrl);
    await expect(others.find('k1', NOW_MS)).rejects.toMatchObject({ code: 'unavailable' });
  });
});

describe.each(FAULTS)('an issuer whose keys end in %s', fault => {
  it('gives 503 for unknown keys, and recovers without a restart', async () => {
    await iam.setFault('keys', fault);
    const error = await keys.find('k1', NOW_MS).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'unavailable', details: { retryAfterSeconds: 10 } });
    expect(String(error)).not.toContain('UPSTREAM-TEXT');
    await iam.setFault('keys', undefined);
    expect(await keys.find('k1', NOW_MS + KEY_FETCH_INTERVAL_MS)).toBeDefined();
    expect(await keys.find('unknown', NOW_MS + KEY_FETCH_INTERVAL_MS)).toBeUndefined();
    expect(iam.requests.elsewhere).toBe(0);
  });
});

describe('the log of an issuer without keys', () => {
  it.each([
    ['429', 'the keys were answered with status 429'],
    ['oversize', 'an answer exceeds 102400 bytes'],
    ['garbage', 'The text is not valid JSON.'],
  ] as const)('says of %s: %s', async (fault, message) => {
    await iam.setFault('keys', fault);
    await expect(keys.find('k1', NOW_MS)).rejects.toMatchObject({
      details: { reason: 'the issuer did not give its keys', cause: { message } },
    });
  });
});

describe('a key set', () => {
  const kidsOf = (set: object) => [...readKeySet(Buffer.from(JSON.stringify(set))).keys()];

  it.each<[string, Record<string, unknown>, string[]]>([
    ['says nothing of its use', { use: undefined, key_ops: undefined, alg: undefined }, ['k1']],
    ['is to verify', { use: undefined, key_ops: ['sign', 'verify'] }, ['k1']],
    ['is for signatures', { use: 'sig' }, ['k1']],
    ['is for something else', { use: 'enc' }, []],
    ['is for nothing', { use: '' }, []],
    ['is to sign only', { key_ops: ['sign'] }, []],
    ['has no list of operations', { key_ops: 'verify' }, []],
    ['has an algorithm that is no text', { alg: 7 }, []],
    ['has no name', { kid: undefined }, []],
    ['is broken', { x: 'AA' }, []],
  ])('has a key or not, when it %s', (_, members, expected) => {
    expect(kidsOf({ keys: [{ ...k1.jwk, ...members }] })).toEqual(expected);
  });

  it('says which algorithm a key is for, if it does', () => {
    const keySet = (alg?: string) => readKeySet(Buffer.from(JSON.stringify({ keys: [{ ...k1.jwk, alg }] })));
    expect(keySet('ES256').get('k1')?.algorithm).toBe('ES256');
    expect(keySet().get('k1')).toMatchObject({ algorithm: undefined, key: { type: 'public' } });
  });

  it.each([{}, { keys: {} }, { keys: 'x' }, [], null])('is not %j', set => {
    expect(() => readKeySet(Buffer.from(JSON.stringify(set)))).toThrow(new TypeError('not a JWK set'));
  });
});

describe('an issuer that is down', () => {
  it('has its keys trusted for an hour after its last good answer, and no longer', async () => {
    await keys.find('k1', NOW_MS);
    await iam.setFault('keys', 'refused');
    expect(await keys.find('k1', NOW_MS + KEY_SET_FRESH_MS)).toBeDefined();
    expect(await keys.find('k1', NOW_MS + KEY_SET_USABLE_MS - 1)).toBeDefined();
    await expect(keys.find('k1', NOW_MS + KEY_SET_USABLE_MS)).rejects.toMatchObject({ code: 'unavailable' });
    await iam.setFault('keys', undefined);
    expect(await keys.find('k1', NOW_MS + KEY_SET_USABLE_MS + KEY_FETCH_INTERVAL_MS)).toBeDefined();
  });

  it('makes one caller wait, not all of them', async () => {
    await keys.find('k1', NOW_MS);
    await iam.setFault('keys', 'hang');
    const first = keys.find('k1', NOW_MS + KEY_SET_FRESH_MS);
    const started = performance.now();
    expect(await keys.find('k1', NOW_MS + KEY_SET_FRESH_MS)).toBeDefined();
    expect(performance.now() - started).toBeLessThan(100);
    expect(await first).toBeDefined();
  });
});
