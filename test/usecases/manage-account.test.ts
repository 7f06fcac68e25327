/** Namespaces, policies and trusts as their administrator registers, adds, lists and removes them. */

import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { isUuid } from '../../lib/domain/identifiers.ts';
import type { NamespaceStore } from '../../lib/ports/stores.ts';
import {
  addRule,
  listNamespaces,
  listRules,
  registerNamespace,
  releaseNamespace,
  removeRule,
} from '../../lib/usecases/manage-account.ts';
import { auditLog } from '../support/audits.ts';
import { rejectionOf } from '../support/errors.ts';
import { actorOf, worldOn } from '../support/memory-ports.ts';
import { ACCOUNT, aPolicy, aTrust, NOW, OTHER_ACCOUNT } from '../support/records.ts';
import { memoryStores } from '../support/stores.ts';

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

describe.each(['policy', 'trust'] as const)('a %s', word => {
  function world() {
    const stores = memoryStores();
    const { audit, events } = auditLog();
    const common = { audit, clock: () => NOW * 1000 + 999, randomBytes };
    const acts = () => events.map(({ act, target, subject }) => [act, target, subject]);
    const ports =
      word === 'policy'
        ? { ...common, word, rules: stores.policies, make: aPolicy }
        : { ...common, word, rules: stores.trusts, make: aTrust };
    // Both kinds are stored alike, and their types differ.
    return { acts, ports: ports as unknown as PolicyPorts };
  }
  type PolicyPorts = Parameters<typeof addRule<ReturnType<typeof aPolicy>>>[0] & { make: typeof aPolicy };
  const add = ({ make, ...ports }: PolicyPorts) => addRule(ports, actorOf(), common => make(common));

  it('has an id, an account, a time and a maker, and is recorded before it is stored', async () => {
    const { ports, acts } = world();
    const rule = await add(ports);
    expect(rule).toMatchObject({ account: ACCOUNT, createdAt: NOW, createdBy: 'dev:alice' });
    expect(isUuid(rule.id)).toBe(true);
    expect(await listRules(ports, ACCOUNT)).toEqual([rule]);
    expect(await listRules(ports, OTHER_ACCOUNT)).toEqual([]);
    expect(acts()).toEqual([[`add-${word}`, rule.id, 'dev:alice']]);
  });

  it('beyond the limit is refused', async () => {
    const { ports } = world();
    const full = { ...ports, rules: { ...ports.rules, add: async () => false } };
    expect((await rejectionOf(add(full))).code).toBe('limit-reached');
  });

  it('that cannot be recorded is neither added nor removed', async () => {
    const { ports } = world();
    const rule = await add(ports);
    const unrecorded = { ...ports, audit: { record: () => Promise.reject(new Error('no answer')) } };
    await expect(add(unrecorded)).rejects.toThrow('no answer');
    await expect(removeRule(unrecorded, actorOf(), rule.id)).rejects.toThrow('no answer');
    expect(await listRules(ports, ACCOUNT)).toEqual([rule]);
  });

  it('is removed once, by its own account', async () => {
    const { ports, acts } = world();
    const rule = await add(ports);
    const missing = { code: 'not-found', details: { detail: `There is no such ${word}.` } };
    const rival = actorOf(OTHER_ACCOUNT, 'rival');
    expect(await rejectionOf(removeRule(ports, rival, rule.id))).toMatchObject(missing);
    expect(await listRules(ports, ACCOUNT)).toEqual([rule]);
    await removeRule(ports, actorOf(), rule.id);
    expect(await listRules(ports, ACCOUNT)).toEqual([]);
    expect(await rejectionOf(removeRule(ports, actorOf(), rule.id))).toMatchObject(missing);
    expect(acts().slice(0, 3)).toEqual([
      [`add-${word}`, rule.id, 'dev:alice'],
      [`remove-${word}`, rule.id, 'dev:rival'],
      [`remove-${word}`, rule.id, 'dev:alice'],
    ]);
  });

  it('whose name is none is not looked for, and nothing is recorded', async () => {
    const { ports, acts } = world();
    const remove = () => Promise.reject(new Error('must not be asked'));
    const unasked = { ...ports, rules: { ...ports.rules, remove } };
    expect((await rejectionOf(removeRule(unasked, actorOf(), 'x'))).code).toBe('not-found');
    expect(acts()).toEqual([]);
  });
});
