/** Rules never widen: in all orders of sets, requests and changes, nothing is made that the rules or the ceiling forbid at that moment. */
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AccountRules, narrowerRules, rulesBeyond, WIDEST } from '../../lib/domain/account-rules.ts';
import { accountHandle } from '../../lib/domain/identifiers.ts';
import { ANONYMOUS, type Principal, vendContext } from '../../lib/domain/principal.ts';
import type { TokenRecord } from '../../lib/domain/token-record.ts';
import { journaling } from '../../lib/ledger/journaling.ts';
import { tableLedger } from '../../lib/ledger/table-ledger.ts';
import { listBreaking, rulesOf, setRules } from '../../lib/usecases/account-rules.ts';
import { addToken, rotateToken } from '../../lib/usecases/issue-token.ts';
import { changeToken } from '../../lib/usecases/manage-tokens.ts';
import { vendCredential } from '../../lib/usecases/vend-credential.ts';
import { readLedger } from '../contracts/ledger.ts';
import { rejectionOf } from '../support/errors.ts';
import { actorOf, principalWith, type World, worldOn } from '../support/memory-ports.ts';
import { ACCOUNT, NOW, SERVICE } from '../support/records.ts';
import { journaledStores, memoryStores, memoryTable } from '../support/stores.ts';

const life = fc.constantFrom(60, 600, 86_400, 2_592_000);
const rules = {
  maxExpiresInSeconds: life,
  nonExpiring: fc.constantFrom('allowed' as const, 'forbidden' as const),
  maxCredentialSeconds: fc.constantFrom(60, 600, 3600),
  retrievable: fc.boolean(),
  requireOwner: fc.boolean(),
  requireNetworks: fc.boolean(),
};
const someRules = fc.record(rules, { requiredKeys: [] });
const ending = fc.constantFrom(undefined, null, 60, 600, 86_400, 2_592_000);
const owner = fc.constantFrom(undefined, null, 'x');
const networks = fc.constantFrom(undefined, null, ['10.0.0.0/8']);
const request = fc.record({
  expiresInSeconds: ending,
  owner,
  networks,
  retrievable: fc.constantFrom(undefined, true, false),
});
const change = fc.record({
  expiresInSeconds: ending,
  owner,
  networks,
  disabled: fc.constantFrom(undefined, true, false),
});
const step = fc.oneof(
  fc.record({ act: fc.constant('set' as const), given: someRules }),
  fc.record({ act: fc.constant('add' as const), given: request }),
  fc.record({ act: fc.constant('change' as const), given: change, at: fc.nat() }),
  fc.record({ act: fc.constant('rotate' as const), at: fc.nat() }),
  fc.record({
    act: fc.constant('vend' as const),
    at: fc.nat(),
    seconds: fc.constantFrom(60, 600, 3600, 43_200),
  }),
);

/** What the contract says of a record that was just made, written anew. */
function forbids(
  by: AccountRules,
  { expiresAt, derivation, owner: by_, networks: from }: TokenRecord,
): string[] {
  return [
    expiresAt === null && by.nonExpiring === 'forbidden' ? 'no end' : '',
    expiresAt !== null && expiresAt - NOW > by.maxExpiresInSeconds ? 'too long' : '',
    derivation !== null && !by.retrievable ? 'retrievable' : '',
    by_ === null && by.requireOwner ? 'no owner' : '',
    from === null && by.requireNetworks ? 'no networks' : '',
  ].filter(fault => fault !== '');
}

interface Made {
  readonly id: string;
  value: Parameters<typeof principalWith>[1];
}

/** An account in the middle of a script. */
interface Play {
  readonly world: World;
  readonly ceiling: AccountRules;
  /** What counts now. */
  readonly rules: AccountRules;
  readonly made: Made[];
}

const portsOf = ({ tokens, stores }: World, ceiling: AccountRules = WIDEST) => ({
  ...tokens,
  accountRules: stores.accountRules,
  ceiling,
});

async function setAny({ world, ceiling }: Play, given: object): Promise<string> {
  const isBeyond = rulesBeyond({ ...ceiling, ...given }, ceiling).length > 0;
  const setting = setRules(portsOf(world, ceiling), actorOf(), given);
  if (!isBeyond) await setting;
  else expect((await rejectionOf(setting)).code).toBe('invalid-request');
  return isBeyond ? 'beyond the ceiling' : 'set';
}

async function addAny({ world, ceiling, rules: now, made }: Play, given: Given<'add'>): Promise<string> {
  const { owner: by, networks: from, ...rest } = given;
  const token = {
    ...{ access: 'pull' as const, repositories: null, description: '' },
    ...rest,
    ...(by == null ? {} : { owner: by }),
    ...(from == null ? {} : { networks: from }),
  };
  const request = { actor: actorOf(), token, idempotencyKey: undefined };
  const issued = await addToken(portsOf(world, ceiling), request).catch(() => undefined);
  if (issued === undefined) return 'not added';
  expect(forbids(now, issued.record)).toEqual([]);
  made.push({ id: issued.record.id, value: issued.value });
  return 'added';
}

async function changeAny({ world, ceiling, rules: now }: Play, { id }: Made, given: Given<'change'>) {
  const before = await world.stores.tokens.get(ACCOUNT, id, NOW);
  const request = { actor: actorOf(), id, change: given };
  const after = await changeToken(portsOf(world, ceiling), request).catch(() => undefined);
  if (after === undefined || before === undefined) return 'not changed';
  const faults = forbids(now, after);
  const known = forbids(now, before);
  expect(faults.filter(fault => !known.includes(fault))).toEqual([]);
  if (before.disabled !== null && after.disabled === null) expect(faults).toEqual([]);
  return 'changed';
}

async function rotateAny({ world, ceiling, rules: now }: Play, subject: Made): Promise<string> {
  const request = {
    actor: actorOf(),
    id: subject.id,
    rotation: { graceSeconds: 0, force: true },
    idempotencyKey: undefined,
  };
  const { record, value } = await rotateToken(portsOf(world, ceiling), request);
  subject.value = value;
  expect(record.derivation !== null && !now.retrievable).toBe(false);
  return 'rotated';
}

async function vendAny(
  { world, ceiling, rules: now }: Play,
  { value }: Made,
  seconds: number,
): Promise<string> {
  const principal = await principalWith(world.logins, value, vendContext(SERVICE.name)).catch(
    () => undefined,
  );
  if (principal === undefined) return 'not vended';
  const wanted = {
    principal,
    service: SERVICE,
    access: 'pull',
    repositories: null,
    expiresInSeconds: seconds,
  } as const;
  const { endsAt } = await vendCredential({ ...world.logins, ceiling }, wanted);
  expect(endsAt - NOW).toBeLessThanOrEqual(Math.min(seconds, now.maxCredentialSeconds));
  return 'vended';
}

/** What came of a step, in a word. */
async function play(state: Omit<Play, 'rules'>, one: Step): Promise<string> {
  const now = await rulesOf(portsOf(state.world, state.ceiling), ACCOUNT);
  expect(rulesBeyond(now, state.ceiling)).toEqual([]);
  const at = { ...state, rules: now };
  if (one.act === 'set') return setAny(at, one.given);
  if (one.act === 'add') return addAny(at, one.given);
  const subject = state.made[one.at % state.made.length];
  if (subject === undefined) return 'nothing to do';
  if (one.act === 'change') return changeAny(at, subject, one.given);
  return one.act === 'rotate' ? rotateAny(at, subject) : vendAny(at, subject, one.seconds);
}

type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;
type Given<A> = Extract<Step, { readonly act: A; readonly given: unknown }>['given'];

describe('an account', () => {
  it('makes nothing that its rules or the ceiling forbid, in all orders of sets and requests', async () => {
    const totals: Record<string, number> = {};
    const scripts = fc.array(step, { minLength: 4, maxLength: 24 });
    await fc.assert(
      fc.asyncProperty(fc.record(rules), scripts, async (ceiling, script) => {
        const state = { world: worldOn(), ceiling, made: [] };
        for (const one of script) {
          const what = await play(state, one);
          totals[what] = (totals[what] ?? 0) + 1;
        }
      }),
      { numRuns: 200 },
    );
    const rare = Object.entries(totals).filter(([, times]) => times < 3);
    expect([Object.keys(totals).length, rare]).toEqual([10, []]);
  });

  it('of which a workload vends gets no longer credentials either', async () => {
    const world = worldOn();
    await setRules(portsOf(world), actorOf(), { maxCredentialSeconds: 60 });
    const handle = accountHandle(ACCOUNT);
    const principal: Principal = {
      ...ANONYMOUS,
      kind: 'workload',
      subject: 'github:x',
      account: ACCOUNT,
      permissions: [{ repositories: null, actions: new Set(['pull']) }],
      delegationSource: { handle, parent: { kind: 'trust', subject: 'github:x', ids: ['t'] }, endsAt: null },
    };
    const wanted = {
      principal,
      service: SERVICE,
      access: 'pull',
      repositories: null,
      expiresInSeconds: 3600,
    } as const;
    expect((await vendCredential(world.logins, wanted)).endsAt).toBe(NOW + 60);
  });

  it('vends nothing when its rules are not answered', async () => {
    const world = worldOn();
    const { value } = await addToken(world.tokens, {
      actor: actorOf(),
      token: { access: 'pull', repositories: null, description: '', expiresInSeconds: 60, retrievable: true },
      idempotencyKey: undefined,
    });
    const principal = await principalWith(world.logins, value);
    const store = { read: async () => ({ token: undefined, removed: false, revoked: false, claims: [] }) };
    const wanted = {
      principal,
      service: SERVICE,
      access: 'pull',
      repositories: null,
      expiresInSeconds: 60,
    } as const;
    await expect(vendCredential({ ...world.logins, store }, wanted)).rejects.toThrow('were not read');
  });

  it('has the rules of one of two who set them at once, and the audit has both', async () => {
    const world = worldOn();
    const sets = [{ requireOwner: true }, { requireNetworks: true }].map(given =>
      setRules(portsOf(world), actorOf(), given),
    );
    await Promise.all(sets);
    const { rules: last, version } = (await world.stores.accountRules.get(ACCOUNT)) ?? {
      rules: WIDEST,
      version: 0,
    };
    expect([last.requireOwner, last.requireNetworks].sort()).toEqual([false, true]);
    expect(version).toBe(2);
  });

  it('narrows its rules in the ledger first, by what the act forbids', async () => {
    const ledger = tableLedger(memoryTable());
    // The ledger sorts by time.
    let acts = 0;
    const journal = journaling({ ledger, clock: () => NOW * 1000 + acts++, randomBytes });
    const world = worldOn(journaledStores(memoryStores(), journal));
    await setRules(portsOf(world), actorOf(), { requireOwner: true, maxExpiresInSeconds: 600 });
    await setRules(portsOf(world), actorOf(), { requireOwner: true, nonExpiring: 'forbidden' });
    await setRules(portsOf(world), actorOf(), {});
    const { all } = await readLedger(ledger);
    const first = { ...WIDEST, requireOwner: true, maxExpiresInSeconds: 600 };
    expect(all).toMatchObject([
      { act: 'narrow-rules', account: ACCOUNT, version: 0, left: first },
      {
        act: 'narrow-rules',
        account: ACCOUNT,
        version: 1,
        left: narrowerRules(first, { ...WIDEST, nonExpiring: 'forbidden' }),
      },
    ]);
  });

  it('lists no token of another, and none that has expired', async () => {
    const world = worldOn();
    const token = { access: 'pull', repositories: null, description: '', retrievable: true } as const;
    const add = (account: typeof ACCOUNT, expiresInSeconds: number | null) =>
      addToken(world.tokens, {
        actor: actorOf(account),
        token: { ...token, expiresInSeconds },
        idempotencyKey: undefined,
      });
    await add('dev:other', null);
    await add(ACCOUNT, 60);
    world.now += 60;
    const { record } = await add(ACCOUNT, null);
    const strict = { ...WIDEST, nonExpiring: 'forbidden', maxExpiresInSeconds: 60 } as const;
    const { breaking } = await listBreaking(world.tokens, {
      account: ACCOUNT,
      rules: strict,
      after: undefined,
    });
    expect(breaking).toEqual([{ id: record.id, rules: ['nonExpiring'] }]);
  });
});

it('setting rules is in the audit before they hold, each time that another writer was faster', async () => {
  const { stores, tokens } = worldOn();
  const recorded: unknown[] = [];
  const write: typeof stores.accountRules.write = async (before, after) =>
    recorded.length > 1 && stores.accountRules.write(before, after);
  const ports = {
    ...tokens,
    audit: { record: async (event: object) => void recorded.push(event) },
    accountRules: { get: stores.accountRules.get, write },
  };
  await setRules(ports, actorOf(), { retrievable: false });
  expect(recorded).toMatchObject(
    [1, 2].map(() => ({ act: 'set-rules', target: 'rules', subject: 'dev:alice' })),
  );
});
