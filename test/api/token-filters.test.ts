/** The filters of the list of tokens: what each lists, page by page, and what is refused. */
import { beforeAll, describe, expect, it } from 'vitest';
import { type Account, accountHandle } from '../../lib/domain/identifiers.ts';
import { toTokenAttributes } from '../../lib/store/token-items.ts';
import { ALICE, BOB } from '../support/deployment.ts';
import { aToken, aUse, NOW } from '../support/records.ts';
import { alice, deployment, useDeployment } from '../support/setup.ts';

useDeployment();

const ACCOUNT: Account = 'dev:acme';
const DAY = 86_400;

/** Adds a token past the API, which sets its times. */
async function stored(facts: Parameters<typeof aToken>[0]): Promise<string> {
  const record = aToken({ account: ACCOUNT, expiresAt: null, ...facts });
  const key = { pk: `account#${accountHandle(ACCOUNT)}`, sk: `token#${record.id}` };
  await deployment.table.put({ ...key, ...toTokenAttributes(record) });
  return record.id;
}

const list = (query: string, limit = 200) => alice(`GET /v1/tokens?limit=${limit}${query}`);

/** All pages of a list, and how many there were. */
async function all(query: string, limit?: number) {
  const ids: string[] = [];
  let pages = 0;
  for (let cursor: string | null = ''; cursor !== null; pages++) {
    const { status, json, text } = await list(`${query}${cursor && `&cursor=${cursor}`}`, limit);
    expect(status, text).toBe(200);
    ids.push(...json.tokens.map(({ id }: { id: string }) => id));
    cursor = json.nextCursor;
  }
  return { ids, pages };
}

const made: Record<string, string> = {};
beforeAll(async () => {
  const disabled = { at: NOW, by: 'dev:alice' } as const;
  made.builds = await stored({ labels: { team: 'builds', env: 'a=b & ü' }, owner: 'ops', access: 'push' });
  made.web = await stored({ labels: { team: 'web' }, disabled });
  made.soon = await stored({ createdAt: NOW - 4 * DAY, expiresAt: NOW + DAY, lastUsedAt: NOW - DAY });
  made.later = await stored({ createdAt: NOW - DAY, expiresAt: NOW + 30 * DAY, lastUsedAt: NOW - 10 });
  made.used = await stored({
    createdAt: NOW - 90 * DAY,
    lastUsedAt: NOW - 60,
    lastUse: aUse({ at: NOW - 60 }),
  });
});

describe('the list of tokens', () => {
  it.each<[string, readonly string[]]>([
    ['&label=team=builds', ['builds']],
    ['&label=team%3Dbuilds&label=env%3Da%3Db%20%26%20%C3%BC', ['builds']],
    ['&label=team=builds&label=team=web', []],
    ['&label=team=', []],
    ['&label=none=x', []],
    ['&owner=ops', ['builds']],
    ['&owner=OPS', []],
    ['&access=push', ['builds']],
    ['&state=disabled', ['web']],
    ['&state=active', ['builds', 'later', 'soon', 'used']],
    ['&state=expiring', ['soon']],
    [`&unusedForSeconds=${DAY}`, ['soon']],
    ['&unusedForSeconds=60', ['soon', 'used']],
    [`&expiresWithinSeconds=${DAY}`, ['soon']],
    [`&expiresWithinSeconds=${DAY - 1}`, []],
    [`&expiresWithinSeconds=${30 * DAY}&state=active`, ['later', 'soon']],
    ['&access=pull&state=active&unusedForSeconds=60', ['soon', 'used']],
  ])('has with %s what it should', async (query, names) => {
    const { ids } = await all(query);
    const known = Object.entries(made).filter(([, id]) => ids.includes(id));
    expect(known.map(([name]) => name).sort()).toEqual(names);
    expect(ids).toHaveLength(names.length);
    const { ids: paged } = await all(query, 1);
    expect(paged).toEqual(ids);
  });

  it('has the tokens whose identifier begins so, in one read, in either case', async () => {
    const id = made.builds ?? '';
    for (const start of [id, id.slice(0, 30), id.slice(0, 30).toUpperCase()]) {
      deployment.wire.requests.length = 0;
      expect((await list(`&id=${start}`)).json.tokens.map((one: { id: string }) => one.id)).toEqual([id]);
      expect(
        deployment.wire.requests.filter(({ operation }) => operation === 'Query').length,
      ).toBeLessThanOrEqual(2);
    }
    expect((await all(`&id=${id.slice(0, 1)}`)).ids).toHaveLength(5);
    expect((await all('&id=f')).ids).toEqual([]);
  });

  it.each([
    ['&label=team', 'label: must be a name of a label, = and its value, as in team=builds'],
    ['&label=Team=x', 'label: must be a name of a label, = and its value, as in team=builds'],
    [`&label=team=${'x'.repeat(64)}`, 'label: must be a name of a label, = and its value, as in team=builds'],
    [Array.from({ length: 9 }, (_, i) => `&label=k=${i}`).join(''), 'label: may be given 8 times at most'],
    ['&owner=', 'owner: must have 1 to 128 characters'],
    ['&access=delete', 'access: must be pull or push'],
    ['&state=expired', 'state: must be active, disabled or expiring'],
    ['&unusedForSeconds=-1', 'unusedForSeconds: must be a whole number of seconds, of at most ten digits'],
    [
      '&expiresWithinSeconds=1d',
      'expiresWithinSeconds: must be a whole number of seconds, of at most ten digits',
    ],
    ['&id=x', 'id: must be an identifier or what it begins with'],
    ['&id=', 'id: must be an identifier or what it begins with'],
  ])('is refused with %s', async (query, problem) => {
    const { status, json } = await list(query);
    expect([status, json.code]).toEqual([400, 'invalid-request']);
    expect(json.errors.map(({ path, message }: Record<string, string>) => `${path}: ${message}`)).toEqual([
      problem,
    ]);
  });

  it('is refused with a filter twice, and with one that there is not', async () => {
    expect((await list('&owner=a&owner=b')).status).toBe(400);
    const { status, json } = await list('&lable=team=x');
    expect([status, json.errors[0].path]).toEqual([400, 'lable']);
  });

  it('goes on with the same filters alone', async () => {
    const { nextCursor } = (await list('&state=active', 1)).json;
    for (const query of ['', '&state=disabled', '&state=active&owner=ops']) {
      const { status, json } = await list(`${query}&cursor=${nextCursor}`);
      expect([query, status, json.errors[0].path]).toEqual([query, 400, 'cursor']);
    }
    expect((await list(`&state=active&cursor=${nextCursor}`)).status).toBe(200);
    const plain = (await list('', 1)).json.nextCursor;
    expect((await list(`&state=active&cursor=${plain}`)).status).toBe(400);
  });

  it('of another account has none of them', async () => {
    const { json } = await deployment.as(BOB)('GET /v1/tokens?label=team=builds');
    expect(json).toEqual({ tokens: [], nextCursor: null });
  });

  it('examines 500 tokens a page at most, however few it has', async () => {
    for (let i = 0; i < 1200; i++) await stored({ createdAt: NOW + 10 + i });
    deployment.wire.requests.length = 0;
    const first = await list('&owner=ops');
    expect(first.json).toMatchObject({ tokens: [], nextCursor: expect.any(String) });
    expect(deployment.wire.requests.filter(({ operation }) => operation === 'Query')).toHaveLength(5);
    expect(await all('&owner=ops')).toEqual({ ids: [made.builds], pages: 3 });
    expect(await deployment.as(ALICE)('GET /v1/tokens?owner=ops&limit=1')).toMatchObject({ status: 200 });
  });
});
