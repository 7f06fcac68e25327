/** Namespaces as their administrator registers, lists and releases them. */
import { describe, expect, it } from 'vitest';
import type { NamespaceStore } from '../../lib/ports/stores.ts';
import { listNamespaces, registerNamespace, releaseNamespace } from '../../lib/usecases/manage-namespaces.ts';
import { auditLog } from '../support/audit-log.ts';
import { rejectionOf } from '../support/errors.ts';
import { actorOf, worldOn } from '../support/memory-ports.ts';
import { ACCOUNT, OTHER_ACCOUNT } from '../support/records.ts';

function world() {
  const { audit, events } = auditLog();
  const ports = { ...worldOn().namespaces, audit };
  const acts = (name: string) =>
    events.filter(({ target }) => target === name).map(({ act, account }) => [act, account]);
  const heldBy = async (account = ACCOUNT) =>
    (await listNamespaces(ports, account)).map(({ name, epoch }) => [name, epoch]);
  return { ports, acts, heldBy };
}

const RIVAL = actorOf(OTHER_ACCOUNT, 'rival');

describe('a namespace', () => {
  it('is registered, is the account’s already, and is listed for it alone', async () => {
    const { ports, acts, heldBy } = world();
    expect(await registerNamespace(ports, actorOf(), 'team-b')).toEqual({ registered: true });
    expect(await registerNamespace(ports, actorOf(), 'team-a')).toEqual({ registered: true });
    expect(await registerNamespace(ports, actorOf(), 'team-b')).toEqual({ registered: false });
    expect([await heldBy(), await heldBy(OTHER_ACCOUNT)]).toEqual([
      [
        ['team-a', 1],
        ['team-b', 1],
      ],
      [],
    ]);
    expect(acts('team-b')).toEqual([['register-namespace', ACCOUNT]]);
  });

  it('that is taken is refused, also once it was released: it stays reserved', async () => {
    const { ports, acts, heldBy } = world();
    await registerNamespace(ports, actorOf(), 'team-a');
    expect((await rejectionOf(registerNamespace(ports, RIVAL, 'team-a'))).code).toBe('namespace-taken');
    await releaseNamespace(ports, actorOf(), 'team-a');
    expect((await rejectionOf(registerNamespace(ports, RIVAL, 'team-a'))).code).toBe('namespace-taken');
    expect(await heldBy()).toEqual([]);
    expect(await registerNamespace(ports, actorOf(), 'team-a')).toEqual({ registered: true });
    expect(await heldBy()).toEqual([['team-a', 2]]);
    expect(acts('team-a')).toEqual([
      ['register-namespace', ACCOUNT],
      ['release-namespace', ACCOUNT],
      ['register-namespace', ACCOUNT],
    ]);
  });

  it('that the operator keeps for others is refused', async () => {
    const { ports, acts } = world();
    const rules = { ...ports, registration: [{ account: ACCOUNT, pattern: 'team-*' }] };
    expect((await rejectionOf(registerNamespace(rules, RIVAL, 'team-a'))).code).toBe('registration-closed');
    expect(acts('team-a')).toEqual([]);
    expect(await registerNamespace(rules, actorOf(), 'team-a')).toEqual({ registered: true });
  });

  it('that is no name is refused, before anything is read', async () => {
    const { ports } = world();
    const claim = () => Promise.reject(new Error('must not be read'));
    const unread = { ...ports, namespaces: { ...ports.namespaces, claim } };
    expect((await rejectionOf(registerNamespace(unread, actorOf(), 'Team'))).code).toBe('invalid-request');
    expect((await rejectionOf(releaseNamespace(unread, actorOf(), 'Team'))).code).toBe('not-found');
  });

  it.each(['team-a', 'team-x'])('that the account does not hold is not released: %s', async name => {
    const { ports, acts, heldBy } = world();
    await registerNamespace(ports, actorOf(), 'team-a');
    expect(await rejectionOf(releaseNamespace(ports, RIVAL, name))).toMatchObject({
      code: 'not-found',
      details: { detail: 'This account does not hold that namespace.' },
    });
    expect(await heldBy()).toEqual([['team-a', 1]]);
    expect(acts(name).filter(([act]) => act === 'release-namespace')).toEqual([]);
  });

  it('is in the index before it is claimed, and leaves it after it is released', async () => {
    const { ports } = world();
    const calls: string[] = [];
    const noted = Object.fromEntries(
      (['index', 'writeClaim', 'unindex'] as const).map(name => [
        name,
        (...args: never[]) => {
          calls.push(name);
          return (ports.namespaces[name] as (...args: never[]) => Promise<unknown>)(...args);
        },
      ]),
    ) as Partial<NamespaceStore>;
    const recorded = { ...ports, namespaces: { ...ports.namespaces, ...noted } };
    await registerNamespace(recorded, actorOf(), 'team-a');
    await releaseNamespace(recorded, actorOf(), 'team-a');
    expect(calls).toEqual(['index', 'writeClaim', 'writeClaim', 'unindex']);
  });

  it('is released also when the index cannot be written', async () => {
    const { ports, heldBy } = world();
    await registerNamespace(ports, actorOf(), 'team-a');
    const unindex = () => Promise.reject(new Error('no answer'));
    await releaseNamespace({ ...ports, namespaces: { ...ports.namespaces, unindex } }, actorOf(), 'team-a');
    expect(await heldBy()).toEqual([]);
  });

  it('is looked at again when another writer was faster', async () => {
    const { ports, heldBy } = world();
    let attempts = 0;
    const writeClaim: NamespaceStore['writeClaim'] = (before, after) =>
      ++attempts % 2 === 1 ? Promise.resolve(false) : ports.namespaces.writeClaim(before, after);
    const slow = { ...ports, namespaces: { ...ports.namespaces, writeClaim } };
    expect(await registerNamespace(slow, actorOf(), 'team-a')).toEqual({ registered: true });
    await releaseNamespace(slow, actorOf(), 'team-a');
    expect([attempts, await heldBy()]).toEqual([4, []]);
  });
});
