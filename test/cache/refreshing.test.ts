/** A value that is loaded again: when, by how many callers at a time, and after failures. */
import { describe, expect, it } from 'vitest';
import { type RefreshingOptions, refreshing } from '../../lib/cache/refreshing.ts';

const TIMES = { freshFor: 60, usableFor: 600, retryAfter: 10 };

/** A cache over a source that counts its loads, can fail, and can be made to wait. */
function cacheOf(options: Partial<RefreshingOptions<string>> = {}) {
  const source = { loads: 0, fails: false, gate: Promise.resolve() };
  const cache = refreshing({
    ...TIMES,
    load: async () => {
      const load = ++source.loads;
      await source.gate;
      if (source.fails) throw new Error(`load ${load} failed`);
      return `value ${load}`;
    },
    ...options,
  });
  return { source, ...cache };
}

describe('get', () => {
  it('loads at the first call, and again when the value is no longer fresh', async () => {
    const { get } = cacheOf();
    const seen = [await get(1000), await get(1059), await get(1060)];
    expect(seen).toEqual(['value 1', 'value 1', 'value 2']);
  });

  it('loads once for callers that wait for the first value', async () => {
    const { source, get } = cacheOf();
    const values = await Promise.all(Array.from({ length: 50 }, () => get(1000)));
    expect(new Set(values)).toEqual(new Set(['value 1']));
    expect(source.loads).toBe(1);
  });

  it('answers other callers with the last value while one caller loads', async () => {
    const { source, get } = cacheOf();
    await get(1000);
    const { promise, resolve } = Promise.withResolvers<void>();
    source.gate = promise;
    const first = get(1060);
    expect(await get(1060)).toBe('value 1');
    resolve();
    expect(await first).toBe('value 2');
    expect(source.loads).toBe(2);
  });

  it('makes other callers wait when the last value is no longer usable', async () => {
    const { source, get } = cacheOf();
    await get(1000);
    const values = await Promise.all([get(1600), get(1600)]);
    expect(values).toEqual(['value 2', 'value 2']);
    expect(source.loads).toBe(2);
  });

  it('uses the last value while loading fails, until it is no longer usable', async () => {
    const { source, get } = cacheOf();
    await get(1000);
    source.fails = true;
    expect([await get(1060), await get(1599)]).toEqual(['value 1', 'value 1']);
    await expect(get(1600)).rejects.toThrow('load 3 failed');
  });

  it('tries again only when the pause after a failure is over', async () => {
    const { source, get } = cacheOf();
    await get(1000);
    source.fails = true;
    for (let now = 1060; now < 1080; now++) await get(now);
    expect(source.loads).toBe(1 + 2);
    source.fails = false;
    expect([await get(1079), await get(1080)]).toEqual(['value 1', 'value 4']);
  });

  it('throws the last error during the pause when there is no value', async () => {
    const { source, get } = cacheOf();
    source.fails = true;
    await expect(get(1000)).rejects.toThrow('load 1 failed');
    source.fails = false;
    await expect(get(1009)).rejects.toThrow('load 1 failed');
    expect(await get(1010)).toBe('value 2');
  });

  it('may have another pause for when there is no value', async () => {
    const { source, get } = cacheOf({ retryEmptyAfter: 0 });
    source.fails = true;
    await expect(get(1000)).rejects.toThrow('load 1 failed');
    source.fails = false;
    expect(await get(1000)).toBe('value 2');
    source.fails = true;
    expect([await get(1060), await get(1069)]).toEqual(['value 2', 'value 2']);
    expect(source.loads).toBe(3);
  });

  it('may keep some values fresh for longer than others', async () => {
    const { get } = cacheOf({ freshFor: value => (value === 'value 1' ? 60 : 5) });
    const seen = [await get(1000), await get(1059), await get(1060), await get(1064), await get(1065)];
    expect(seen).toEqual(['value 1', 'value 1', 'value 2', 'value 2', 'value 3']);
  });

  it('neither trusts a value from the future nor waits out a pause from there, after a clock was set back', async () => {
    const { source, get } = cacheOf();
    await get(1000);
    source.fails = true;
    await get(1060);
    await expect(get(999)).rejects.toThrow('load 3 failed');
    source.fails = false;
    expect(await get(998)).toBe('value 4');
    expect(await get(1057)).toBe('value 4');
    expect(await get(1058)).toBe('value 5');
  });

  it('counts the age from the start of the load', async () => {
    const { source, get } = cacheOf();
    const { promise, resolve } = Promise.withResolvers<void>();
    source.gate = promise;
    const first = get(1000);
    const second = get(1030);
    resolve();
    expect([await first, await second, await get(1059), await get(1060)]).toEqual([
      'value 1',
      'value 1',
      'value 1',
      'value 2',
    ]);
  });
});

describe('get with a value that may be loaded beside', () => {
  const BESIDE = { besideFor: 300 };

  it('answers at once with the last value, and with the new one when that has come', async () => {
    const { source, get } = cacheOf(BESIDE);
    await get(1000);
    const { promise, resolve } = Promise.withResolvers<void>();
    source.gate = promise;
    expect([await get(1060), await get(1061)]).toEqual(['value 1', 'value 1']);
    expect(source.loads).toBe(2);
    resolve();
    await new Promise(setImmediate);
    expect(await get(1062)).toBe('value 2');
  });

  it('is not delayed by a source that never answers, until it may no longer be loaded beside', async () => {
    const { source, get } = cacheOf(BESIDE);
    await get(1000);
    source.gate = new Promise(() => undefined);
    for (let now = 1001; now < 1300; now++) expect(await get(now)).toBe('value 1');
    expect(source.loads).toBe(2);
  });

  it('neither rejects nor leaves a rejection when the source fails beside, and pauses', async () => {
    const { source, get } = cacheOf(BESIDE);
    await get(1000);
    source.fails = true;
    for (let now = 1060; now < 1080; now++) expect(await get(now)).toBe('value 1');
    await new Promise(setImmediate);
    expect(source.loads).toBe(1 + 2);
  });

  it('waits for the load between that age and the hard one, and throws behind it', async () => {
    const { source, get } = cacheOf(BESIDE);
    await get(1000);
    expect(await get(1300)).toBe('value 2');
    source.fails = true;
    expect(await get(1600)).toBe('value 2');
    await expect(get(1900)).rejects.toThrow('load 4 failed');
  });

  it('is loaded anew after a freeze in the middle of a load, whose answer is as old as the freeze', async () => {
    const { source, get } = cacheOf(BESIDE);
    await get(1000);
    const { promise, resolve } = Promise.withResolvers<void>();
    source.gate = promise;
    await get(1060);
    source.gate = Promise.resolve();
    expect(await get(20_000)).toBe('value 3');
    resolve();
    await new Promise(setImmediate);
    expect(await get(20_001)).toBe('value 3');
  });

  it('may depend on the value', async () => {
    const { get } = cacheOf({ besideFor: value => (value === 'value 1' ? 0 : 300) });
    await get(1000);
    expect([await get(1060), await get(1120)]).toEqual(['value 2', 'value 2']);
  });
});

describe('reload', () => {
  it('loads a fresh value again when the pause after its load is over', async () => {
    const { get, reload } = cacheOf();
    const seen = [await get(1000), await reload(1009), await reload(1010), await get(1011)];
    expect(seen).toEqual(['value 1', 'value 1', 'value 2', 'value 2']);
  });

  it('joins a load that is under way', async () => {
    const { source, get, reload } = cacheOf();
    await get(1000);
    const values = await Promise.all([get(1060), reload(1060)]);
    expect(values).toEqual(['value 2', 'value 2']);
    expect(source.loads).toBe(2);
  });

  it('throws during the pause after a failure, although there is a usable value', async () => {
    const { source, get, reload } = cacheOf();
    await get(1000);
    source.fails = true;
    await expect(reload(1010)).rejects.toThrow('load 2 failed');
    await expect(reload(1019)).rejects.toThrow('load 2 failed');
    expect(await get(1019)).toBe('value 1');
    expect(source.loads).toBe(2);
    source.fails = false;
    expect(await reload(1020)).toBe('value 3');
  });
});
