/** Days as texts, and when they begin. */
import { expect, it } from 'vitest';
import { dayOf } from '../../lib/domain/time.ts';
import { isDay, startOf } from '../../lib/domain/usage.ts';

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
