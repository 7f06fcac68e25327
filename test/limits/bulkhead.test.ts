/** How much runs at once, who waits, who is refused, and in which order sources take turns. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Bulkhead, type BulkheadLimits } from '../../lib/limits/bulkhead.ts';

/** Calls that end on request, in the order in which they began. */
function calls(limits: Partial<BulkheadLimits>) {
  const bulkhead = new Bulkhead({ atOnce: 2, atOncePerSource: 2, waiting: 4, waitMs: 1000, ...limits });
  const running: { readonly name: string; readonly end: () => void }[] = [];
  const began: string[] = [];
  const outcomes = new Map<string, string>();
  return {
    began,
    outcomes,
    /** `a1` is the first call of source `a`. */
    async call(...names: string[]) {
      for (const name of names) {
        const { promise, resolve } = Promise.withResolvers<void>();
        const work = () => {
          began.push(name);
          running.push({ name, end: resolve });
          return promise;
        };
        bulkhead.run(name.slice(0, 1), work).then(
          () => outcomes.set(name, 'done'),
          error => outcomes.set(name, `${error.code}, ${error.details.retryAfterSeconds} s`),
        );
      }
      await sleep(0);
    },
    async end(count = 1) {
      for (const { end } of running.splice(0, count)) end();
      await sleep(0);
    },
  };
}

const REFUSED = 'unavailable, 1 s';

describe('a bulkhead', () => {
  it('runs so many at once, and the next when one ends', async () => {
    const { call, end, began } = calls({});
    await call('a1', 'a2', 'a3');
    expect(began).toEqual(['a1', 'a2']);
    await end();
    expect(began).toEqual(['a1', 'a2', 'a3']);
  });

  it('runs so many at once for each source, so that another has room', async () => {
    const { call, began, end } = calls({ atOnce: 3 });
    await call('a1', 'a2', 'a3', 'b1');
    expect(began).toEqual(['a1', 'a2', 'b1']);
    await end();
    expect(began).toEqual(['a1', 'a2', 'b1', 'a3']);
  });

  it('lets sources take turns', async () => {
    const { call, end, began } = calls({ atOnce: 1, waiting: 6 });
    await call('a1', 'a2', 'a3', 'a4', 'b1', 'b2', 'c1');
    for (let i = 0; i < 6; i++) await end();
    expect(began).toEqual(['a1', 'a2', 'b1', 'c1', 'a3', 'b2', 'a4']);
  });

  it('refuses who does not get a turn in time, and forgets it', async () => {
    const { call, end, began, outcomes } = calls({ waitMs: 20 });
    await call('a1', 'a2', 'a3');
    await sleep(60);
    expect([...outcomes]).toEqual([['a3', REFUSED]]);
    await end(2);
    await call('a4', 'a5');
    expect(began).toEqual(['a1', 'a2', 'a4', 'a5']);
  });

  it('refuses the last waiter of the source with the most when too many wait', async () => {
    const { call, outcomes } = calls({ waiting: 3 });
    await call('a1', 'a2', 'a3', 'a4', 'a5', 'b1');
    expect([...outcomes]).toEqual([['a5', REFUSED]]);
    await call('a6');
    expect([...outcomes.keys()]).toEqual(['a5', 'a6']);
    await call('b2');
    expect([...outcomes.keys()]).toEqual(['a5', 'a6', 'b2']);
  });

  it('gives the room back when the work fails', async () => {
    const bulkhead = new Bulkhead({ atOnce: 1, atOncePerSource: 1, waiting: 0, waitMs: 10 });
    await expect(bulkhead.run('a', () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(await bulkhead.run('a', async () => 'done')).toBe('done');
  });
});
