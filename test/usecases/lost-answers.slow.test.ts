/** Acts that lose answers, beside others that come in between: many more of them. */
import fc from 'fast-check';
import { it } from 'vitest';
import { disturbed, scenarios } from '../support/lost-answers-oracle.ts';

it('every act has its own effect once, in 30 000 random scenarios', async () => {
  await fc.assert(fc.asyncProperty(scenarios, disturbed), { numRuns: 30_000 });
}, 300_000);
