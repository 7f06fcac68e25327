/** Whether the system's clock goes as the monotonic one does: what has expired by a clock that has just jumped is not deleted. */
import { DAY_SECONDS, MINUTE_SECONDS } from '../lib/domain/time.ts';
import type { Clock } from '../lib/ports/system.ts';

/** Further ahead than this, the cleanup would delete what may still be used. */
const AHEAD_MS = 30 * MINUTE_SECONDS * 1000;
/** Then it is taken for right: that of a machine which slept has jumped, too. */
const HELD_MS = DAY_SECONDS * 1000;

/** Throws, whenever it is asked, if the clock was set forward within the last day. */
export function steadyClock(clock: Clock): () => void {
  const offset = () => clock() - performance.now();
  let right = offset();
  let jumpedAt: number | undefined;
  return () => {
    const isAhead = offset() - right > AHEAD_MS;
    jumpedAt = isAhead ? (jumpedAt ?? performance.now()) : undefined;
    if (jumpedAt !== undefined && performance.now() - jumpedAt < HELD_MS)
      throw new Error('the clock was set forward: nothing is deleted by it for a day');
    right = jumpedAt === undefined ? Math.min(right, offset()) : offset();
    jumpedAt = undefined;
  };
}
