/** Key rings: always a key that signs, published before it does and for as long as its tokens live. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  currentKey,
  type KeyTimes,
  LEAF_LEAD_SECONDS,
  LEAF_SECONDS,
  LEAF_USE_SECONDS,
  LONGEST_TOKEN_SECONDS,
  nextKey,
  nextLeafStart,
  publishedKeys,
  withoutFuture,
} from '../../lib/domain/key-ring.ts';

const NOW = 1_795_244_400;
const [HOUR, DAY] = [3600, 86_400];

interface Named extends KeyTimes {
  readonly name: string;
}
function key(name: string, useFrom: number | null, dropAfter: number | null = null): Named {
  return { name, useFrom, dropAfter };
}

it('the lives of keys are those that were promised', () => {
  expect([LEAF_SECONDS, LEAF_USE_SECONDS, LEAF_LEAD_SECONDS]).toEqual([14 * DAY, 7 * DAY, HOUR]);
  expect(LONGEST_TOKEN_SECONDS).toBe(HOUR + 60 + 60);
});

describe('currentKey', () => {
  const CURRENT: Record<string, [Named[], string | undefined]> = {
    'none of no keys': [[], undefined],
    'the only one': [[key('a', NOW - 5)], 'a'],
    'from the second in which it starts': [[key('a', NOW)], 'a'],
    'not a second earlier': [[key('a', NOW + 1)], undefined],
    'not one that waits for the operator': [[key('a', null)], undefined],
    'the one that came last': [[key('a', NOW - 5), key('c', NOW - 1), key('b', NOW - 3)], 'c'],
    'the first of two that came together': [[key('a', NOW - 5), key('b', NOW - 5)], 'a'],
    'not the next, which is only published': [[key('a', NOW - 5), key('b', NOW + 1)], 'a'],
    'one that is dropped just after its tokens': [[key('a', NOW - 5, NOW + LONGEST_TOKEN_SECONDS)], 'a'],
    'not one whose tokens would outlive it': [
      [key('a', NOW - 5, NOW + LONGEST_TOKEN_SECONDS - 1)],
      undefined,
    ],
    'an older one rather than one that ends too soon': [
      [key('a', NOW - 9), key('b', NOW - 5, NOW + 60)],
      'a',
    ],
    'one that started at zero': [[key('a', 0)], 'a'],
  };
  it.each(Object.entries(CURRENT))('is %s', (_, [keys, name]) => {
    expect(currentKey(keys, NOW)?.name).toBe(name);
  });
});

describe('nextKey', () => {
  const NEXT: Record<string, [Named[], string | undefined]> = {
    'none of no keys': [[], undefined],
    'none where one signs and none waits': [[key('a', NOW)], undefined],
    'the one that waits for the operator': [[key('b', null), key('a', NOW - 5)], 'b'],
    'the one that starts later': [[key('b', NOW + 1), key('a', NOW - 5)], 'b'],
    'the first of several that start later': [[key('c', NOW + 9), key('b', NOW + 1), key('a', NOW)], 'b'],
    'the first of several, in any order': [[key('b', NOW + 1), key('c', NOW + 9)], 'b'],
    'the first of two that start together': [[key('b', NOW + 1), key('c', NOW + 1)], 'b'],
    'not a former one': [[key('a', NOW - 5, NOW + 60)], undefined],
  };
  it.each(Object.entries(NEXT))('is %s', (_, [keys, name]) => {
    expect(nextKey(keys, NOW)?.name).toBe(name);
  });
});

describe('publishedKeys', () => {
  it('holds waiting, next, current and retired keys until they are removed', () => {
    const keys = [
      key('waiting', null),
      key('next', NOW + 9),
      key('current', NOW - 1),
      key('retired', NOW - 9, NOW + 1),
    ];
    expect(publishedKeys([...keys, key('dropped', NOW - 99, NOW), key('long gone', 0, 1)], NOW)).toEqual(
      keys,
    );
  });

  const second = fc.integer({ min: NOW - 20 * DAY, max: NOW + 20 * DAY });
  const anyKey = fc.record({ useFrom: fc.option(second), dropAfter: fc.option(second) });
  it('holds a key for as long as its tokens may be valid', () => {
    fc.assert(
      fc.property(
        fc.array(anyKey, { maxLength: 5 }),
        second,
        fc.nat(LONGEST_TOKEN_SECONDS - 1),
        (keys, at, age) => {
          const signing = currentKey(keys, at);
          if (signing !== undefined) expect(publishedKeys(keys, at + age)).toContain(signing);
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe('nextLeafStart', () => {
  const born = NOW - LEAF_USE_SECONDS + LEAF_LEAD_SECONDS;
  const NEXT: Record<string, [KeyTimes[], number | undefined]> = {
    'now, for an empty ring': [[], NOW],
    'now, for a ring in which nothing signs any more': [[key('a', NOW - 9, NOW)], NOW],
    'now, for a ring in which nothing signs yet': [[key('a', NOW + 9), key('b', null)], NOW],
    'not yet, a second before the lead': [[key('a', born + 1)], undefined],
    'when its week is over, from the lead on': [[key('a', born)], NOW + LEAF_LEAD_SECONDS],
    'when its week is over, within the lead: a full lead from now': [
      [key('a', born - 60)],
      NOW + LEAF_LEAD_SECONDS,
    ],
    'a full lead from now, when maintenance is days late': [
      [key('a', born - 3 * DAY)],
      NOW + LEAF_LEAD_SECONDS,
    ],
    'not again, when the next is published': [[key('a', born), key('b', NOW + LEAF_LEAD_SECONDS)], undefined],
    'counted from the newest, in any order': [[key('b', NOW - 9), key('a', born - DAY)], undefined],
    'not delayed by a key that waits for the operator': [
      [key('a', born), key('b', null)],
      NOW + LEAF_LEAD_SECONDS,
    ],
  };
  it.each(Object.entries(NEXT))('is %s', (_, [keys, start]) => expect(nextLeafStart(keys, NOW)).toBe(start));
});

describe('a ring that rotates by itself, over a year', () => {
  /** The longest pause of the maintenance that the two halves of a leaf's life can bridge. */
  const BRIDGED = LEAF_SECONDS - LEAF_USE_SECONDS - LEAF_LEAD_SECONDS - LONGEST_TOKEN_SECONDS;
  const pauses = fc.array(fc.oneof(fc.integer({ min: 1, max: BRIDGED }), fc.constant(BRIDGED)), {
    minLength: 400,
    maxLength: 400,
  });

  it('always has a key that signs, published a full lead before, at most three in all', () => {
    fc.assert(
      fc.property(pauses, waits => {
        let [ring, now]: [(KeyTimes & { readonly made: number })[], number] = [[], NOW];
        for (const wait of waits) {
          if (now > NOW + 365 * DAY) break;
          ring = publishedKeys(ring, now);
          const useFrom = nextLeafStart(ring, now);
          if (useFrom !== undefined) ring.push({ useFrom, made: now, dropAfter: now + LEAF_SECONDS });
          expect(ring.length).toBeLessThanOrEqual(3);
          const starts = ring.flatMap(({ useFrom: from }) => [(from ?? 0) - 1, from ?? 0]);
          for (const at of [now, now + wait, ...starts.filter(from => from > now && from < now + wait)]) {
            const signing = currentKey(ring, at);
            expect(signing).toBeDefined();
            const first = signing?.made === NOW;
            if (!first)
              expect((signing?.useFrom ?? 0) - (signing?.made ?? 0)).toBeGreaterThanOrEqual(
                LEAF_LEAD_SECONDS,
              );
          }
          now += wait;
        }
        expect(now).toBeGreaterThan(NOW + 365 * DAY);
      }),
    );
  });

  it('has a usable key again after a pause of any length', () => {
    const old = key('old', NOW, NOW + LEAF_SECONDS);
    fc.assert(
      fc.property(fc.nat(400 * DAY), pause => {
        const now = NOW + pause;
        const start = nextLeafStart([old], now);
        const ring = start === undefined ? [old] : [old, key('new', start, now + LEAF_SECONDS)];
        expect(currentKey(ring, now)).toBeDefined();
      }),
    );
  });
});

describe('keys of a clock that was ahead', () => {
  it('are left out: those that start later than a rotation ever plans', () => {
    const keys = [
      key('upcoming', NOW + LEAF_LEAD_SECONDS),
      key('future', NOW + LEAF_LEAD_SECONDS + 1),
      key('successor', null),
      key('current', NOW),
    ];
    expect(withoutFuture(keys, NOW).map(({ name }) => name)).toEqual(['upcoming', 'successor', 'current']);
  });
});
