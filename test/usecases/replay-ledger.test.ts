/** The replay: what was taken away since a copy was made is taken from it again, however often it breaks off. */
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type AccountRules, WIDEST } from '../../lib/domain/account-rules.ts';
import { unavailable } from '../../lib/domain/errors.ts';
import { release } from '../../lib/domain/namespace.ts';
import { DAY_SECONDS } from '../../lib/domain/time.ts';
import { patchToken, rotateToken } from '../../lib/domain/token-record.ts';
import { journaling } from '../../lib/ledger/journaling.ts';
import { tableLedger } from '../../lib/ledger/table-ledger.ts';
import type { Ledger } from '../../lib/ports/ledger.ts';
import type { Table } from '../../lib/ports/table.ts';
import { addToken } from '../../lib/usecases/issue-token.ts';
import { type ReplayPorts, type ReplayRequest, replayLedger } from '../../lib/usecases/replay-ledger.ts';
import type { MarkedTable } from '../contracts/table-marker.ts';
import { memoryMarkedTable } from '../support/marked-tables.ts';
import { actorOf, worldOn } from '../support/memory-ports.ts';
import { ACCOUNT, aClaim, aPolicy, aToken, aTrust, NOW } from '../support/records.ts';
import { type Around, countSteps, failingAt, stepped } from '../support/steps.ts';
import {
  copyOf,
  itemsOf,
  journaledStores,
  memoryStores,
  memoryTable,
  type Stores,
} from '../support/stores.ts';

const NOW_MS = NOW * 1000;
const REQUEST: ReplayRequest = { dryRun: false, acceptGap: false, unsure: false };
const STORES = [
  'tokens',
  'namespaces',
  'policies',
  'trusts',
  'revokedCredentials',
  'nonces',
  'idempotency',
] as const;

function journaledIn(ledger: Ledger, stores: Stores, nowMs = NOW_MS): Stores {
  // A millisecond for each act: the ledger sorts by time.
  let acts = 0;
  return journaledStores(stores, journaling({ ledger, clock: () => nowMs + acts++, randomBytes }));
}

/** With small pages, so that a replay has several. */
const memoryLedger = () => tableLedger(memoryTable(), { pageEntries: 100 });

/** A table, a copy of it, and a ledger of what was taken from the table since: `count` times each kind of act. */
async function restored(count = 1) {
  const { table, ...stores } = memoryStores();
  const [ledger, place] = [memoryLedger(), await memoryMarkedTable()];
  await place.marker.initialise(NOW_MS);
  const records = Array.from({ length: count * 4 }, () => aToken({ access: 'push' }));
  const policies = Array.from({ length: count }, () => aPolicy());
  const trusts = Array.from({ length: count }, () => aTrust());
  const claims = Array.from({ length: count }, (_, i) => aClaim({ name: `team-${i}` }));
  for (const record of records) await stores.tokens.add(record);
  for (const policy of policies) await stores.policies.add(policy);
  for (const trust of trusts) await stores.trusts.add(trust);
  for (const claim of claims) await stores.namespaces.writeClaim(undefined, claim);
  const copy = { table: await copyOf(table), place: await place.copy() };
  const journaled = journaledIn(ledger, stores);
  for (let i = 0; i < count; i++) {
    const [first = aToken(), second = first, third = first, fourth = first] = records.slice(i * 4);
    await journaled.tokens.remove(first, NOW);
    await journaled.tokens.update(
      second,
      patchToken(second, { disabled: true }, { now: NOW, by: 'dev:alice' }),
      NOW,
    );
    const issue = { hash: randomBytes(32), derivation: second.derivation, issuanceId: 'x' };
    const rotated = rotateToken(third, issue, { graceSeconds: 0, now: NOW });
    await journaled.tokens.update(third, rotated, NOW);
    await journaled.tokens.update(
      rotated,
      patchToken(rotated, { access: 'pull' }, { now: NOW, by: 'dev:alice' }),
      NOW,
    );
    await journaled.tokens.update(
      fourth,
      patchToken(fourth, { description: 'x' }, { now: NOW, by: 'dev:alice' }),
      NOW,
    );
    await journaled.policies.remove(ACCOUNT, policies[i]?.id ?? '', NOW);
    await journaled.trusts.remove(ACCOUNT, trusts[i]?.id ?? '', NOW);
    await journaled.namespaces.writeClaim(claims[i], release(claims[i] ?? aClaim()));
    await journaled.revokedCredentials.revoke({ handle: 'h', jti: `${i}` }, NOW + 60);
    await journaled.nonces.consume(`${i}`, NOW + 60);
  }
  return { table, ledger, copy };
}

function portsOn(table: Table, place: MarkedTable, ledger: Ledger, nowMs = NOW_MS): ReplayPorts {
  const stores = memoryStores(table);
  const idempotency = stores.requests;
  return {
    ...stores,
    idempotency,
    ledger,
    identity: place.marker,
    clock: () => nowMs,
    remainingMs: () => 60_000,
  };
}

/** All that decides a login, but what gives nothing: the salt that a restored token loses, and its description. */
async function rightsIn(table: Table) {
  const items = (await itemsOf(table)).filter(({ sk }) => !/^(?:audit|request)#/.test(sk));
  return items.map(({ version, salt, derivationKey, description, issuedBy, valueIssuedAt, ...rights }) =>
    Object.fromEntries(Object.entries(rights).filter(([name]) => !/^write\d$/.test(name))),
  );
}

describe('the replay', () => {
  it('narrows the rules of an account in a copy of before they were set, and does not widen those of after', async () => {
    const { table, ...stores } = memoryStores();
    const [ledger, place] = [memoryLedger(), await memoryMarkedTable()];
    await place.marker.initialise(NOW_MS);
    const journaled = journaledIn(ledger, stores);
    const at = (version: number, rules: Partial<AccountRules>) => ({
      account: ACCOUNT,
      rules: { ...WIDEST, ...rules },
      version,
    });
    const states = [at(1, { requireOwner: true }), at(2, { nonExpiring: 'forbidden' }), at(3, {})] as const;
    const before = { table: await copyOf(table), place: await place.copy() };
    await journaled.accountRules.write(undefined, states[0]);
    await journaled.accountRules.write(states[0], states[1]);
    const after = { table: await copyOf(table), place: await place.copy() };
    await journaled.accountRules.write(states[1], states[2]);
    for (const copy of [before, after]) await replayLedger(portsOn(copy.table, copy.place, ledger), REQUEST);
    const rulesIn = async (of: Table) => (await memoryStores(of).accountRules.get(ACCOUNT))?.rules;
    expect(await rulesIn(before.table)).toEqual({ ...WIDEST, requireOwner: true, nonExpiring: 'forbidden' });
    expect(await rulesIn(after.table)).toEqual(states[1].rules);
  });

  it('revokes in a copy everything that was revoked since, says how much, and only then lets it be served', async () => {
    const { table, ledger, copy } = await restored(3);
    expect(await copy.place.marker.matches()).toBe(false);
    const counts = await replayLedger(portsOn(copy.table, copy.place, ledger), REQUEST);
    expect(counts).toEqual({
      entries: {
        'remove-token': 3,
        'narrow-token': 9,
        'remove-policy': 3,
        'remove-trust': 3,
        'write-claim': 3,
        'end-credential': 3,
        'spend-proof': 3,
      },
      applied: 27,
      finished: true,
      served: true,
    });
    expect(await rightsIn(copy.table)).toEqual(await rightsIn(table));
    expect(await copy.place.marker.matches()).toBe(true);
  });

  it('leaves a table alone that is in use, and another run changes nothing', async () => {
    const { ledger, copy } = await restored();
    const ports = portsOn(copy.table, copy.place, ledger);
    await replayLedger(ports, REQUEST);
    const steps = await countSteps(async around => {
      const watched = stepped(ports, [...STORES, 'ledger'], around);
      const counts = await replayLedger(watched, REQUEST);
      expect(counts).toEqual({ entries: {}, applied: 0, finished: true, served: true });
    });
    expect(steps).toBe(0);
    const again = await replayLedger(ports, { ...REQUEST, unsure: true });
    expect(again).toMatchObject({ applied: 1, served: true });
    expect(await replayLedger(ports, { ...REQUEST, unsure: true })).toMatchObject({ applied: 1 });
  });

  it('that broke off anywhere is finished by the next one, and nothing is served before', async () => {
    const fresh = async () => {
      const { ledger, copy, table } = await restored();
      return { ports: portsOn(copy.table, copy.place, ledger), copy, table };
    };
    const act = (ports: ReplayPorts, around: Around) =>
      replayLedger(stepped(ports, [...STORES, 'ledger', 'identity'], around), REQUEST);
    const steps = await countSteps(async around => act((await fresh()).ports, around));
    expect(steps).toBeGreaterThanOrEqual(20);
    for (let step = 0; step < steps; step++) {
      for (const moment of ['before', 'after'] as const) {
        const { ports, copy, table } = await fresh();
        await expect(act(ports, failingAt(step, moment))).rejects.toThrow();
        if (await copy.place.marker.matches())
          expect(await rightsIn(copy.table)).toEqual(await rightsIn(table));
        expect(await replayLedger(ports, REQUEST)).toMatchObject({ finished: true, served: true });
        expect(await rightsIn(copy.table)).toEqual(await rightsIn(table));
        expect(await copy.place.marker.matches()).toBe(true);
      }
    }
  });

  it.each(['removed', 'ended early'])(
    'finishes the request of a token that was %s, so that its repetition does not add the token again',
    async how => {
      const original = memoryStores();
      const [ledger, place] = [memoryLedger(), await memoryMarkedTable()];
      await place.marker.initialise(NOW_MS);
      const world = worldOn(original);
      const failing = { ...world.tokens.idempotency, finish: () => Promise.reject(unavailable('killed')) };
      const token = { access: 'pull', repositories: null, description: '', retrievable: true } as const;
      const request = {
        actor: actorOf(),
        token: { ...token, expiresInSeconds: 3600 },
        idempotencyKey: 'key-1',
      };
      const { record } = await addToken({ ...world.tokens, idempotency: failing }, request);
      const copy = { table: await copyOf(original.table), place: await place.copy() };
      const journaled = journaledIn(ledger, original);
      if (how === 'removed') await journaled.tokens.remove(record, NOW);
      else await journaled.tokens.update(record, { ...record, expiresAt: NOW + 60, version: 2 }, NOW);
      await replayLedger(portsOn(copy.table, copy.place, ledger), REQUEST);
      const restoredWorld = worldOn(memoryStores(copy.table));
      restoredWorld.now = NOW + 61;
      // The cleanup, or the table itself, deletes what is left of it.
      for (const item of await itemsOf(copy.table))
        if (item.sk.startsWith('token#')) await copy.table.delete(item);
      await expect(addToken(restoredWorld.tokens, request)).rejects.toMatchObject({
        code: 'idempotency-replayed',
      });
      expect((await itemsOf(copy.table)).filter(({ sk }) => sk.startsWith('token#'))).toEqual([]);
    },
  );

  it('stops in time, serves nothing then, and the next run goes on where it stopped', async () => {
    const { table, ledger, copy } = await restored(60);
    const ports = portsOn(copy.table, copy.place, ledger);
    const runs = [];
    do {
      expect(await copy.place.marker.matches()).toBe(false);
      runs.push(await replayLedger({ ...ports, remainingMs: () => 20_000 }, REQUEST));
    } while (runs.at(-1)?.finished === false);
    expect(runs.length).toBeGreaterThan(5);
    const read = runs.flatMap(({ entries }) => Object.values(entries)).reduce((sum, count) => sum + count, 0);
    expect(read).toBe(60 * 9);
    expect(runs.map(({ served }) => served)).toEqual(runs.map(({ finished }) => finished));
    expect(await rightsIn(copy.table)).toEqual(await rightsIn(table));
  });

  it('twice at the same time comes to the same', async () => {
    const { table, ledger, copy } = await restored(20);
    const ports = portsOn(copy.table, copy.place, ledger);
    const runs = await Promise.all([replayLedger(ports, REQUEST), replayLedger(ports, REQUEST)]);
    expect(runs.map(({ served }) => served)).toEqual([true, true]);
    expect(await rightsIn(copy.table)).toEqual(await rightsIn(table));
  });

  it('that is only tried reads and counts, and touches nothing', async () => {
    const { ledger, copy } = await restored();
    const before = await itemsOf(copy.table);
    const ports = portsOn(copy.table, copy.place, ledger);
    const counts = await replayLedger(ports, { ...REQUEST, dryRun: true });
    expect(counts).toMatchObject({
      entries: { 'narrow-token': 3 },
      applied: 0,
      finished: true,
      served: false,
    });
    expect(await itemsOf(copy.table)).toEqual(before);
    expect(await ports.identity.progress()).toBeUndefined();
  });

  it('begins an hour before the copy was last in use, and no earlier', async () => {
    const [ledger, place] = [memoryLedger(), await memoryMarkedTable()];
    const { table, ...stores } = memoryStores();
    const records = [aToken(), aToken()];
    for (const record of records) await stores.tokens.add(record);
    await place.marker.initialise(NOW_MS - 9 * DAY_SECONDS * 1000);
    await place.marker.heartbeat(NOW_MS);
    const copy = await place.copy();
    const [early = aToken(), late = early] = records;
    for (const [record, ms] of [
      [early, NOW_MS - 3_600_001],
      [late, NOW_MS - 3_600_000],
    ] as const) {
      const entry = {
        act: 'remove-token',
        token: { account: ACCOUNT, id: record.id, version: 1 },
        id: record.id,
        at: ms,
      } as const;
      await ledger.append(entry);
    }
    const counts = await replayLedger(portsOn(table, copy, ledger), REQUEST);
    expect(counts.entries).toEqual({ 'remove-token': 1 });
  });

  it('does not bring back what has ended by itself since', async () => {
    const { ledger, copy } = await restored();
    const later = NOW_MS + DAY_SECONDS * 1000;
    expect(await replayLedger(portsOn(copy.table, copy.place, ledger, later), REQUEST)).toMatchObject({
      served: true,
    });
    const items = await itemsOf(copy.table);
    expect(items.filter(({ pk, sk }) => /^proof#/.test(pk) || /^revoked#/.test(sk))).toEqual([]);
  });

  it('lets no repeated request add a token that was lost and removed', async () => {
    const [ledger, place] = [memoryLedger(), await memoryMarkedTable()];
    const { table, ...stores } = memoryStores();
    await place.marker.initialise(NOW_MS);
    const world = worldOn(journaledIn(ledger, stores));
    const token = {
      access: 'pull',
      repositories: null,
      description: '',
      expiresInSeconds: 60,
      retrievable: true,
    } as const;
    const ask = (ports = world.tokens) =>
      addToken(ports, { actor: actorOf(), token, idempotencyKey: 'once' });
    // The copy has the request, which had just begun, and not the token.
    let copy: Table | undefined;
    const { record } = await ask({
      ...world.tokens,
      tokens: {
        ...world.tokens.tokens,
        add: async added => {
          copy = await copyOf(table);
          return world.tokens.tokens.add(added);
        },
      },
    });
    await world.tokens.tokens.remove(record, NOW);
    if (copy === undefined) throw new Error('no copy');
    const there = await place.copy();
    await replayLedger(portsOn(copy, there, ledger), REQUEST);
    await expect(ask(worldOn(memoryStores(copy)).tokens)).rejects.toMatchObject({
      code: 'idempotency-replayed',
    });
    const tokens = (await itemsOf(copy)).filter(({ sk }) => sk.startsWith('token#'));
    expect(tokens).toMatchObject([{ removedAt: NOW }]);
  });

  it('shows no value again by a repeated request for a token that was rotated or disabled since', async () => {
    for (const patch of ['rotate', 'disable'] as const) {
      const [ledger, place] = [memoryLedger(), await memoryMarkedTable()];
      const { table, ...stores } = memoryStores();
      await place.marker.initialise(NOW_MS);
      const world = worldOn(journaledIn(ledger, stores));
      const token = {
        access: 'pull',
        repositories: null,
        description: '',
        expiresInSeconds: 60,
        retrievable: true,
      } as const;
      const request = { actor: actorOf(), token, idempotencyKey: 'once' };
      const { record } = await addToken(world.tokens, request);
      const copy = await copyOf(table);
      const issue = { hash: randomBytes(32), derivation: record.derivation, issuanceId: 'x' };
      const after =
        patch === 'rotate'
          ? rotateToken(record, issue, { graceSeconds: 0, now: NOW })
          : patchToken(record, { disabled: true }, { now: NOW, by: 'dev:a' });
      await world.tokens.tokens.update(record, after, NOW);
      await replayLedger(portsOn(copy, await place.copy(), ledger), REQUEST);
      const again = addToken(worldOn(memoryStores(copy)).tokens, request);
      await expect(again).rejects.toMatchObject({ code: 'idempotency-replayed' });
    }
  });
});

describe('a copy is refused, unless the gap is accepted,', () => {
  const DAY_MS = DAY_SECONDS * 1000;
  it.each<[string, (place: MarkedTable) => Promise<MarkedTable>, string]>([
    [
      'that is older than the ledger remembers',
      async place => place.copy(),
      'the ledger begins at 2026-10-16T07:00:01Z',
    ],
    ['that does not say how old it is', async place => place.fresh(), 'does not say when'],
    ['beside a ledger that is new', async place => (await place.copy()).unmarked(), 'The ledger is new'],
  ])('%s', async (_, make, message) => {
    const original = await memoryMarkedTable();
    await original.marker.initialise(NOW_MS - 36 * DAY_MS);
    const place = await make(original);
    const ports = portsOn(memoryStores().table, place, memoryLedger(), NOW_MS + 1_000);
    await expect(replayLedger(ports, REQUEST)).rejects.toMatchObject({
      name: 'LedgerGap',
      message: expect.stringContaining(message),
    });
    expect(await place.marker.matches()).toBe(false);
    expect(await replayLedger(ports, { ...REQUEST, acceptGap: true })).toMatchObject({ served: true });
    expect(await place.marker.matches()).toBe(true);
  });

  it('that was last used at a time that is still to come, and then everything is replayed', async () => {
    const original = await memoryMarkedTable();
    await original.marker.initialise(NOW_MS - 36 * DAY_MS);
    await original.marker.heartbeat(NOW_MS + 400 * DAY_MS);
    const place = await original.copy();
    const { table } = memoryStores();
    const ledger = memoryLedger();
    const ports = portsOn(table, place, ledger, NOW_MS);
    await expect(replayLedger(ports, REQUEST)).rejects.toMatchObject({
      name: 'LedgerGap',
      message: expect.stringContaining('check the clock'),
    });
    const earlier = journaledIn(ledger, memoryStores(), NOW_MS - DAY_MS);
    await earlier.revokedCredentials.revoke({ handle: 'h', jti: 'j' }, NOW + 60);
    const counts = await replayLedger(ports, { ...REQUEST, acceptGap: true });
    expect(counts).toMatchObject({ served: true, entries: { 'end-credential': 1 } });
  });

  it('and not when the ledger remembers just long enough', async () => {
    const original = await memoryMarkedTable();
    await original.marker.initialise(NOW_MS - 36 * DAY_MS);
    const ports = portsOn(memoryStores().table, await original.copy(), memoryLedger());
    expect(await replayLedger(ports, REQUEST)).toMatchObject({ served: true });
  });
});
