/** Times and days: whole seconds inside, RFC 3339 outside. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  DAY_SECONDS,
  dayOf,
  HOUR_SECONDS,
  isDay,
  MINUTE_SECONDS,
  secondsOf,
  startOf,
  toRfc3339,
  toSeconds,
} from '../../lib/domain/time.ts';

it('writes RFC 3339 in UTC without a fraction', () => {
  expect(toRfc3339(0)).toBe('1970-01-01T00:00:00Z');
  expect(toRfc3339(1_795_244_400)).toBe('2026-11-21T07:00:00Z');
});

it('gives the same second back', () => {
  fc.assert(fc.property(fc.nat(4_102_444_800), seconds => Date.parse(toRfc3339(seconds)) === seconds * 1000));
});

it('writes what Date writes, also before 1970 and on more days than are kept', () => {
  for (let seconds = -3 * DAY_SECONDS; seconds < 3000 * DAY_SECONDS; seconds += DAY_SECONDS - 1) {
    expect(toRfc3339(seconds)).toBe(`${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`);
  }
});

it('a second lasts until its last millisecond', () => {
  expect([0, 999, 1000, 1999, 2000].map(toSeconds)).toEqual([0, 0, 1, 1, 2]);
});

it('knows its units', () => {
  expect([MINUTE_SECONDS, HOUR_SECONDS, DAY_SECONDS]).toEqual([60, 60 * 60, 24 * 60 * 60]);
});

it.each([
  ['2026-11-21', true],
  ['2028-02-29', true],
  ['2026-02-29', false],
  ['2026-11-31', false],
  ['2026-13-01', false],
  ['2026-00-10', false],
  ['2026-11-1', false],
  ['2026-11-21T00:00:00Z', false],
  ['20261121', false],
  [' 2026-11-21', false],
  ['2026-11-21\n', false],
  ['1999-12-31', false],
  ['today', false],
  ['', false],
])('%j is a day: %s', (text, expected) => {
  expect(isDay(text)).toBe(expected);
});

it('a day of UTC has its first second and its last', () => {
  const start = Date.UTC(2026, 10, 21) / 1000;
  expect(startOf('2026-11-21')).toBe(start);
  expect(startOf('2026-11-21', 11)).toBe(Date.UTC(2026, 11, 2) / 1000);
  expect([start - 1, start, start + 86_399, start + 86_400].map(dayOf)).toEqual([
    '2026-11-20',
    '2026-11-21',
    '2026-11-21',
    '2026-11-22',
  ]);
});

describe('secondsOf', () => {
  it.each([
    ['2026-11-21T07:00:00Z', 1_795_244_400],
    ['2026-11-21t07:00:00z', 1_795_244_400],
    ['2026-11-21T08:30:00+01:30', 1_795_244_400],
    ['2026-11-20T23:00:00-08:00', 1_795_244_400],
    ['2026-11-21T07:00:00.999999999Z', 1_795_244_400],
    ['2028-02-29T00:00:00Z', 1_835_395_200],
  ])('reads %s', (text, seconds) => {
    expect(secondsOf(text)).toBe(seconds);
  });

  it.each([
    '',
    '2026-11-21',
    '1795244400',
    '2026-11-21T07:00:00',
    '2026-11-21 07:00:00Z',
    '2026-11-21T07:00Z',
    '2026-11-21T24:00:00Z',
    '2026-11-21T07:60:00Z',
    '2026-11-21T07:00:60Z',
    '2027-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-11-21T07:00:00+24:00',
    '2026-11-21T07:00:00.Z',
    '1026-11-21T07:00:00Z',
    '12026-11-21T07:00:00Z',
    '2026-11-21T07:00:00Z\n',
  ])('refuses %j', text => {
    expect(secondsOf(text)).toBeUndefined();
  });

  it('reads what toRfc3339 writes', () => {
    for (const seconds of [946_684_800, 1_795_244_401, 32_503_679_999]) {
      expect(secondsOf(toRfc3339(seconds))).toBe(seconds);
    }
  });
});
