/** Many calls, a few at a time: a burst beyond what two cores answer in time is another test's subject. */

const WIDTH = 20;

/** Runs `act` on every item. */
export async function inBatches<T>(items: readonly T[], act: (item: T) => Promise<unknown>): Promise<void> {
  for (let i = 0; i < items.length; i += WIDTH) await Promise.all(items.slice(i, i + WIDTH).map(act));
}
