/** Tokens as their administrator reads, changes and removes them: which ones, what is recorded, and what is refused. */
import { describe, expect, it } from 'vitest';
import type { TokenRecord } from '../../lib/domain/token-record.ts';
import type { TokenStore } from '../../lib/ports/stores.ts';
import { addToken, type NewToken, rotateToken } from '../../lib/usecases/issue-token.ts';
import {
  changeToken,
  findToken,
  listTokens,
  removeToken,
  retrieveValue,
} from '../../lib/usecases/manage-tokens.ts';
import { auditLog } from '../support/audits.ts';
import { rejectionOf } from '../support/errors.ts';
import { actorOf, worldOn } from '../support/memory-ports.ts';
import { ACCOUNT, aToken, NOW, OTHER_ACCOUNT } from '../support/records.ts';

/** A world with one token. */
async function withToken(token: Partial<NewToken> = {}, key?: string) {
  const world = worldOn();
  const { audit, events } = auditLog();
  const ports = { ...world.tokens, audit };
  const added = await addToken(ports, {
    actor: actorOf(),
    token: {
      ...{ access: 'pull', repositories: null, description: '', expiresInSeconds: null, retrievable: true },
      ...token,
    },
    idempotencyKey: key,
  });
  const { record, value } = added;
  return { world, ports, record, value, id: record.id, events, acts: () => events.map(({ act }) => act) };
}

describe('a token', () => {
  it('is found by its account until it expires, and by no other', async () => {
    const { world, ports, record, id } = await withToken({ expiresInSeconds: 60 });
    expect(await findToken(ports, ACCOUNT, id)).toEqual(record);
    const missing = { code: 'not-found', details: { detail: 'There is no such token.' } };
    expect(await rejectionOf(findToken(ports, OTHER_ACCOUNT, id))).toMatchObject(missing);
    expect(await rejectionOf(findToken(ports, ACCOUNT, 'no-uuid'))).toMatchObject(missing);
    world.now += 60;
    expect(await rejectionOf(findToken(ports, ACCOUNT, id))).toMatchObject(missing);
  });

  it('whose name is none is looked for nowhere', async () => {
    const { ports } = await withToken();
    const tokens: TokenStore = { ...ports.tokens, get: () => Promise.reject(new Error('must not be read')) };
    expect((await rejectionOf(findToken({ ...ports, tokens }, ACCOUNT, 'token#x'))).code).toBe('not-found');
  });

  it('is made as it was asked for, at its time and by its administrator', async () => {
    const asked = { access: 'push', repositories: ['team-a/*'], description: 'builds' } as const;
    const { record, acts } = await withToken({ ...asked, expiresInSeconds: 60, retrievable: false });
    expect(record).toMatchObject({
      ...asked,
      ...{ account: ACCOUNT, createdAt: NOW, createdBy: 'dev:alice', expiresAt: NOW + 60, derivation: null },
      ...{ generation: 1, version: 1, disabled: null, lastUsedAt: null, previous: null },
    });
    expect(acts()).toEqual(['add-token']);
  });

  it('is changed in what is asked, with its new end counted from now, and recorded with its caller', async () => {
    const { world, ports, record, id, events } = await withToken({ expiresInSeconds: 60 });
    world.now += 10;
    const change = { description: 'x', disabled: true, expiresInSeconds: 100 };
    const after = await changeToken(ports, { actor: actorOf(ACCOUNT, 'bob'), id, change });
    expect(after).toEqual({
      ...record,
      ...{ description: 'x', disabled: { at: NOW + 10, by: 'dev:bob' }, expiresAt: NOW + 110, version: 2 },
    });
    expect(await findToken(ports, ACCOUNT, id)).toEqual(after);
    expect(events.at(-1)).toMatchObject({
      ...{ act: 'change-token', account: ACCOUNT, subject: 'dev:bob', requestId: 'request-1' },
      sourceAddress: '192.0.2.1',
    });
  });

  it.each([
    [undefined, NOW + 60],
    [null, null],
    [5, NOW + 5],
  ])('whose change says %s for its end then ends at %s', async (expiresInSeconds, expiresAt) => {
    const { ports, id } = await withToken({ expiresInSeconds: 60 });
    const after = await changeToken(ports, { actor: actorOf(), id, change: { expiresInSeconds } });
    expect(after.expiresAt).toBe(expiresAt);
  });

  it('that is removed is gone, with its record', async () => {
    const { ports, id, acts } = await withToken();
    await removeToken(ports, actorOf(), id);
    expect((await rejectionOf(findToken(ports, ACCOUNT, id))).code).toBe('not-found');
    expect((await rejectionOf(removeToken(ports, actorOf(), id))).code).toBe('not-found');
    expect(acts()).toEqual(['add-token', 'remove-token']);
  });

  it.each([
    ['changed', (ports, id) => changeToken(ports, { actor: actorOf(), id, change: { description: 'x' } })],
    ['removed', (ports, id) => removeToken(ports, actorOf(), id)],
    ['rotated', (ports, id) => rotate(ports, id, { graceSeconds: 0, force: false })],
  ] as const satisfies [string, (ports: Ports, id: string) => Promise<unknown>][])(
    'that is %s finishes the request that added it: no repetition shows its value',
    async (_, act) => {
      const { ports, record, id } = await withToken({}, 'key-1');
      const finished: object[] = [];
      const idempotency = {
        ...ports.idempotency,
        finish: async (account: string, request: object) => void finished.push({ account, ...request }),
      };
      await act({ ...ports, idempotency }, id);
      expect(finished).toMatchObject([{ account: ACCOUNT, write: record.issuanceId }]);
    },
  );

  it('is not changed by one of eight attempts that another writer has outrun', async () => {
    const { ports, id } = await withToken();
    let attempts = 0;
    const tokens: TokenStore = { ...ports.tokens, update: async () => ++attempts < 0 };
    const change = { description: 'x' };
    const error = await rejectionOf(changeToken({ ...ports, tokens }, { actor: actorOf(), id, change }));
    expect(error).toMatchObject({
      code: 'unavailable',
      details: { reason: 'another writer was faster every time', retryAfterSeconds: 1 },
    });
    expect(attempts).toBe(8);
  });
});

type Ports = Awaited<ReturnType<typeof withToken>>['ports'];
const rotate = (ports: Ports, id: string, rotation: { graceSeconds: number; force: boolean }) =>
  rotateToken(ports, { actor: actorOf(), id, rotation, idempotencyKey: undefined });

describe('a rotation', () => {
  it('gives a value that is retrievable as the former one was, and leaves that for its grace', async () => {
    for (const retrievable of [true, false]) {
      const { ports, record, id, acts } = await withToken({ retrievable });
      const { record: after, value } = await rotate(ports, id, { graceSeconds: 30, force: false });
      expect(after).toMatchObject({ generation: 2, version: 2, previous: { expiresAt: NOW + 30 } });
      expect(after.derivation === null).toBe(!retrievable);
      expect(after.issuanceId).not.toBe(record.issuanceId);
      expect(acts()).toEqual(['add-token', 'rotate-token']);
      if (retrievable) {
        expect((await retrieveValue(ports, actorOf(), id)).reveal()).toBe(value.reveal());
      }
    }
  });

  it('waits for the grace of the last one, unless it is forced', async () => {
    const { world, ports, id } = await withToken();
    await rotate(ports, id, { graceSeconds: 30, force: false });
    const again = { graceSeconds: 0, force: false };
    expect((await rejectionOf(rotate(ports, id, again))).code).toBe('rotation-in-progress');
    expect((await rotate(ports, id, { ...again, force: true })).record).toMatchObject({
      previous: { expiresAt: 0 },
    });
    await rotate(ports, id, { graceSeconds: 30, force: false });
    world.now += 30;
    expect((await rotate(ports, id, again)).record.generation).toBe(5);
  });
});

describe('the value of a token', () => {
  it('is that which was issued, and its reading is recorded first', async () => {
    const { ports, value, id, acts } = await withToken();
    expect((await retrieveValue(ports, actorOf(), id)).reveal()).toBe(value.reveal());
    expect(acts()).toEqual(['add-token', 'retrieve-value']);
  });

  it.each<[string, string, string, Partial<NewToken>, object, object]>([
    [
      'a weak proof',
      'forbidden',
      'A proof that other services could replay cannot read values.',
      {},
      { strength: 'weak' },
      {},
    ],
    [
      'a deployment that shows none',
      'not-retrievable',
      'This deployment does not show values again.',
      {},
      {},
      { valueRetrieval: false },
    ],
    ['a random value', 'not-retrievable', 'undefined', { retrievable: false }, {}, {}],
  ])('is not shown for %s, and nothing is recorded', async (_, code, detail, token, actor, changes) => {
    const { ports, id, acts } = await withToken(token);
    const error = await rejectionOf(retrieveValue({ ...ports, ...changes }, { ...actorOf(), ...actor }, id));
    expect([error.code, String(error.details.detail)]).toEqual([code, detail]);
    expect(acts()).toEqual(['add-token']);
  });

  it('is not shown for a token that is disabled', async () => {
    const { ports, id } = await withToken();
    await changeToken(ports, { actor: actorOf(), id, change: { disabled: true } });
    expect((await rejectionOf(retrieveValue(ports, actorOf(), id))).code).toBe('token-disabled');
  });
});

describe('a page of tokens', () => {
  const idsOf = (records: readonly TokenRecord[]) => records.map(({ id }) => id);

  /** A world with so many tokens, newest first, of which those that `isExpired` names are over. */
  async function filled(count: number, isExpired: (index: number) => boolean = () => false) {
    const world = worldOn();
    const all = Array.from({ length: count }, (_, i) =>
      aToken({ createdAt: NOW - i - 1, expiresAt: isExpired(i) ? NOW : null }),
    );
    for (const token of all) await world.tokens.tokens.add(token);
    const page = (limit: number, after?: string) =>
      listTokens(world.tokens, { account: ACCOUNT, limit, after });
    return { world, page, ids: idsOf(all) };
  }

  it.each([
    [0, 2, 0, false],
    [2, 2, 2, false],
    [3, 2, 2, true],
    [1, 2, 1, false],
  ])('of %i tokens, %i to a page, has %i, and a next one: %s', async (count, limit, expected, isMore) => {
    const { page, ids } = await filled(count);
    const { records, next } = await page(limit);
    expect(idsOf(records)).toEqual(ids.slice(0, expected));
    expect(next).toBe(isMore ? ids[expected - 1] : undefined);
    if (next !== undefined)
      expect(idsOf((await page(limit, next)).records)).toEqual(ids.slice(limit, 2 * limit));
  });

  it('leaves out what has expired', async () => {
    const { page, ids } = await filled(6, i => i % 2 === 0);
    expect(idsOf((await page(10)).records)).toEqual([ids[1], ids[3], ids[5]]);
  });

  it('takes ten reads at most: masses of expired tokens make it shorter, not slower', async () => {
    const { world, ids } = await filled(30, () => true);
    const limits: number[] = [];
    const tokens: TokenStore = {
      ...world.tokens.tokens,
      list: (account, request) => {
        limits.push(request.limit);
        return world.tokens.tokens.list(account, request);
      },
    };
    const asked = { account: ACCOUNT, limit: 1, after: undefined };
    const { records, next } = await listTokens({ ...world.tokens, tokens }, asked);
    expect([records, limits]).toEqual([[], Array(10).fill(2)]);
    expect(next).toBe(ids[19]);
  });
});
