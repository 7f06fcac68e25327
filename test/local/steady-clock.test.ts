/** The clock of one machine: set forward, it deletes nothing for a day. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { steadyClock } from '../../local/steady-clock.ts';

const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000];
const AHEAD = /^the clock was set forward: nothing is deleted by it for a day$/;

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date', 'performance'], now: 1_795_000_000_000 }));
afterEach(() => void vi.useRealTimers());

const set = (ms: number) => void vi.setSystemTime(Date.now() + ms);
const pass = (ms: number) => void vi.advanceTimersByTime(ms);
const open = () => steadyClock(() => Date.now());

it('a clock that goes is steady, also when it is corrected a little, or over months', () => {
  const check = open();
  for (let day = 0; day < 400; day++) {
    pass(DAY);
    set(day % 2 === 0 ? 5 * MINUTE : -5 * MINUTE);
    check();
  }
});

it.each([31 * MINUTE, 2 * HOUR, 400 * DAY])('one that was set forward by %s ms is held for a day', ahead => {
  const check = open();
  set(ahead);
  for (let hour = 0; hour < 24; hour++) {
    expect(check).toThrow(AHEAD);
    pass(HOUR);
  }
  check();
  check();
});

it.each([2 * HOUR, 400 * DAY])('one that was set right again is steady at once: %s ms', ahead => {
  const check = open();
  set(ahead);
  expect(check).toThrow(AHEAD);
  pass(HOUR);
  set(-ahead);
  check();
  // And held again the next time.
  set(ahead);
  expect(check).toThrow(AHEAD);
  pass(DAY - 1);
  expect(check).toThrow(AHEAD);
});

it('one that was ahead from the start, and was set back, is right from there on', () => {
  const check = open();
  set(-400 * DAY);
  check();
  set(2 * HOUR);
  expect(check).toThrow(AHEAD);
});

it('a second jump while it is held does not end the holding', () => {
  const check = open();
  set(2 * HOUR);
  expect(check).toThrow(AHEAD);
  set(400 * DAY);
  pass(HOUR);
  expect(check).toThrow(AHEAD);
});
