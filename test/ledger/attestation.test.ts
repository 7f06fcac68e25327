/** Which table it is: what the keys function stores in the ledger, and what the other functions make of it. */
import { randomUUID } from 'node:crypto';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  ATTESTED_MS,
  attestedIdentity,
  attestTable,
  describedIdentity,
} from '../../lib/ledger/attestation.ts';
import { rejectionOf } from '../support/errors.ts';
import { unreachableTable } from '../support/faulty-table.ts';
import { NOW } from '../support/records.ts';
import { useTables } from '../support/tables.ts';

const NAME = 'pullpass-prod';
const MINUTE_MS = 60_000;
const { open } = useTables();

/** A ledger, a control plane with given answers, and a clock. */
async function attesting() {
  const world = { now: NOW * 1000, table: { TableId: randomUUID() } as object | Error, asked: 0 };
  const asking = async () => {
    world.asked++;
    if (world.table instanceof Error) throw world.table;
    return { Table: world.table };
  };
  const options = { ledger: await open(), name: NAME, clock: () => world.now };
  return { world, options, attest: () => attestTable(options, asking), asking };
}

const named = (name: string) => Object.assign(new Error(name), { name });

describe('an attested table', () => {
  it('is the one that the control plane named, which is not asked again', async () => {
    const { world, options, attest } = await attesting();
    await attest();
    const identify = attestedIdentity(options);
    const ids = [await identify(), await identify()];
    expect(ids).toEqual([Object(world.table).TableId, Object(world.table).TableId]);
    expect(world.asked).toBe(1);
  });

  it('is not known before the first attestation, nor by the attestation of a table with another name', async () => {
    const { options, attest } = await attesting();
    expect((await rejectionOf(attestedIdentity(options)())).code).toBe('unavailable');
    await attest();
    const other = attestedIdentity({ ...options, name: 'pullpass-prod-2' });
    expect(await rejectionOf(other())).toMatchObject({
      details: { reason: 'the table pullpass-prod-2 was never attested' },
    });
  });

  it('is good for six hours, and no longer', async () => {
    const { world, options, attest } = await attesting();
    await attest();
    const identify = attestedIdentity(options);
    world.now += ATTESTED_MS - 1;
    await identify();
    world.now += 1;
    expect((await rejectionOf(identify())).details.reason).toContain('was last attested at 2026-11-21T');
    await attest();
    await identify();
  });

  it('is remembered while the ledger does not answer, until its attestation is six hours old', async () => {
    const { world, options, attest } = await attesting();
    await attest();
    let ledger = options.ledger;
    const identify = attestedIdentity({ ...options, ledger: { ...ledger, get: key => ledger.get(key) } });
    await identify();
    ledger = unreachableTable(options.ledger);
    world.now += ATTESTED_MS - 1;
    await identify();
    world.now += 1;
    expect((await rejectionOf(identify())).code).toBe('unavailable');
    expect((await rejectionOf(attestedIdentity({ ...options, ledger })())).code).toBe('unavailable');
  });

  it('is not known by an attestation of the future, until it is attested anew', async () => {
    const { world, options, attest } = await attesting();
    const identify = attestedIdentity(options);
    for (const ahead of [10 * MINUTE_MS, 2 * 3_600_000, 400 * 86_400_000]) {
      world.now += ahead;
      await attest();
      await identify();
      world.now -= ahead;
      expect((await rejectionOf(identify())).details.reason).toContain('was last attested at 202');
      await attest();
      await identify();
    }
    // Clocks differ a little.
    world.now += MINUTE_MS;
    await attest();
    world.now -= MINUTE_MS;
    await identify();
  });

  it.each([
    ['is set back', ATTESTED_MS / 2],
    ['stands still', 0],
  ])('is not remembered longer than six hours by a clock that %s', async (_, backMs) => {
    vi.useFakeTimers({ toFake: ['performance'] });
    onTestFinished(() => void vi.useRealTimers());
    const { world, options, attest } = await attesting();
    await attest();
    world.now += ATTESTED_MS / 2;
    let ledger = options.ledger;
    const identify = attestedIdentity({ ...options, ledger: { ...ledger, get: key => ledger.get(key) } });
    await identify();
    ledger = unreachableTable(options.ledger);
    world.now -= backMs;
    vi.advanceTimersByTime(ATTESTED_MS);
    expect((await rejectionOf(identify())).code).toBe('unavailable');
  });

  it('is another one after a table of the same name has taken its place', async () => {
    const { world, options, attest } = await attesting();
    await attest();
    const identify = attestedIdentity(options);
    const before = await identify();
    world.table = { TableId: randomUUID() };
    world.now += 1;
    await attest();
    expect(await identify()).not.toBe(before);
  });

  it('is denied once the control plane has said that there is none', async () => {
    const { world, options, attest } = await attesting();
    await attest();
    world.table = named('ResourceNotFoundException');
    world.now += 1;
    await attest();
    expect((await rejectionOf(attestedIdentity(options)())).details.reason).toBe('there is no such table');
  });

  it('keeps its attestation while the control plane does not answer', async () => {
    const { world, options, attest } = await attesting();
    await attest();
    world.now += 1;
    for (const name of ['InternalServerError', 'TimeoutError', 'AccessDeniedException']) {
      world.table = named(name);
      expect((await rejectionOf(attest())).code).toBe('unavailable');
    }
    await attestedIdentity(options)();
  });

  it('keeps the later of two answers, unless that came from a clock that was ahead', async () => {
    const { world, options, attest } = await attesting();
    await attest();
    const [late, id] = [world.now, await attestedIdentity(options)()];
    world.table = { TableId: 'earlier' };
    world.now = late - 1000;
    await attest();
    expect(await attestedIdentity(options)()).toBe(id);
    world.now = late - 3_600_000;
    await attest();
    expect(await attestedIdentity(options)()).toBe('earlier');
  });
});

describe.each([
  ['by the control plane', false],
  ['by its attestation', true],
] as const)('a table that is identified %s', (_, isAttested) => {
  const identified = async (table: object) => {
    const { world, options, attest, asking } = await attesting();
    world.table = table;
    if (isAttested) await attest();
    return (isAttested ? attestedIdentity(options) : describedIdentity(asking))();
  };

  it.each([
    ['a replicated one', [{ RegionName: 'eu-west-1' }], undefined],
    ['one with eventual consistency', [{}], 'EVENTUAL'],
  ])('is refused: %s', async (_case, Replicas, MultiRegionConsistency) => {
    const refusal = await rejectionOf(identified({ TableId: 'x', Replicas, MultiRegionConsistency }));
    expect(refusal).toMatchObject({ code: 'unavailable', message: 'a global table' });
  });

  it.each([
    [
      'replicas with strong consistency',
      { TableId: 'x', Replicas: [{}], MultiRegionConsistency: 'STRONG' },
      'x',
    ],
    ['no replicas', { TableId: 'x', Replicas: [] }, 'x'],
    ['no id, as some engines: by the time at which it was made', { CreationDateTime: 7 }, 'made at 7'],
  ])('is taken: %s', async (_case, table, id) => {
    expect(await identified(table)).toBe(id);
  });
});
