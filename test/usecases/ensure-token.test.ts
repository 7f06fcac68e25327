/** A token of a name is waited for, joined or added: how long, under which id, and what a lost or failed step of the request itself changes. */
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { UUID_RANDOM_BYTES, uuidV7 } from '../../lib/domain/identifiers.ts';
import { DAY_SECONDS } from '../../lib/domain/time.ts';
import { type EnsurePorts, type EnsureRequest, ensureToken } from '../../lib/usecases/ensure-token.ts';
import { rejectionOf } from '../support/errors.ts';
import { AN_ENSURE_REQUEST, worldOn } from '../support/memory-ports.ts';
import { ACCOUNT, aToken, NOW } from '../support/records.ts';
import { itemsOf, memoryStores } from '../support/stores.ts';

/** An id as it is made so many milliseconds before now. */
const idAt = (beforeMs: number) => uuidV7(NOW * 1000 - beforeMs, randomBytes(UUID_RANDOM_BYTES));

function ensuring(changes: Partial<EnsurePorts> = {}) {
  const stores = memoryStores();
  const world = worldOn(stores);
  const pauses: number[] = [];
  /** What happens while it waits for the nth time. */
  const during = new Map<number, () => Promise<unknown>>();
  const pause = async (ms: number) => {
    pauses.push(ms);
    await during.get(pauses.length)?.();
  };
  const ensure = (request: Partial<EnsureRequest> = {}) =>
    ensureToken({ ...world.tokens, pause, ...changes }, { ...AN_ENSURE_REQUEST, ...request });
  const give = (id: string) =>
    stores.names.give(ACCOUNT, 'a', { before: undefined, id, expiresAt: NOW + 600 });
  return { stores, world, pauses, during, ensure, give };
}

describe('a name that another has taken', () => {
  it('a moment ago is waited for half a second, and its token then added under its id', async () => {
    const { ensure, give, pauses } = ensuring();
    const id = idAt(0);
    await give(id);
    const { record, value, differences } = await ensure();
    expect([record.id, record.name, differences]).toEqual([id, 'a', []]);
    expect(value).toBeDefined();
    expect(pauses).toEqual(Array(10).fill(50));
  });

  it('is waited for no longer than until its token is there', async () => {
    const { ensure, give, pauses, during, stores } = ensuring();
    const token = aToken({ id: idAt(0), name: 'a' });
    await give(token.id);
    during.set(3, () => stores.tokens.add(token));
    expect(await ensure()).toMatchObject({ record: { id: token.id }, value: undefined, differences: [] });
    expect(pauses).toHaveLength(3);
  });

  it.each([
    ['half a second ago is not waited for, and its token added under its id', 500, true],
    ['29 s ago likewise', 29_000, true],
    ['30 s ago is given to another id', 30_000, false],
  ])('%s', async (_, beforeMs, isSame) => {
    const { ensure, give, pauses, stores } = ensuring();
    const id = idAt(beforeMs);
    await give(id);
    const { record } = await ensure();
    expect([record.id === id, pauses]).toEqual([isSame, []]);
    expect(await stores.names.idOf(ACCOUNT, 'a')).toBe(record.id);
    if (!isSame) expect(await stores.tokens.add(aToken({ id }))).toBe(false);
  });
});

describe('a name is kept two days longer than its token', () => {
  it.each([
    ['that lives ten minutes', 600, NOW + 600 + 2 * DAY_SECONDS],
    ['that never ends', null, undefined],
    ['with the life of every token', undefined, NOW + 3 * DAY_SECONDS],
  ])('%s', async (_, expiresInSeconds, expiresAt) => {
    const { ensure, stores } = ensuring();
    await ensure({ token: { ...AN_ENSURE_REQUEST.token, expiresInSeconds } });
    const [name] = (await itemsOf(stores.table)).filter(({ sk }) => sk.startsWith('name#'));
    expect(name?.expiresAt).toBe(expiresAt);
  });
});

describe('a request with a key', () => {
  const idempotencyKey = 'k1';
  it('is answered although it could not be marked as done', async () => {
    const { world } = ensuring();
    const idempotency = { ...world.tokens.idempotency, finish: () => Promise.reject(new Error('no answer')) };
    const { ensure } = ensuring({ idempotency });
    expect((await ensure({ idempotencyKey })).value).toBeDefined();
  });

  it('is marked as done, and one without a key is not', async () => {
    const { ensure, stores } = ensuring();
    await ensure({ idempotencyKey });
    const requests = async () => (await itemsOf(stores.table)).filter(({ sk }) => sk.startsWith('request#'));
    expect(await requests()).toMatchObject([{ state: 'done' }]);
    await ensure({ name: 'b' });
    expect(await requests()).toHaveLength(1);
  });

  it('whose token was removed is told that it was carried out, with the token', async () => {
    const { ensure, stores } = ensuring();
    const { record } = await ensure({ idempotencyKey });
    await stores.tokens.remove(record, NOW);
    expect(await rejectionOf(ensure({ idempotencyKey }))).toMatchObject({
      code: 'idempotency-replayed',
      details: { id: record.id },
    });
  });

  it('goes on under its own id, at any later time, where it broke off before the token', async () => {
    const { ensure, stores, world } = ensuring();
    const broken = { ...world.tokens.tokens, add: () => Promise.reject(new Error('no answer')) };
    const first = ensuring({ tokens: broken, names: stores.names, idempotency: stores.requests });
    await expect(first.ensure({ idempotencyKey })).rejects.toThrow('no answer');
    const id = await stores.names.idOf(ACCOUNT, 'a');
    world.now += 60;
    const { record, value } = await ensure({ idempotencyKey });
    expect([record.id, value === undefined]).toEqual([id, false]);
  });
});
