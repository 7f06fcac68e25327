/** The list of pulls, for administrators: what is in it, how it is cut, and what is refused. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountHandle } from '../../lib/domain/identifiers.ts';
import { DAY_SECONDS } from '../../lib/domain/time.ts';
import type { UsageStore } from '../../lib/ports/stores.ts';
import { usageStore } from '../../lib/store/usage-store.ts';
import { ALICE, BOB, CAROL, type Deployment, deploy, MALLORY } from '../support/deployment.ts';
import { NOW, SERVICE } from '../support/records.ts';
import { openUpstream, type TestUpstream } from '../support/upstream.ts';

const TODAY = '2026-11-21';
const [OLD, NEW] = ['01a1fd51-c23e-7c1e-8dcf-87c09e970095', '01a1fd51-c23e-7c1e-8dcf-87c09e970096'];
const HANDLE = accountHandle('dev:acme');

let upstream: TestUpstream;
let deployment: Deployment;
let usage: UsageStore;

beforeAll(async () => {
  upstream = await openUpstream();
  deployment = await deploy({ services: [{ name: SERVICE.name, upstream: { url: upstream.url } }] });
  usage = usageStore({ table: deployment.table, randomBytes: deployment.world.randomBytes });
  for (let day = 0; day < 40; day++) {
    for (const repository of ['team-a/app', 'team-a/tool'])
      await usage.count(
        { handle: HANDLE, pullsPerDay: null, token: OLD, repository },
        NOW - day * DAY_SECONDS,
      );
    if (day % 10 === 0)
      await usage.count(
        { handle: HANDLE, pullsPerDay: null, token: NEW, repository: 'team-a/app' },
        NOW - day * DAY_SECONDS,
      );
  }
});
afterAll(async () => {
  await deployment.close();
  await upstream.close();
});

async function listed(query = '', who = ALICE) {
  const { status, json } = await deployment.as(who)(`GET /v1/usage${query}`);
  expect([status, json]).toEqual([200, json]);
  return json;
}

describe('GET /v1/usage', () => {
  it('lists the last 30 days by default, the latest first', async () => {
    const { from, to, usage: counters, nextCursor } = await listed('?limit=200');
    expect([from, to, nextCursor]).toEqual(['2026-10-23', TODAY, null]);
    expect(counters).toHaveLength(63);
    expect(counters[0]).toEqual({ day: TODAY, token: NEW, repository: 'team-a/app', pulls: 1 });
    expect(counters.at(-1).day).toBe('2026-10-23');
  });

  it.each([
    ['from a day to today', '?from=2026-11-20&limit=200', '2026-11-20', TODAY, 5],
    ['the 30 days until a day', '?to=2026-10-23&limit=200', '2026-09-24', '2026-10-23', 23],
    ['one day', '?from=2026-11-20&to=2026-11-20', '2026-11-20', '2026-11-20', 2],
    ['days that are to come', '?from=2027-01-01&to=2027-01-31', '2027-01-01', '2027-01-31', 0],
    ['a token', `?token=${NEW}`, '2026-10-23', TODAY, 3],
    ['a token in capitals', `?token=${NEW.toUpperCase()}`, '2026-10-23', TODAY, 3],
    ['a token that there is none of', '?token=00000000-0000-7000-8000-000000000000', '2026-10-23', TODAY, 0],
    ['a repository', '?repository=team-a/tool', '2026-10-23', TODAY, 30],
    ['both', `?repository=team-a%2Ftool&token=${NEW}`, '2026-10-23', TODAY, 0],
  ])('lists %s', async (_, query, from, to, count) => {
    const answer = await listed(query);
    expect([answer.from, answer.to, answer.usage.length]).toEqual([from, to, count]);
  });

  it.each(['', `&token=${OLD}`, '&repository=team-a/app', `&token=${NEW}`])(
    'is read page by page, each counter once: %s',
    async filter => {
      const whole = (await listed(`?from=2026-10-01&limit=200${filter}`)).usage;
      for (const limit of [1, 7, 50]) {
        const found: unknown[] = [];
        let cursor = '';
        for (let pages = 0; cursor !== null && pages < 100; pages++) {
          const page = await listed(
            `?from=2026-10-01&limit=${limit}${filter}${cursor && `&cursor=${cursor}`}`,
          );
          expect(page.usage.length).toBeLessThanOrEqual(limit);
          found.push(...page.usage);
          cursor = page.nextCursor;
        }
        if (limit === 1 && whole.length > 100) expect(found).toEqual(whole.slice(0, 100));
        else expect(found).toEqual(whole);
      }
    },
  );

  it('lists what was pulled through the registry proxy, also by a token that is removed now', async () => {
    const bob = deployment.as(BOB);
    await bob('PUT /v1/namespaces/rival');
    const { id, token } = (await bob('POST /v1/tokens', { json: {} })).json;
    const bearer = (await deployment.logIn(token, 'repository:rival/app:pull')).json.token;
    for (let pull = 0; pull < 3; pull++) await deployment.send('GET /v2/rival/app/manifests/1', { bearer });
    await bob(`DELETE /v1/tokens/${id}`);
    const counter = { day: TODAY, token: id, repository: 'rival/app', pulls: 3 };
    expect((await listed('', BOB)).usage).toEqual([counter]);
    expect((await listed(`?token=${id}`, ALICE)).usage).toEqual([]);
  });

  it('is for the administrators of the account alone', async () => {
    expect((await listed('', CAROL)).usage.length).toBeGreaterThan(0);
    const statusOf = async (sent: object) => (await deployment.send('GET /v1/usage', sent)).status;
    expect(await statusOf({})).toBe(401);
    expect((await deployment.as(MALLORY)('GET /v1/usage')).status).toBe(403);
    const { token } = (await deployment.as(ALICE)('POST /v1/tokens', { json: {} })).json;
    expect(await statusOf({ basic: ['token', token] })).toBe(403);
  });

  it.each([
    ['from=2026-11-22', 'from'],
    ['from=2026-11-20&to=2026-11-19', 'from'],
    ['from=2026-02-30', 'from'],
    ['from=20261120', 'from'],
    ['to=yesterday', 'to'],
    ['to=2026-11-20T00:00:00Z', 'to'],
    ['to=', 'to'],
    ['token=x', 'token'],
    ['token=', 'token'],
    ['repository=team-a', 'repository'],
    ['repository=team-a/*', 'repository'],
    ['repository=', 'repository'],
    ['limit=0', 'limit'],
    ['limit=201', 'limit'],
    ['cursor=x', 'cursor'],
    ['cursor=', 'cursor'],
  ])('refuses %s with 400 and says what is wrong', async (query, path) => {
    const { status, json } = await deployment.as(ALICE)(`GET /v1/usage?${query}`);
    expect([status, json.code, json.errors?.[0].path]).toEqual([400, 'invalid-request', path]);
  });

  it.each(['from=2026-11-20&from=2026-11-21', 'day=2026-11-20', 'From=2026-11-20'])(
    'refuses a parameter that is given twice or not known: %s',
    async query => {
      expect((await deployment.as(ALICE)(`GET /v1/usage?${query}`)).status).toBe(400);
    },
  );

  it("refuses the cursor of another account's list, and of another list", async () => {
    const { nextCursor } = await listed('?limit=1');
    expect((await deployment.as(BOB)(`GET /v1/usage?cursor=${nextCursor}`)).status).toBe(400);
    expect((await deployment.as(ALICE)(`GET /v1/tokens?cursor=${nextCursor}`)).status).toBe(400);
    await deployment.as(ALICE)('POST /v1/tokens', { json: {} });
    const tokens = (await deployment.as(ALICE)('GET /v1/tokens?limit=1')).json.nextCursor;
    expect((await deployment.as(ALICE)(`GET /v1/usage?cursor=${tokens}`)).status).toBe(400);
  });

  it('is 503 while the table does not answer', async () => {
    deployment.wire.cut = ({ body }) => body.includes('usage#');
    expect((await deployment.as(ALICE)('GET /v1/usage')).status).toBe(503);
    deployment.wire.cut = () => false;
  });
});
