/** Policies and trusts as their administrator adds, lists and removes them. */
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { isUuid } from '../../lib/domain/identifiers.ts';
import { addRule, listRules, removeRule } from '../../lib/usecases/manage-rules.ts';
import { auditLog } from '../support/audit-log.ts';
import { rejectionOf } from '../support/errors.ts';
import { actorOf } from '../support/memory-ports.ts';
import { ACCOUNT, aPolicy, aTrust, NOW, OTHER_ACCOUNT } from '../support/records.ts';
import { memoryStores } from '../support/stores.ts';

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
