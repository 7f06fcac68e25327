/**
 * Deadlines that count waiting, not work: on a busy machine a process gets the processor late, and an answer that has
 * arrived must not be given up for that.
 */

const TICK_MS = 50;
const FEWEST_TICKS = 10;

/**
 * Calls `end` after `ms` of waiting, in ticks: one that comes late because the processor was busy counts as one tick.
 * Answers a function that stops the count.
 */
export function afterWaiting(ms: number, end: () => void): () => void {
  const tickMs = Math.min(TICK_MS, ms / FEWEST_TICKS);
  let leftMs = ms;
  const timer = setInterval(() => {
    leftMs -= tickMs;
    if (leftMs > 0) return;
    clearInterval(timer);
    end();
  }, tickMs);
  return () => clearInterval(timer);
}
