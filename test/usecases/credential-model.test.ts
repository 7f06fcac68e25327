/**
 * Credentials against their parents, over many random chains of acts: after any acts, a credential gives what
 * its parent would get itself, within what it was vended for, and not longer.
 */
import { it } from 'vitest';
import { expectNoCredentialAboveItsParent } from '../support/credential-model.ts';

it('a credential never gives more than its parent, over 1 000 random chains of acts', {
  timeout: 30_000,
}, async () => {
  await expectNoCredentialAboveItsParent(1_000);
});
