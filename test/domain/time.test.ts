/** Times: whole seconds inside, RFC 3339 outside. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { DAY_SECONDS, HOUR_SECONDS, MINUTE_SECONDS, toRfc3339, toSeconds } from '../../lib/domain/time.ts';

it('writes RFC 3339 in UTC without a fraction', () => {
  expect(toRfc3339(0)).toBe('1970-01-01T00:00:00Z');
  expect(toRfc3339(1_795_244_400)).toBe('2026-11-21T07:00:00Z');
});

it('gives the same second back', () => {
  fc.assert(fc.property(fc.nat(4_102_444_800), seconds => Date.parse(toRfc3339(seconds)) === seconds * 1000));
});

it('a second lasts until its last millisecond', () => {
  expect([0, 999, 1000, 1999, 2000].map(toSeconds)).toEqual([0, 0, 1, 1, 2]);
});

it('knows its units', () => {
  expect([MINUTE_SECONDS, HOUR_SECONDS, DAY_SECONDS]).toEqual([60, 60 * 60, 24 * 60 * 60]);
});
