/** Maintenance every hour for weeks. */
import { expect, it } from 'vitest';
import { currentKey } from '../../lib/domain/key-ring.ts';
import { maintainRing } from '../../lib/signing/ring-rotation.ts';
import { context, NOW, X5C } from './context.ts';
import { keysOf, signEveryHour } from './rotation.ts';

const DAY = 86_400;
const HOUR = 3600;

it('signs for 60 days what the bundle and an older key set verify, though maintenance stops for 5 days', async () => {
  const kids = await signEveryHour({ days: 60, stoppedFrom: 20, stoppedUntil: 25 });
  expect(kids.size).toBeGreaterThanOrEqual(8);
  expect(kids.size).toBeLessThanOrEqual(10);
});

it('has a current key for 5 days after any moment at which maintenance stopped', async () => {
  const g = await context([X5C]);
  for (let now = NOW; now < NOW + 20 * DAY; now += HOUR) {
    await maintainRing(X5C, g.directory, now);
    expect(currentKey(await keysOf(g, X5C), now + 5 * DAY)).toBeDefined();
  }
});
