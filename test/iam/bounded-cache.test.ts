import { describe, expect, it } from 'vitest';
import { BoundedCache } from '../../lib/iam/exchange-cache.ts';

describe('a bounded cache', () => {
  it('forgets by timestamp', () => {
    const cache = new BoundedCache<number>(2);
    cache.set('a', 1, 100);
    expect([cache.get('a', 99), cache.get('a', 100), cache.get('b', 0)]).toEqual([1, undefined, undefined]);
  });

  it('never grows beyond its capacity; the oldest entry gives way', () => {
    const cache = new BoundedCache<number>(3);
    for (let n = 0; n < 1000; n++) cache.set(`${n}`, n, 100);
    expect(cache.size).toBe(3);
    expect(['996', '997', '999'].map(key => cache.get(key, 0))).toEqual([undefined, 997, 999]);
  });

  it('drops nothing when an entry is renewed', () => {
    const cache = new BoundedCache<number>(2);
    cache.set('a', 1, 100);
    cache.set('b', 2, 100);
    cache.set('b', 3, 200);
    expect([cache.get('a', 50), cache.get('b', 150)]).toEqual([1, 3]);
  });
});
