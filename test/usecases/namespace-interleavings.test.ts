/** Two accounts register and release one name, in every order of their steps, and one of them stops after any step. */
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Account } from '../../lib/domain/identifiers.ts';
import type { RegistrationRules } from '../../lib/domain/namespace.ts';
import type { AuditStore } from '../../lib/ports/audit.ts';
import type { Table } from '../../lib/ports/table.ts';
import { namespaceStore } from '../../lib/store/namespace-store.ts';
import {
  listNamespaces,
  type NamespacePorts,
  registerNamespace,
  releaseNamespace,
} from '../../lib/usecases/manage-account.ts';
import { watchedTable } from '../support/faulty-table.ts';
import { type Choose, everyWay, interleave, startProcess } from '../support/interleaving.ts';
import { actorOf } from '../support/memory-ports.ts';
import { ACCOUNT, NOW, OTHER_ACCOUNT } from '../support/records.ts';
import { memoryTable } from '../support/stores.ts';
import { useTables } from '../support/tables.ts';

const { open } = useTables();

type Act = 'register' | 'release';
/** What one administrator does, one act after the other. */
interface Script {
  readonly account: Account;
  readonly acts: readonly Act[];
}

/** The operator gives the name to both: so it can change hands, which is when most could go wrong. */
const BOTH: RegistrationRules = [ACCOUNT, OTHER_ACCOUNT].map(account => ({ account, pattern: 'team-a' }));

const mine = (...acts: Act[]): Script => ({ account: ACCOUNT, acts });
const theirs = (...acts: Act[]): Script => ({ account: OTHER_ACCOUNT, acts });

/** Scripts, who holds the name before, and how many processes stop for ever. */
type Scenario = readonly [name: string, scripts: readonly Script[], before: Script, crashes: number];

const SCENARIOS: readonly Scenario[] = [
  ['both register', [mine('register'), theirs('register')], mine(), 2],
  ['one releases, the other registers', [mine('release'), theirs('register')], mine('register'), 2],
  ['both register and release', [mine('register', 'release'), theirs('register', 'release')], mine(), 1],
  ['one comes back', [mine('release', 'register'), theirs('register', 'release')], mine('register'), 1],
  [
    'three at once, of two accounts',
    [mine('register'), mine('release'), theirs('register')],
    mine('register'),
    1,
  ],
  [
    'one account registers twice',
    [mine('register'), mine('register'), theirs('register')],
    mine('register', 'release'),
    0,
  ],
];

/** Carries an act out; that it is refused is an outcome like others. */
async function carryOut(ports: NamespacePorts, account: Account, act: Act): Promise<boolean> {
  const verb = { register: registerNamespace, release: releaseNamespace }[act];
  return verb(ports, actorOf(account), 'team-a').then(
    () => true,
    (error: { code?: string }) => {
      if (error.code === 'namespace-taken' || error.code === 'not-found') return false;
      throw error;
    },
  );
}

/** At most one account holds the name; its list shows it, and no other list does. */
async function expectOneOwner({ namespaces }: NamespacePorts): Promise<void> {
  const claim = await namespaces.claim('team-a');
  for (const account of [ACCOUNT, OTHER_ACCOUNT]) {
    const holds = claim?.state === 'held' && claim.account === account;
    const listed = await listNamespaces({ namespaces }, account);
    // `expect` takes longer than all the rest, and there are very many ways.
    if (!holds && listed.length === 0) continue;
    expect(listed).toEqual(holds ? [claim] : []);
  }
}

/** Nothing is audited: an audit record changes nothing of what is tested here, and would double the orders. */
const audit: AuditStore = { record: async () => undefined };

function portsOn(table: Table): NamespacePorts {
  const namespaces = namespaceStore({ table, randomBytes });
  return { namespaces, audit, clock: () => NOW * 1000, registration: BOTH };
}

/** One way through a scenario. */
async function run(table: Table, [, scripts, before, crashes]: Scenario, choose: Choose): Promise<void> {
  const ports = portsOn(table);
  for (const act of before.acts) await carryOut(ports, before.account, act);
  /** Accounts whose registration was acknowledged, and which have not begun to release the name. */
  const owners = new Set(before.acts.at(-1) === 'register' ? [before.account] : []);
  const isReleasing = (account: Account) =>
    scripts.some(script => script.account === account && script.acts.includes('release'));
  const processes = await Promise.all(
    scripts.map(({ account, acts }) =>
      startProcess(async around => {
        const watched = portsOn(watchedTable(table, around));
        for (const act of acts) {
          if (act === 'release') owners.delete(account);
          const succeeded = await carryOut(watched, account, act);
          if (act === 'register' && succeeded && !isReleasing(account)) owners.add(account);
          if (owners.size > 1) expect.fail('two accounts own the name');
        }
      }),
    ),
  );
  const crashed = await interleave(processes, choose, crashes);
  await expectOneOwner(ports);
  const claim = await ports.namespaces.claim('team-a');
  for (const owner of owners) expect(claim).toMatchObject({ state: 'held', account: owner });
  for (const process of crashed) {
    const { account, acts } = scripts[processes.indexOf(process)] ?? mine();
    for (const act of acts) {
      await carryOut(ports, account, act);
      await expectOneOwner(ports);
    }
  }
}

describe.each(SCENARIOS)('when %s', (...scenario) => {
  it('leaves at most one owner in every order and with every crash, and the crashed act can be repeated', async () => {
    const ways = await everyWay(choose => run(memoryTable(), scenario, choose));
    expect(ways).toBeGreaterThanOrEqual(20);
  });

  it('leaves at most one owner in random orders on the table of the project', async () => {
    await fc.assert(
      fc.asyncProperty(fc.infiniteStream(fc.nat()), async numbers => {
        const choose: Choose = options => Number(numbers.next().value) % options;
        await run(await open(), scenario, choose);
      }),
      { numRuns: 8 },
    );
  });
});

describe('the search', () => {
  it('takes every order of steps and every crash', async () => {
    const seen = new Set<string>();
    const count = await everyWay(async choose => {
      const order: string[] = [];
      const act = (name: string) =>
        startProcess(async around => {
          for (const step of ['1', '2']) await around(step, async () => order.push(name + step));
        });
      await interleave(await Promise.all([act('a'), act('b')]), choose, 0);
      seen.add(order.join(' '));
    });
    expect([count, seen.size]).toEqual([6, 6]);
  });

  it('finds two owners where the table ignores conditions', async () => {
    const blind = () => {
      const table = memoryTable();
      return { ...table, update: (key, change) => table.update(key, change) } satisfies Table;
    };
    const [scenario] = SCENARIOS;
    if (scenario === undefined) throw new Error('no scenario');
    await expect(everyWay(choose => run(blind(), scenario, choose))).rejects.toThrow();
  });
});
