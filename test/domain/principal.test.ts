/** The anonymous principal. */
import { expect, it } from 'vitest';
import { ANONYMOUS } from '../../lib/domain/principal.ts';

it('may do nothing, owns nothing, and belongs to no account', () => {
  expect(ANONYMOUS).toEqual({
    kind: 'anonymous',
    userName: 'anonymous',
    subject: '',
    account: undefined,
    permissions: [],
    ownedNamespaces: new Set(),
    endsAt: null,
  });
});
