/** Pulls through the registry proxy: who may pull now, what is counted, and which pages a list of counters has. */
import { describe, expect, it } from 'vitest';
import type { AccessTokenClaims } from '../../lib/domain/access-token.ts';
import { accountHandle } from '../../lib/domain/identifiers.ts';
import { Secret } from '../../lib/domain/secret.ts';
import type { Service } from '../../lib/domain/service.ts';
import type { TokenRecord } from '../../lib/domain/token-record.ts';
import type { Counter, CounterName, LoginRecords, UsageRange } from '../../lib/ports/stores.ts';
import { authorizePull, countPull, listUsage, type UsageRequest } from '../../lib/usecases/pulls.ts';
import { rejectionOf } from '../support/errors.ts';
import { ACCOUNT, aClaim, aToken, NOW, OTHER_ACCOUNT } from '../support/records.ts';

const HANDLE = accountHandle(ACCOUNT);
const SERVICE: Service = {
  name: 'registry.example',
  registry: 'registry.example',
  profile: 'x5c',
  algorithm: 'ES256',
  lifetimeSeconds: 300,
};
const APP = 'team-a/app';

/** A pull of `team-a/app` with an access token of a registry token, and what of it differs. */
function pull(
  record: TokenRecord,
  facts: {
    claims?: Partial<AccessTokenClaims>;
    found?: Partial<LoginRecords>;
    repository?: string;
    sourceAddress?: string;
  } = {},
) {
  const touched: string[] = [];
  const reads: unknown[] = [];
  const { claims = {}, found = {} } = facts;
  const verified: AccessTokenClaims = {
    ...{ iss: 'x', aud: SERVICE.name, exp: NOW + 300, nbf: NOW, iat: NOW, jti: 'j' },
    sub: `token:${record.id}`,
    access: [{ type: 'repository', name: APP, actions: ['pull'] }],
    parent: { handle: HANDLE, token: record.id, generation: 1 },
    ...claims,
  };
  const ports = {
    verifier: { verify: async () => verified },
    store: {
      read: async (address: unknown) => {
        reads.push(address);
        return { token: record, removed: false, revoked: false, claims: [aClaim()], ...found };
      },
      touch: async ({ id }: TokenRecord) => void touched.push(id),
    },
    usage: { count: async () => true },
    clock: () => NOW * 1000,
  };
  const sourceAddress = '192.0.2.1';
  const request = { service: SERVICE, token: new Secret('t'), repository: APP, sourceAddress, ...facts };
  return { done: authorizePull(ports, { ...request, repository: request.repository }), touched, reads };
}

describe('a pull', () => {
  it('is allowed to the token behind the login, and counted with its limit', async () => {
    const record = aToken({ pullsPerDay: 7 });
    const { done, touched, reads } = pull(record);
    expect(await done).toEqual({
      subject: `token:${record.id}`,
      counted: { handle: HANDLE, token: record.id, pullsPerDay: 7 },
    });
    expect(touched).toEqual([record.id]);
    expect(reads).toEqual([{ token: { handle: HANDLE, id: record.id }, namespaces: ['team-a'] }]);
  });

  it('of a credential reads whether that was revoked', async () => {
    const record = aToken();
    const parent = { handle: HANDLE, token: record.id, generation: 1, credential: 'c1' };
    const { done, reads } = pull(record, { claims: { parent } });
    await done;
    expect(reads).toMatchObject([{ credential: { handle: HANDLE, jti: 'c1' } }]);
    const revoked = pull(record, { claims: { parent }, found: { revoked: true } });
    expect(await rejectionOf(revoked.done)).toMatchObject({
      code: 'unauthenticated',
      details: { reason: 'credential c1: ended', denial: 'ended' },
    });
    expect(revoked.touched).toEqual([]);
  });

  it('of an identity is allowed, without a read and without a counter', async () => {
    const { done, reads } = pull(aToken(), { claims: { sub: 'dev:bob', parent: undefined as never } });
    expect(await done).toEqual({ subject: 'dev:bob', counted: undefined });
    expect(reads).toEqual([]);
  });

  it.each([
    ['another repository', { name: 'team-a/other', actions: ['pull'] }],
    ['a push alone', { name: APP, actions: ['push'] }],
    ['another type', { type: 'registry', name: APP, actions: ['pull'] }],
  ])('is refused to a login for %s, before the store is asked', async (_, access) => {
    const claims = { access: [{ type: 'repository', ...access }] } as unknown as Partial<AccessTokenClaims>;
    const { done, reads } = pull(aToken(), { claims });
    expect(await rejectionOf(done)).toMatchObject({
      code: 'insufficient-scope',
      details: { reason: `the login was not for ${APP}` },
    });
    expect(reads).toEqual([]);
  });

  const record = aToken();
  it.each([
    ['removed', { token: undefined, removed: true }, 'unauthenticated', 'removed', 'ended'],
    ['unknown', { token: undefined }, 'unauthenticated', 'unknown', 'unknown-secret'],
    ['expired', { token: { ...record, expiresAt: NOW } }, 'unauthenticated', 'expired', 'expired'],
    [
      'disabled',
      { token: { ...record, disabled: { at: NOW, by: 'dev:alice', reason: '' } as never } },
      'unauthenticated',
      'disabled',
      'ended',
    ],
    ['rotated', { token: { ...record, generation: 3 } }, 'unauthenticated', 'superseded', 'ended'],
    [
      'of another account',
      { token: { ...record, account: OTHER_ACCOUNT } },
      'unauthenticated',
      'of another account',
      undefined,
    ],
    ['narrowed', { token: { ...record, repositories: ['team-a/other'] } }, 'insufficient-scope', 'no longer'],
    ['without its namespace', { claims: [] }, 'insufficient-scope', 'no longer'],
  ] as const)('is refused when the token was %s', async (_, found, code, reason, denial?) => {
    const { done } = pull(record, { found: found as Partial<LoginRecords> });
    const error = await rejectionOf(done);
    expect([error.code, error.details.reason]).toEqual([code, expect.stringContaining(reason)]);
    if (denial !== undefined) expect(error.details.denial).toBe(denial);
  });
});

describe('the count of a pull', () => {
  const puller = (pullsPerDay: number | null) => ({
    subject: 's',
    counted: { handle: HANDLE, token: 't', pullsPerDay },
  });
  const ports = (isCounted: boolean, counted: unknown[] = []) => ({
    clock: () => NOW * 1000,
    usage: {
      count: async (pulled: unknown, now: number) => {
        counted.push([pulled, now]);
        return isCounted;
      },
    },
  });

  it('is for its repository and its time; an identity has none', async () => {
    const counted: unknown[] = [];
    await countPull(ports(true, counted), puller(3), APP);
    await countPull(ports(false, counted), { subject: 's', counted: undefined }, APP);
    expect(counted).toEqual([[{ handle: HANDLE, token: 't', pullsPerDay: 3, repository: APP }, NOW]]);
  });

  it.each([
    [1, 'once'],
    [2, '2 times'],
  ])('beyond the limit of %i is refused until midnight', async (limit, often) => {
    expect(await rejectionOf(countPull(ports(false), puller(limit), APP))).toMatchObject({
      code: 'rate-limited',
      details: {
        detail: `This token may pull ${often} a day, and has; it may again after midnight (UTC).`,
        reason: 'token t: its pulls of the day are used',
        retryAfterSeconds: 17 * 3600,
      },
    });
  });
});

describe('a list of pulls', () => {
  const counter = (i: number): Counter => ({ day: '2026-11-20', token: 't', repository: `r/${i}`, pulls: i });

  /** The store has these pages; the last is followed by none. */
  function list(pages: readonly (readonly Counter[])[], request: Partial<UsageRequest> = {}) {
    const asked: UsageRange[] = [];
    const usage = {
      list: async (_: string, range: UsageRange) => {
        asked.push(range);
        const [page = [], more] = [pages[asked.length - 1], pages[asked.length]];
        const next: CounterName | undefined = more === undefined ? undefined : (page.at(-1) ?? counter(0));
        return { counters: page, next };
      },
    };
    const none = {
      token: undefined,
      repository: undefined,
      from: undefined,
      to: undefined,
      after: undefined,
    };
    const done = listUsage(
      { usage, clock: () => NOW * 1000 },
      { account: ACCOUNT, ...none, limit: 2, ...request },
    );
    return { done, asked };
  }

  it('is of the thirty days until today, or until the last day that is named', async () => {
    expect(await list([[]]).done).toEqual({
      from: '2026-10-23',
      to: '2026-11-21',
      counters: [],
      next: undefined,
    });
    expect(await list([[]], { to: '2026-03-01' }).done).toMatchObject({
      from: '2026-01-31',
      to: '2026-03-01',
    });
    expect(await list([[]], { from: '2026-11-21' }).done).toMatchObject({
      from: '2026-11-21',
      to: '2026-11-21',
    });
  });

  it('is refused when its days are in the wrong order', async () => {
    const { done, asked } = list([[]], { from: '2026-11-22' });
    expect(await rejectionOf(done)).toMatchObject({
      code: 'invalid-request',
      details: {
        detail: 'The query is not valid; see errors.',
        problems: [{ path: 'from', message: 'must not be after the last day, 2026-11-21' }],
      },
    });
    expect(asked).toEqual([]);
  });

  it('asks for one more than a page holds, and says where the next page begins', async () => {
    const { done, asked } = list([[counter(1), counter(2), counter(3)], []]);
    expect(await done).toMatchObject({ counters: [counter(1), counter(2)], next: counter(2) });
    expect(asked).toEqual([{ from: '2026-10-23', to: '2026-11-21', after: undefined, limit: 3 }]);
  });

  it('that fits into a page has no next one', async () => {
    expect((await list([[counter(1), counter(2)]]).done).next).toBeUndefined();
  });

  it('reads on until the page is full, for what is missing', async () => {
    const { done, asked } = list([[counter(1)], [counter(2), counter(3)], []]);
    expect((await done).counters).toEqual([counter(1), counter(2)]);
    expect(asked.map(({ limit, after }) => [limit, after])).toEqual([
      [3, undefined],
      [2, counter(1)],
    ]);
  });

  it.each([{ token: 't' }, { repository: APP }])(
    'that is filtered by %o examines 500 in a read',
    async filter => {
      const { done, asked } = list([[]], { ...filter, after: counter(9) });
      await done;
      expect(asked).toEqual([
        { from: '2026-10-23', to: '2026-11-21', ...filter, after: counter(9), limit: 500 },
      ]);
    },
  );

  it('is short rather than slow: after ten reads the page ends where it is', async () => {
    const { done, asked } = list([...Array.from({ length: 9 }, () => []), [counter(5)], [counter(6)]]);
    expect(await done).toMatchObject({ counters: [counter(5)], next: counter(5) });
    expect(asked).toHaveLength(10);
  });
});
