/** What a login asks for, and the anonymous principal. */
import { expect, it } from 'vitest';
import type { RequestedAccess } from '../../lib/domain/access.ts';
import { ANONYMOUS, loginContext, longLoginContext, vendContext } from '../../lib/domain/principal.ts';

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
  const { service, firstNamespaces, asked: all } = loginContext('registry', requested);
  expect([service, firstNamespaces]).toEqual(['registry', ['team']]);
  expect(all()).toEqual({ requested, namespaces: ['team'], repositories: ['team/app', 'team/web'] });
});

it('the context of who vends a credential has no repositories, and asks for the rules of the account', () => {
  const { asked: all, ...context } = vendContext('registry');
  expect(context).toEqual({ service: 'registry', firstNamespaces: [], vends: true });
  expect(all()).toEqual({ requested: [], namespaces: [], repositories: [] });
});

it('the context of a long login is parsed when it is asked, and once', () => {
  let times = 0;
  const { firstNamespaces, asked: all } = longLoginContext('registry', () => {
    times++;
    return [asked('team/app', 'team')];
  });
  expect([firstNamespaces, times]).toEqual([[], 0]);
  expect(all()).toMatchObject({ namespaces: ['team'], repositories: ['team/app'] });
  expect(all()).toBe(all());
  expect(times).toBe(1);
});
