/** What a login asks for, and the anonymous principal. */
import { expect, it } from 'vitest';
import type { RequestedAccess } from '../../lib/domain/access.ts';
import { ANONYMOUS, loginContext, vendContext } from '../../lib/domain/principal.ts';

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

function asked(name: string, namespace: string | undefined): RequestedAccess {
  return { type: 'repository', name, namespace, actions: new Set(['pull']) };
}

it('the context of a login has the repositories and each of their namespaces once', () => {
  const requested = [asked('team/app', 'team'), asked('team/web', 'team'), asked('catalog', undefined)];
  expect(loginContext('registry', requested)).toEqual({
    service: 'registry',
    namespaces: ['team'],
    repositories: ['team/app', 'team/web'],
  });
});

it('the context of who vends a credential has no repositories, and asks for the rules of the account', () => {
  expect(vendContext('registry')).toEqual({
    service: 'registry',
    namespaces: [],
    repositories: [],
    vends: true,
  });
});
