/** The replay: what was taken away since a copy was made is taken from it again, however often it breaks off. */
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { release } from '../../lib/domain/namespace.ts';
import { DAY_SECONDS } from '../../lib/domain/time.ts';
import { patchToken, rotateToken } from '../../lib/domain/token-record.ts';
import { journaling } from '../../lib/ledger/journaling.ts';
import type { Ledger } from '../../lib/ports/ledger.ts';
import { addToken } from '../../lib/usecases/issue-token.ts';
import { type ReplayPorts, type ReplayRequest, replayLedger } from '../../lib/usecases/replay-ledger.ts';
import type { Stores } from '../contracts/stores.ts';
import type { Place } from '../contracts/table-identity.ts';
import { memoryIdentity } from '../fakes/memory-identity.ts';
import { memoryLedger } from '../fakes/memory-ledger.ts';
import { memoryStores } from '../fakes/memory-stores.ts';
import type { MemoryTable } from '../fakes/memory-table.ts';
import { actorOf, worldOn } from '../support/memory-ports.ts';
import { ACCOUNT, aClaim, aPolicy, aToken, aTrust, NOW } from '../support/records.ts';
import { type Around, countSteps, failingAt, stepped } from '../support/steps.ts';

const NOW_MS = NOW * 1000;
const REQUEST: ReplayRequest = { dryRun: false, acceptGap: false, unsure: false };
const STORES = ['tokens', 'namespaces', 'policies', 'trusts', 'ended', 'proofs'] as const;

function notingStores(stores: Stores, ledger: Ledger, nowMs = NOW_MS): Stores {
  const noted = journaling({ ledger, clock: () => nowMs, randomBytes });
  return {
    ...stores,
    tokens: noted.tokens(stores.tokens),
    namespaces: noted.namespaces(stores.namespaces),
    policies: noted.rules(stores.policies, 'remove-policy'),
    trusts: noted.rules(stores.trusts, 'remove-trust'),
    ended: noted.ended(stores.ended),
    proofs: noted.proofs(stores.proofs),
  };
}

/** Rows are replaced and never changed, so a copy of the maps is one of the table. */
function copyOf({ checkpoint, ...maps }: MemoryTable): MemoryTable {
  const copies = Object.entries(maps).map(([name, rows]) => [name, new Map<unknown, unknown>(rows)]);
  return { ...(Object.fromEntries(copies) as typeof maps), checkpoint };
}

/** A table, a copy of it, and a ledger of what was taken from the table since: `count` times each kind of act. */
async function restored(count = 1) {
  const { table, ...stores } = memoryStores();
  const [ledger, place] = [memoryLedger(), memoryIdentity()];
  await place.identity.initialise(NOW_MS);
  const records = Array.from({ length: count * 4 }, () => aToken({ access: 'push' }));
  const policies = Array.from({ length: count }, () => aPolicy());
  const trusts = Array.from({ length: count }, () => aTrust());
  const claims = Array.from({ length: count }, (_, i) => aClaim({ name: `team-${i}` }));
  for (const record of records) await stores.tokens.add(record);
  for (const policy of policies) await stores.policies.add(policy);
  for (const trust of trusts) await stores.trusts.add(trust);
  for (const claim of claims) await stores.namespaces.writeClaim(undefined, claim);
  const copy = { table: copyOf(table), place: await place.copy() };
  const noted = notingStores(stores, ledger);
  for (let i = 0; i < count; i++) {
    const [first = aToken(), second = first, third = first, fourth = first] = records.slice(i * 4);
    await noted.tokens.remove(first, NOW);
    await noted.tokens.update(second, patchToken(second, { disabled: true }, NOW, 'dev:alice'), NOW);
    const issue = { hash: randomBytes(32), derivation: second.derivation, issuanceId: 'x' };
    const rotated = rotateToken(third, issue, 0, NOW);
    await noted.tokens.update(third, rotated, NOW);
    await noted.tokens.update(rotated, patchToken(rotated, { access: 'pull' }, NOW, 'dev:alice'), NOW);
    await noted.tokens.update(fourth, patchToken(fourth, { description: 'x' }, NOW, 'dev:alice'), NOW);
    await noted.policies.remove(ACCOUNT, policies[i]?.id ?? '');
    await noted.trusts.remove(ACCOUNT, trusts[i]?.id ?? '');
    await noted.namespaces.writeClaim(claims[i], release(claims[i] ?? aClaim()));
    await noted.ended.revoke({ handle: 'h', jti: `${i}` }, NOW + 60);
    await noted.proofs.consume(`${i}`, NOW + 60);
  }
  return { table, ledger, copy };
}

function portsOn(table: MemoryTable, place: Place, ledger: Ledger, nowMs = NOW_MS): ReplayPorts {
  const stores = memoryStores(table);
  return { ...stores, ledger, identity: place.identity, clock: () => nowMs, remainingMs: () => 60_000 };
}

/** All that decides a login, but what gives nothing: the salt that a restored token loses, and its description. */
function rightsIn({ tokens, claims, policies, trusts, ended, proofs }: MemoryTable) {
  const records = [...tokens].map(([key, { value }]) => {
    if (value === null) return [key, null];
    const { version: _, derivation: __, description: ___, issuanceId: ____, ...rights } = value;
    return [key, JSON.stringify(rights)];
  });
  return { records, claims, policies, trusts, ended, proofs };
}

describe('the replay', () => {
  it('takes from a copy whatever was taken since, says how much, and only then lets it be served', async () => {
    const { table, ledger, copy } = await restored(3);
    expect(await copy.place.identity.matches()).toBe(false);
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
    expect(rightsIn(copy.table)).toEqual(rightsIn(table));
    expect(await copy.place.identity.matches()).toBe(true);
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
    expect(steps).toBe(20);
    for (let step = 0; step < steps; step++) {
      for (const moment of ['before', 'after'] as const) {
        const { ports, copy, table } = await fresh();
        await expect(act(ports, failingAt(step, moment))).rejects.toThrow();
        if (await copy.place.identity.matches()) expect(rightsIn(copy.table)).toEqual(rightsIn(table));
        expect(await replayLedger(ports, REQUEST)).toMatchObject({ finished: true, served: true });
        expect(rightsIn(copy.table)).toEqual(rightsIn(table));
        expect(await copy.place.identity.matches()).toBe(true);
      }
    }
  });

  it('stops in time, serves nothing then, and the next run goes on where it stopped', async () => {
    const { table, ledger, copy } = await restored(60);
    const ports = portsOn(copy.table, copy.place, ledger);
    const runs = [];
    do {
      expect(await copy.place.identity.matches()).toBe(false);
      runs.push(await replayLedger({ ...ports, remainingMs: () => 20_000 }, REQUEST));
    } while (runs.at(-1)?.finished === false);
    expect(runs.length).toBeGreaterThan(5);
    const read = runs.flatMap(({ entries }) => Object.values(entries)).reduce((sum, count) => sum + count, 0);
    expect(read).toBe(60 * 9);
    expect(runs.map(({ served }) => served)).toEqual(runs.map(({ finished }) => finished));
    expect(rightsIn(copy.table)).toEqual(rightsIn(table));
  });

  it('twice at the same time comes to the same', async () => {
    const { table, ledger, copy } = await restored(20);
    const ports = portsOn(copy.table, copy.place, ledger);
    const runs = await Promise.all([replayLedger(ports, REQUEST), replayLedger(ports, REQUEST)]);
    expect(runs.map(({ served }) => served)).toEqual([true, true]);
    expect(rightsIn(copy.table)).toEqual(rightsIn(table));
  });

  it('that is only tried reads and counts, and touches nothing', async () => {
    const { ledger, copy } = await restored();
    const before = copyOf(copy.table);
    const ports = portsOn(copy.table, copy.place, ledger);
    const counts = await replayLedger(ports, { ...REQUEST, dryRun: true });
    expect(counts).toMatchObject({
      entries: { 'narrow-token': 3 },
      applied: 0,
      finished: true,
      served: false,
    });
    expect(copy.table).toEqual(before);
    expect(await ports.identity.progress()).toBeUndefined();
  });

  it('begins an hour before the copy was last in use, and no earlier', async () => {
    const [ledger, place] = [memoryLedger(), memoryIdentity()];
    const { table, ...stores } = memoryStores();
    const records = [aToken(), aToken()];
    for (const record of records) await stores.tokens.add(record);
    await place.identity.initialise(NOW_MS - 9 * DAY_SECONDS * 1000);
    await place.identity.heartbeat(NOW_MS);
    const copy = await place.copy();
    const [early = aToken(), late = early] = records;
    for (const [record, ms] of [
      [early, NOW_MS - 3_600_001],
      [late, NOW_MS - 3_600_000],
    ] as const) {
      const entry = { act: 'remove-token', token: { ...record, version: 1 }, id: record.id, at: ms } as const;
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
    expect([copy.table.ended.size, copy.table.proofs.size]).toEqual([0, 0]);
  });

  it('lets no repeated request add a token that was lost and removed', async () => {
    const [ledger, place] = [memoryLedger(), memoryIdentity()];
    const { table, ...stores } = memoryStores();
    await place.identity.initialise(NOW_MS);
    const world = worldOn(notingStores(stores, ledger));
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
    let copy: MemoryTable | undefined;
    const { record } = await ask({
      ...world.tokens,
      tokens: {
        ...world.tokens.tokens,
        add: async added => {
          copy = copyOf(table);
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
    expect([...copy.tokens.values()].map(({ value }) => value)).toEqual([null]);
  });

  it('shows no value again by a repeated request for a token that was rotated or disabled since', async () => {
    for (const patch of ['rotate', 'disable'] as const) {
      const [ledger, place] = [memoryLedger(), memoryIdentity()];
      const { table, ...stores } = memoryStores();
      await place.identity.initialise(NOW_MS);
      const world = worldOn(notingStores(stores, ledger));
      const token = {
        access: 'pull',
        repositories: null,
        description: '',
        expiresInSeconds: 60,
        retrievable: true,
      } as const;
      const request = { actor: actorOf(), token, idempotencyKey: 'once' };
      const { record } = await addToken(world.tokens, request);
      const copy = copyOf(table);
      const issue = { hash: randomBytes(32), derivation: record.derivation, issuanceId: 'x' };
      const after =
        patch === 'rotate'
          ? rotateToken(record, issue, 0, NOW)
          : patchToken(record, { disabled: true }, NOW, 'dev:a');
      await world.tokens.tokens.update(record, after, NOW);
      await replayLedger(portsOn(copy, await place.copy(), ledger), REQUEST);
      const again = addToken(worldOn(memoryStores(copy)).tokens, request);
      await expect(again).rejects.toMatchObject({ code: 'idempotency-replayed' });
    }
  });
});

describe('a copy is refused, unless the gap is accepted,', () => {
  const DAY_MS = DAY_SECONDS * 1000;
  it.each<[string, (place: Place) => Promise<Place>, string]>([
    [
      'that is older than the ledger remembers',
      async place => place.copy(),
      'the ledger begins at 2026-10-16T07:00:01Z',
    ],
    ['that does not say how old it is', async place => place.fresh(), 'does not say when'],
    ['beside a ledger that is new', async place => (await place.copy()).strange(), 'The ledger is new'],
  ])('%s', async (_, make, message) => {
    const original = memoryIdentity();
    await original.identity.initialise(NOW_MS - 36 * DAY_MS);
    const place = await make(original);
    const ports = portsOn(memoryStores().table, place, memoryLedger(), NOW_MS + 1_000);
    await expect(replayLedger(ports, REQUEST)).rejects.toMatchObject({
      name: 'LedgerGap',
      message: expect.stringContaining(message),
    });
    expect(await place.identity.matches()).toBe(false);
    expect(await replayLedger(ports, { ...REQUEST, acceptGap: true })).toMatchObject({ served: true });
    expect(await place.identity.matches()).toBe(true);
  });

  it('and not when the ledger remembers just long enough', async () => {
    const original = memoryIdentity();
    await original.identity.initialise(NOW_MS - 36 * DAY_MS);
    const ports = portsOn(memoryStores().table, await original.copy(), memoryLedger());
    expect(await replayLedger(ports, REQUEST)).toMatchObject({ served: true });
  });
});
