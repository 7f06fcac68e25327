/** An explanation says what the login endpoint does: ten thousand generated logins of every kind. */
import { expect, it } from 'vitest';
import { compareExplanations, openExplainWorld } from '../support/explain-cases.ts';

const WORLDS = 10;

it('agrees with the login endpoint on 10 000 generated logins', async () => {
  let compared = 0;
  for (let seed = 0; seed < WORLDS; seed++) {
    const world = await openExplainWorld(seed);
    const decisions = await compareExplanations(world, { count: 1_020, seed });
    await world.close();
    compared += Object.values(decisions).reduce((sum, count) => sum + count, 0);
  }
  expect(compared).toBeGreaterThanOrEqual(10_000);
});
