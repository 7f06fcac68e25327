/** An explanation says what the login endpoint does: a few hundred generated logins of every kind. */
import { expect, it } from 'vitest';
import { compareExplanations, openExplainWorld } from '../support/explain-cases.ts';

it('agrees with the login endpoint on 400 generated logins', async () => {
  const world = await openExplainWorld(1);
  const decisions = await compareExplanations(world, { count: 400, seed: 1 });
  await world.close();
  for (const decision of ['granted', 'partly-granted', 'nothing-granted', 'refused']) {
    expect(decisions[decision], decision).toBeGreaterThan(5);
  }
});
