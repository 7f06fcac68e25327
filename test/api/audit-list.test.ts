/** The list of acts, for administrators: what is in it, how it is filtered and cut, and what is refused. */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountHandle } from '../../lib/domain/identifiers.ts';
import { ACTS } from '../../lib/ports/audit.ts';
import { auditStore } from '../../lib/store/audit-store.ts';
import { ALICE, BOB, CAROL, type Deployment, deploy, MALLORY } from '../support/deployment.ts';

const NAMESPACES = 600;

let deployment: Deployment;
let token: string;

const listed = async (query = '', who = ALICE) => {
  const { status, json } = await deployment.as(who)(`GET /v1/audit${query}`);
  expect([status, json]).toEqual([200, json]);
  return json;
};
const actsOf = ({ entries }: { entries: { act: string }[] }) => entries.map(({ act }) => act);

/** 600 old entries of Carol, a minute apart; then what Alice does to a token, ten minutes apart. */
beforeAll(async () => {
  deployment = await deploy();
  const { table, world } = deployment;
  const audit = auditStore({ table, randomBytes: world.randomBytes, retentionSeconds: 365 * 86_400 });
  const account = 'dev:acme';
  const common = {
    account,
    handle: accountHandle(account),
    subject: 'dev:carol',
    act: 'add-policy',
  } as const;
  const from = { requestId: 'r', sourceAddress: '192.0.2.7' };
  for (let i = 0; i < NAMESPACES; i++) {
    await audit.record({ ...common, ...from, target: `t${i}` }, Date.now() - (NAMESPACES - i) * 60_000);
  }
  const alice = deployment.as(ALICE);
  token = (await alice('POST /v1/tokens', { json: {} })).json.id;
  deployment.wait(600);
  await alice(`PATCH /v1/tokens/${token}`, { json: { description: 'x' } });
  deployment.wait(600);
  await alice(`POST /v1/tokens/${token}/rotate`, { json: {} });
  deployment.wait(600);
  await deployment.as(BOB)('POST /v1/tokens', { json: {} });
});
afterAll(() => deployment.close());

describe('GET /v1/audit', () => {
  it('lists the newest first, with who, what, when and from where', async () => {
    const { entries, nextCursor } = await listed('?limit=3');
    expect(actsOf({ entries })).toEqual(['rotate-token', 'change-token', 'add-token']);
    expect(entries[1]).toEqual({
      at: '2026-11-21T07:10:00Z',
      act: 'change-token',
      target: token,
      subject: 'dev:alice',
      uniqueId: null,
      group: null,
      requestId: expect.any(String),
      sourceAddress: '192.0.2.1',
    });
    expect(nextCursor).toEqual(expect.any(String));
  });

  it.each([
    ['of a target', () => `?target=${token}`, 3],
    ['of a target in capitals', () => `?target=${token.toUpperCase()}`, 3],
    ['of a subject', () => '?subject=dev:alice&limit=200', 3],
    ['of a subject without its issuer', () => '?subject=alice&limit=200', 3],
    ['of an act', () => '?act=rotate-token', 1],
    ['of an act of a subject', () => '?act=add-policy&subject=alice', 0],
    ['of one of many', () => '?target=t599', 1],
    ['since a second, which is included', () => '?since=2026-11-21T07:10:00Z', 2],
    ['since a time with an offset', () => '?since=2026-11-21T08:10:00%2B01:00', 2],
    ['until a second, which is included', () => `?until=2026-11-21T07:10:00Z&target=${token}`, 2],
    ['of one second', () => '?since=2026-11-21T07:10:00Z&until=2026-11-21T07:10:00Z', 1],
    ['of times to come', () => '?since=2027-01-01T00:00:00Z', 0],
    ['before there were any', () => '?until=2020-01-01T00:00:00Z', 0],
    [
      'of all filters together',
      () => `?act=change-token&target=${token}&subject=alice&since=2026-11-21T07:00:00Z`,
      1,
    ],
  ])('lists those %s', async (_, query, count) => {
    expect((await listed(query())).entries).toHaveLength(count);
  });

  it.each([
    '',
    '&subject=carol',
    '&act=add-policy',
    '&since=2026-11-21T00:00:00Z',
    '&until=2026-11-21T06:30:00Z',
  ])('is read page by page, each entry once: %s', async filter => {
    const pagesOf = async (limit: number) => {
      const found: unknown[] = [];
      let cursor = '';
      for (let pages = 0; cursor !== null && pages < 200; pages++) {
        const page = await listed(`?limit=${limit}${filter}${cursor && `&cursor=${cursor}`}`);
        expect(page.entries.length).toBeLessThanOrEqual(limit);
        found.push(...page.entries);
        cursor = page.nextCursor;
      }
      return found;
    };
    const whole = await pagesOf(200);
    expect(whole.length).toBeGreaterThan(100);
    expect(await pagesOf(7)).toEqual(whole);
    expect(new Set(whole.map(entry => JSON.stringify(entry))).size).toBe(whole.length);
  });

  it('examines 500 entries for a page, and goes on behind them', async () => {
    const first = await listed('?target=t0');
    expect([first.entries, first.nextCursor]).toEqual([[], expect.any(String)]);
    const second = await listed(`?target=t0&cursor=${first.nextCursor}`);
    expect([second.entries.length, second.nextCursor]).toEqual([1, null]);
  });

  it('asks the table once for a page', async () => {
    const asked: string[] = [];
    deployment.wire.cut = ({ body }) => {
      if (body.includes('audit#')) asked.push(body);
      return false;
    };
    await listed('?act=add-trust');
    deployment.wire.cut = () => false;
    expect(asked).toHaveLength(1);
  });

  it('has only what was done in the own account', async () => {
    expect(actsOf(await listed('', BOB))).toEqual(['add-token']);
    expect((await listed(`?target=${token}`, BOB)).entries).toEqual([]);
    expect((await listed('?limit=1', CAROL)).entries).toHaveLength(1);
  });

  it('has no entry of itself: reading is no act', async () => {
    const before = (await listed('?limit=1')).entries;
    expect((await listed('?limit=1')).entries).toEqual(before);
  });

  it.each([
    ['act=delete-everything', 'act'],
    ['act=', 'act'],
    ['act=add-token,remove-token', 'act'],
    ['act=Add-token', 'act'],
    ['target=', 'target'],
    ['target=a%20b', 'target'],
    [`target=${'x'.repeat(257)}`, 'target'],
    ['subject=', 'subject'],
    ['subject=%C3%A4', 'subject'],
    ['since=', 'since'],
    ['since=yesterday', 'since'],
    ['since=7d', 'since'],
    ['since=2026-11-21', 'since'],
    ['since=1795244400', 'since'],
    ['since=2026-02-30T00:00:00Z', 'since'],
    ['since=2026-11-21T07:00:00', 'since'],
    ['since=2026-11-21T24:00:00Z', 'since'],
    ['since=2026-11-21 07:00:00Z', 'since'],
    ['until=1026-11-21T07:00:00Z', 'until'],
    ['since=2026-11-21T07:00:01Z&until=2026-11-21T07:00:00Z', 'since'],
    ['limit=0', 'limit'],
    ['limit=201', 'limit'],
    ['cursor=x', 'cursor'],
    ['cursor=', 'cursor'],
    ['tokn=x', 'tokn'],
    ['from=2026-11-21', 'from'],
  ])('refuses %s with 400 and says what is wrong', async (query, path) => {
    const { status, json } = await deployment.as(ALICE)(`GET /v1/audit?${query}`);
    expect([status, json.code, json.errors?.[0].path]).toEqual([400, 'invalid-request', path]);
  });

  it('names the acts that there are to a caller who asks for another', async () => {
    const { json } = await deployment.as(ALICE)('GET /v1/audit?act=x');
    for (const act of ACTS) expect(json.errors[0].message).toContain(act);
  });

  it('takes each act that is recorded, and the documents name it', async () => {
    const page = await readFile('docs/api.md', 'utf8');
    for (const act of ACTS) {
      await listed(`?act=${act}&limit=1`);
      expect(page).toContain(`\`${act}\``);
    }
  });

  it.each([
    ['of another account', BOB, ''],
    ['of the list without a filter', ALICE, '&act=add-policy'],
    ['of another time', ALICE, '&since=2026-11-20T00:00:00Z'],
  ])('refuses the cursor %s', async (_, who, filter) => {
    const { nextCursor } = await listed('?limit=1');
    expect((await deployment.as(who)(`GET /v1/audit?cursor=${nextCursor}${filter}`)).status).toBe(400);
    expect((await deployment.as(ALICE)(`GET /v1/usage?cursor=${nextCursor}`)).status).toBe(400);
  });

  it('is for the administrators of the account alone', async () => {
    const statusOf = async (sent: object) => (await deployment.send('GET /v1/audit', sent)).status;
    expect(await statusOf({})).toBe(401);
    expect((await deployment.as(MALLORY)('GET /v1/audit')).status).toBe(403);
  });

  it('is 503 while the table does not answer', async () => {
    deployment.wire.cut = ({ body }) => body.includes('audit#');
    expect((await deployment.as(ALICE)('GET /v1/audit')).status).toBe(503);
    deployment.wire.cut = () => false;
  });

  it('has no entry that is past its time, deleted or not', async () => {
    deployment.wait(366 * 86_400);
    expect((await listed('', BOB)).entries).toEqual([]);
  });
});
