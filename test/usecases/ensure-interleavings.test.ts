/** Callers ensure one token and remove it, in every order of their steps, with a slow clock between, and one of them stops after any step. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Table } from '../../lib/ports/table.ts';
import { type Ensured, ensureToken } from '../../lib/usecases/ensure-token.ts';
import { removeToken } from '../../lib/usecases/manage-tokens.ts';
import { watchedTable } from '../support/faulty-table.ts';
import { type Choose, everyWay, interleave, startProcess } from '../support/interleaving.ts';
import { AN_ENSURE_REQUEST, actorOf, type World, worldOn } from '../support/memory-ports.ts';
import { ACCOUNT } from '../support/records.ts';
import type { Around } from '../support/steps.ts';
import { memoryTable, storesOn } from '../support/stores.ts';
import { useTables } from '../support/tables.ts';

const { open } = useTables();

/** `late`: a moment passes in which the caller that has taken the name could have added its token. */
type Act = 'ensure' | 'late' | 'remove';
/** What there was before: no token, one that was removed, one that has expired, or a name whose taker has stopped. */
type Before = 'none' | 'removed' | 'expired' | 'taken' | 'there';

type Scenario = readonly [name: string, acts: readonly Act[], before: Before, crashes: number];

const SCENARIOS: readonly Scenario[] = [
  ['two ensure what was never there', ['ensure', 'ensure'], 'none', 1],
  ['two ensure what was removed', ['ensure', 'ensure'], 'removed', 1],
  ['two ensure what has expired', ['ensure', 'ensure'], 'expired', 1],
  ['two ensure where another has stopped', ['ensure', 'ensure'], 'taken', 1],
  ['one is slow, and another goes on', ['ensure', 'late', 'ensure'], 'none', 1],
  ['one is slow where another has stopped', ['ensure', 'late', 'ensure'], 'taken', 0],
  ['one ensures, the other removes', ['ensure', 'remove'], 'there', 1],
  ['two ensure, one removes', ['ensure', 'ensure', 'remove'], 'there', 0],
];

const LATE_SECONDS = 31;

const NO_AUDIT = { record: async () => undefined } as never;

function worldAt(table: Table, now: number): World {
  const world = worldOn(storesOn(table));
  world.now = now;
  return world;
}

function ensure(world: World): Promise<Ensured> {
  const pause = async () => {
    world.now += 1;
  };
  return ensureToken(
    // Nothing is audited: that would double the orders, and changes nothing of what is tested here.
    { ...world.tokens, audit: NO_AUDIT, pause },
    { ...AN_ENSURE_REQUEST, token: { ...AN_ENSURE_REQUEST.token, expiresInSeconds: 60, retrievable: false } },
  );
}

async function living({ stores, now }: World) {
  return (await stores.tokens.list(ACCOUNT, { limit: 100, now })).records;
}

async function removeAll(world: World): Promise<void> {
  for (const { id } of await living(world)) {
    await removeToken({ ...world.tokens, audit: NO_AUDIT }, actorOf(), id).catch(
      ({ code }: { code: string }) => expect(code).toBe('not-found'),
    );
  }
}

async function prepare(table: Table, before: Before): Promise<number> {
  const world = worldOn(storesOn(table));
  if (before === 'none') return world.now;
  if (before === 'taken') {
    const stopped = { ...world.tokens.tokens, add: () => Promise.reject(new Error('stopped')) };
    const failing = { ...world, tokens: { ...world.tokens, tokens: stopped } };
    await expect(ensure(failing)).rejects.toThrow('stopped');
    return world.now;
  }
  await ensure(world);
  // A name that is not freed: the removal has stopped before.
  const [token] = await living(world);
  if (before === 'removed' && token !== undefined) await world.stores.tokens.remove(token, world.now);
  return before === 'expired' ? world.now + 60 : world.now;
}

async function run(table: Table, [, acts, before, crashes]: Scenario, choose: Choose): Promise<void> {
  let now = await prepare(table, before);
  const values: string[] = [];
  const processes = await Promise.all(
    acts.map(act =>
      startProcess(async (around: Around) => {
        const set = (to: number) => {
          now = to;
        };
        if (act === 'late') return void (await around('late', async () => set(now + LATE_SECONDS)));
        const world = worldAt(watchedTable(table, around), now);
        Object.defineProperty(world, 'now', { get: () => now, set });
        if (act === 'remove') return removeAll(world);
        // Where another was faster each time the answer is 503, and the caller asks again.
        const ensured = await ensure(world).catch(error => {
          if (error.code !== 'unavailable') throw error;
        });
        if (ensured?.value !== undefined) values.push(ensured.record.id);
        return undefined;
      }),
    ),
  );
  await interleave(processes, choose, crashes);
  const world = worldAt(table, now);
  const live = await living(world);
  expect(live.length).toBeLessThanOrEqual(1);
  // The value of each token is given to one caller at most.
  expect(new Set(values).size).toBe(values.length);
  const { record } = await ensure(world);
  expect(record.name).toBe('a');
  if (live[0] !== undefined) expect(record.id).toBe(live[0].id);
  expect((await living(world)).map(({ id }) => id)).toEqual([record.id]);
  expect((await ensure(world)).record.id).toBe(record.id);
}

/** There are millions of orders: a sample of them, another in each run. */
function sampled(table: () => Promise<Table> | Table, scenario: Scenario, numRuns: number): Promise<void> {
  const property = fc.asyncProperty(fc.infiniteStream(fc.nat()), async numbers => {
    await run(await table(), scenario, options => Number(numbers.next().value) % options);
  });
  return Promise.resolve(fc.assert(property, { numRuns }));
}

describe.each(SCENARIOS)('when %s', (...scenario) => {
  it('there is one token of the name at most, in each order and with each crash, and then exactly one', async () => {
    await sampled(memoryTable, scenario, 60);
    expect.hasAssertions();
  });

  it('there is one on the table of the project, too', async () => {
    await sampled(open, scenario, 8);
    expect.hasAssertions();
  });
});

it('when two ensure what was never there, there is one in every order', async () => {
  const scenario: Scenario = ['', ['ensure', 'ensure'], 'none', 0];
  expect(await everyWay(choose => run(memoryTable(), scenario, choose))).toBeGreaterThanOrEqual(20);
});
