/** The bounds of the exchange cache, and a clock that was set back. */
import { describe, expect, it } from 'vitest';
import { unauthenticated, unavailable } from '../../lib/domain/errors.ts';
import type { Identity } from '../../lib/domain/identity.ts';
import { ExchangeCache, type Exchanged } from '../../lib/iam/exchange-cache.ts';
import { NOW_MS } from './tokens.ts';

const IDENTITY: Identity = {
  kind: 'iamapikey',
  issuer: 'test',
  account: 'test:acct-1',
  subject: 'test:alice',
  strength: 'strong',
  expiresAt: null,
  nonce: null,
};
/** An answer that does not end with its assertion. */
const LATER = NOW_MS + 3_600_000;

/** A cache that remembers two answers of each kind, and how often its issuer was asked. */
function cacheOf(answer: Exchanged | ReturnType<typeof unauthenticated>) {
  const cache = new ExchangeCache({ cacheKey: new Uint8Array(32), limits: { capacity: 2 } });
  const issuer = { asked: 0 };
  const identify = (name: string, nowMs: number) =>
    cache.identify({
      name,
      nowMs,
      sourceAddress: '192.0.2.1',
      ask: async () => {
        issuer.asked++;
        return answer;
      },
    });
  return { issuer, identify };
}

describe('an exchange cache', () => {
  it('forgets the identity that was used least recently when it is full', async () => {
    const { issuer, identify } = cacheOf({ identity: IDENTITY, untilMs: LATER });
    for (const name of ['a', 'b', 'a', 'c']) await identify(name, NOW_MS);
    expect(issuer.asked).toBe(3);
    for (const name of ['a', 'c']) await identify(name, NOW_MS);
    expect(issuer.asked).toBe(3);
    await identify('b', NOW_MS);
    expect(issuer.asked).toBe(4);
  });

  it('remembers a limited number of refusals, which are thrown again', async () => {
    const { issuer, identify } = cacheOf(unauthenticated('no'));
    for (const name of ['a', 'b', 'c', 'c', 'b', 'a']) {
      await expect(identify(name, NOW_MS)).rejects.toMatchObject({ code: 'unauthenticated' });
    }
    expect(issuer.asked).toBe(4);
  });

  it('asks again after a clock was set back', async () => {
    const { issuer, identify } = cacheOf({ identity: IDENTITY, untilMs: LATER });
    await identify('a', NOW_MS);
    await identify('a', NOW_MS - 1);
    expect(issuer.asked).toBe(2);
  });

  it.each([
    ['a minute', LATER, 60_000],
    ['as long as its assertion lasts', NOW_MS + 5000, 5000],
  ])('remembers an identity for %s', async (_, untilMs, forMs) => {
    const { issuer, identify } = cacheOf({ identity: IDENTITY, untilMs });
    for (const passedMs of [0, forMs - 1, forMs]) {
      expect(await identify('a', NOW_MS + passedMs)).toBe(IDENTITY);
    }
    expect(issuer.asked).toBe(2);
  });

  it('remembers a refusal for ten seconds', async () => {
    const { issuer, identify } = cacheOf(unauthenticated('no'));
    for (const passedMs of [0, 9999, 10_000]) {
      await expect(identify('a', NOW_MS + passedMs)).rejects.toMatchObject({ details: { reason: 'no' } });
    }
    expect(issuer.asked).toBe(2);
  });

  it('remembers no failure, and asks again at once', async () => {
    const cache = new ExchangeCache({ cacheKey: new Uint8Array(32) });
    let asked = 0;
    const ask = async () => {
      asked++;
      throw unavailable('down');
    };
    for (let n = 0; n < 2; n++) {
      const query = { name: 'a', nowMs: NOW_MS, sourceAddress: '192.0.2.1', ask };
      await expect(cache.identify(query)).rejects.toMatchObject({ details: { reason: 'down' } });
    }
    expect(asked).toBe(2);
  });

  it('gives up an exchange in time, also one that does not look at its signal', async () => {
    const cache = new ExchangeCache({ cacheKey: new Uint8Array(32), limits: { exchangeMs: 20 } });
    const signals: AbortSignal[] = [];
    const ask = (signal: AbortSignal) => {
      signals.push(signal);
      return new Promise<never>(() => undefined);
    };
    const query = { name: 'a', nowMs: NOW_MS, sourceAddress: '192.0.2.1', ask };
    await expect(cache.identify(query)).rejects.toMatchObject({
      code: 'unavailable',
      details: { reason: 'the exchange was not over in time', retryAfterSeconds: 5 },
    });
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
  });

  it('asks no more while what identified no caller has taken its time, and goes on with what it remembers', async () => {
    const cache = new ExchangeCache({
      cacheKey: new Uint8Array(32),
      limits: { exchangeMs: 10, fruitlessMsPerMinute: 5 },
    });
    const query = { nowMs: NOW_MS, sourceAddress: '192.0.2.1' };
    const good = { ...query, name: 'good', ask: async () => ({ identity: IDENTITY, untilMs: LATER }) };
    const silent = { ...query, ask: () => new Promise<never>(() => {}) };
    await cache.identify(good);
    const time = { details: { reason: 'the exchange was not over in time' } };
    await expect(cache.identify({ ...silent, name: 'a' })).rejects.toMatchObject(time);
    const asked = cache.identify({ ...silent, name: 'b' });
    await expect(asked).rejects.toMatchObject({
      code: 'unavailable',
      details: { reason: 'exchanges that identified no caller took too long' },
    });
    expect(await cache.identify(good)).toEqual(IDENTITY);
  });

  it('does not count the time of exchanges that identify a caller', async () => {
    const cache = new ExchangeCache({ cacheKey: new Uint8Array(32), limits: { fruitlessMsPerMinute: 1 } });
    const slow = () =>
      new Promise<Exchanged>(resolve => setTimeout(resolve, 5, { identity: IDENTITY, untilMs: LATER }));
    for (const name of ['a', 'b', 'c']) {
      const identity = await cache.identify({ name, nowMs: NOW_MS, sourceAddress: '192.0.2.1', ask: slow });
      expect(identity).toEqual(IDENTITY);
    }
  });
});
