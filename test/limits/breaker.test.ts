/** A breaker opens after failures in a row, lets one trial through after its time, and closes with an answer. */
import { expect, it } from 'vitest';
import { BREAKER_FAILURES, BREAKER_OPEN_MS, Breaker } from '../../lib/limits/breaker.ts';
import { errorOf } from '../support/errors.ts';

const NOW_MS = 1_790_000_000_000;

const refusal = (breaker: Breaker, nowMs: number) => errorOf(() => breaker.enter(nowMs)).details;
const failing = (times: number) => {
  const breaker = new Breaker();
  for (let n = 0; n < times; n++) breaker.failed(NOW_MS);
  return breaker;
};

it('opens with the fifth failure in a row', () => {
  expect(() => failing(BREAKER_FAILURES - 1).enter(NOW_MS)).not.toThrow();
  const { reason } = refusal(failing(BREAKER_FAILURES), NOW_MS);
  expect([BREAKER_FAILURES, reason]).toEqual([5, 'the breaker is open']);
});

it.each([
  [0, 5],
  [1, 5],
  [1000, 4],
  [BREAKER_OPEN_MS - 1, 1],
])('says after %i ms that it lets a trial through in %i s', (passedMs, retryAfterSeconds) => {
  expect(refusal(failing(BREAKER_FAILURES), NOW_MS + passedMs)).toMatchObject({ retryAfterSeconds });
});

it('lets one trial through each five seconds, and opens anew when it fails', () => {
  const breaker = failing(BREAKER_FAILURES);
  breaker.enter(NOW_MS + BREAKER_OPEN_MS);
  expect(refusal(breaker, NOW_MS + BREAKER_OPEN_MS)).toMatchObject({ retryAfterSeconds: 5 });
  breaker.failed(NOW_MS + BREAKER_OPEN_MS + 2000);
  expect(refusal(breaker, NOW_MS + 2 * BREAKER_OPEN_MS + 1999)).toMatchObject({ retryAfterSeconds: 1 });
  expect(() => breaker.enter(NOW_MS + 2 * BREAKER_OPEN_MS + 2000)).not.toThrow();
});

it('closes with an answer, and then bears with four failures again', () => {
  const breaker = failing(BREAKER_FAILURES);
  breaker.answered();
  expect(() => breaker.enter(NOW_MS)).not.toThrow();
  for (let n = 1; n < BREAKER_FAILURES; n++) breaker.failed(NOW_MS);
  expect(() => breaker.enter(NOW_MS)).not.toThrow();
  breaker.failed(NOW_MS);
  expect(() => breaker.enter(NOW_MS)).toThrow();
});

it('stays open as long as it was made to', () => {
  const breaker = new Breaker(2 * BREAKER_OPEN_MS);
  for (let n = 0; n < BREAKER_FAILURES; n++) breaker.failed(NOW_MS);
  expect(refusal(breaker, NOW_MS + BREAKER_OPEN_MS)).toMatchObject({ retryAfterSeconds: 5 });
  expect(() => breaker.enter(NOW_MS + 2 * BREAKER_OPEN_MS)).not.toThrow();
});
