import { it } from 'vitest';
import { expectNoCredentialAboveItsParent } from '../support/credential-model.ts';

it('a credential never gives more than its parent, over 1 000 random chains of acts', {
  timeout: 30_000,
}, async () => {
  await expectNoCredentialAboveItsParent(1_000);
});
