/** The model of credentials over 100 000 random chains of acts. */
import { it } from 'vitest';
import { expectNoCredentialAboveItsParent } from '../support/credential-model.ts';

it('a credential never gives more than its parent, over 100 000 random chains of acts', {
  timeout: 300_000,
}, async () => {
  await expectNoCredentialAboveItsParent(100_000);
});
