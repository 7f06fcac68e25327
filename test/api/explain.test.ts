/** The explanation of a login, for administrators: what each check says, and what it neither writes nor tells. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALICE, BOB, type Deployment, deploy, MALLORY } from '../support/deployment.ts';
import { audienceOf, openGitHub, type TestIssuer } from '../support/platforms.ts';
import { SERVICE } from '../support/records.ts';
import { itemsOf } from '../support/stores.ts';

const APP = 'repository:team-a/app:pull';
const IDS = { repository_id: '74', repository_owner_id: '65' };

let deployment: Deployment;
let github: TestIssuer;
let trust: string;

beforeAll(async () => {
  github = await openGitHub();
  deployment = await deploy({ issuers: [github.entry] });
  await deployment.as(ALICE)('PUT /v1/namespaces/team-a');
  const json = { issuer: 'github', claims: { ...IDS, ref: 'refs/heads/main' }, repositories: ['team-a/*'] };
  trust = (await deployment.as(ALICE)('POST /v1/trusts', { json })).json.id;
});
afterAll(async () => {
  await deployment.close();
  await github.server.close();
});

async function explain(json: object, who = ALICE) {
  const answer = await deployment.as(who)('POST /v1/explain', { json });
  expect(answer.status, answer.text).toBe(200);
  return answer.json as {
    decision: string;
    granted: object[];
    steps: { check: string; result: string; detail: string }[];
  };
}

const lines = ({ steps }: Awaited<ReturnType<typeof explain>>) =>
  steps.map(({ check, result, detail }) => `${check} ${result}: ${detail}`);

const newToken = async (json: object = {}): Promise<{ id: string; token: string }> =>
  (await deployment.as(ALICE)('POST /v1/tokens', { json })).json;

const claimsWith = (overrides: object = {}) =>
  JSON.parse(JSON.stringify(github.claims({ aud: audienceOf('dev:acme'), ...IDS, ...overrides })));

describe('POST /v1/explain of a token', () => {
  it('says check by check why it is granted', async () => {
    const { id } = await newToken({ repositories: ['team-a/*'], access: 'push' });
    const explanation = await explain({ token: id.toUpperCase(), scope: APP, service: SERVICE.name });
    expect(explanation.decision).toBe('granted');
    expect(explanation.granted).toEqual([{ type: 'repository', name: 'team-a/app', actions: ['pull'] }]);
    expect(lines(explanation)).toEqual([
      'token passed: The token is enabled and expires at 2026-11-22T07:00:00Z.',
      'namespace passed: The account holds the namespace team-a.',
      'pattern passed: team-a/app is within team-a/*.',
      'action passed: Every action that was asked for is allowed in team-a/app: pull.',
    ]);
  });

  it.each([
    [
      'a namespace without an account',
      'repository:team-b/app:pull',
      'namespace failed: The account does not hold the namespace team-b.',
    ],
    [
      'a repository outside',
      'repository:team-a/tool:pull',
      'pattern failed: team-a/tool is not within team-a/app.',
    ],
    [
      'more than it may',
      'repository:team-a/app:pull,push',
      'action failed: Not every action that was asked for is allowed in team-a/app; granted: pull.',
    ],
    [
      'the catalog',
      'registry:catalog:*',
      'scope failed: "registry:catalog:*": only repositories are ever granted, by a name of two segments or more in lower case.',
    ],
    [
      'a scope without its type',
      'team-a/app:pull',
      'scope failed: "team-a/app:pull" is ignored: a scope is written repository:NAME:ACTIONS.',
    ],
    ['no action', 'repository:team-a/app:', 'scope note: "repository:team-a/app:" asks for no action.'],
  ])('names what is missing for %s', async (_, scope, line) => {
    const { id } = await newToken({ repositories: ['team-a/app'], nonExpiring: true });
    const explanation = await explain({ token: id, scope });
    expect(explanation.decision).not.toBe('granted');
    expect(lines(explanation).at(-1)).toBe(line);
  });

  const acts: Record<string, readonly [(id: string) => Promise<unknown>, RegExp]> = {
    disabled: [
      id => deployment.as(ALICE)(`PATCH /v1/tokens/${id}`, { json: { disabled: true } }),
      /^token failed: The token was disabled at 2026-11-21T07:00:00Z by dev:alice\.$/,
    ],
    removed: [
      id => deployment.as(ALICE)(`DELETE /v1/tokens/${id}`),
      /^token failed: The token was removed\.$/,
    ],
  };
  it.each(Object.keys(acts))('says that it is %s, and by whom', async state => {
    const { id } = await newToken();
    const [act, line] = acts[state] ?? expect.fail(state);
    await act(id);
    const explanation = await explain({ token: id, scope: APP });
    expect([explanation.decision, explanation.granted]).toEqual(['refused', []]);
    expect(lines(explanation)).toEqual([expect.stringMatching(line)]);
  });

  it('says that it was rotated, and until when the value before works', async () => {
    const { id } = await newToken();
    await deployment.as(ALICE)(`POST /v1/tokens/${id}/rotate`, { json: { graceSeconds: 600 } });
    expect(lines(await explain({ token: id }))).toContain(
      'token note: The token was rotated: the value before works until 2026-11-21T07:10:00Z.',
    );
    expect(lines(await explain({ token: id, at: '2026-11-21T07:10:00Z' }))).toContain(
      'token note: The token was rotated: a login with an earlier value is refused.',
    );
  });

  it('says of a token of another account what it says of one that never was', async () => {
    const { id } = (await deployment.as(BOB)('POST /v1/tokens', { json: {} })).json;
    const never = await explain({ token: '01a1fd51-c23e-7c1e-8dcf-87c09e970095', scope: APP });
    expect(await explain({ token: id, scope: APP })).toEqual(never);
    expect(lines(never)).toEqual(['token failed: This account has no such token.']);
  });

  it('says whether the address is in its networks, and which they are', async () => {
    const { id } = await newToken({ networks: ['192.0.2.0/24', '2001:db8::/32'], nonExpiring: true });
    const from = (address?: string) => explain({ token: id, scope: APP, address });
    expect(lines(await from('2001:db8::7'))[1]).toBe(
      'network passed: The token is good from 192.0.2.0/24, 2001:db8::/32, and 2001:db8::7 is there.',
    );
    for (const [address, why] of [
      ['198.51.100.7', '198.51.100.7 is in none of them'],
      [undefined, 'no address was given'],
    ] as const) {
      const explanation = await from(address);
      expect(explanation.decision).toBe('refused');
      expect(lines(explanation)).toEqual([
        `network failed: The token is good from 192.0.2.0/24, 2001:db8::/32 only, and ${why}.`,
      ]);
    }
  });

  it('judges another time, and the login agrees when it has come', async () => {
    const { id, token } = await newToken({ expiresInSeconds: 3600 });
    const at = (time: string) => explain({ token: id, scope: APP, at: time });
    expect((await at('2026-11-21T07:59:59Z')).decision).toBe('granted');
    expect((await at('2026-11-21T08:00:00Z')).decision).toBe('refused');
    expect(lines(await at('2026-11-21T09:00:00+01:00'))).toEqual([
      'time note: Judged for 2026-11-21T08:00:00Z, with what is stored now.',
      'token failed: The token expired at 2026-11-21T08:00:00Z.',
    ]);
    expect((await deployment.logIn(token)).status).toBe(200);
  });

  it('says that there is no such service, and which there are', async () => {
    const { id } = await newToken();
    const explanation = await explain({ token: id, service: 'other.example' });
    expect(explanation.decision).toBe('refused');
    expect(lines(explanation)[0]).toContain('This deployment serves: localhost:5000.');
  });
});

describe('POST /v1/explain of an identity', () => {
  it('names what gives it its role', async () => {
    expect(lines(await explain({ subject: 'dev:alice', scope: 'repository:team-a/app:delete' }))).toEqual([
      'policy passed: The configuration makes dev:alice administrator of every repository of the account.',
      'namespace passed: The account holds the namespace team-a.',
      'pattern passed: team-a/app is within every repository of the account.',
      'action passed: Every action that was asked for is allowed in team-a/app: delete.',
    ]);
    const json = { subject: 'rita', role: 'reader', repositories: ['team-a/*'] };
    const { id } = (await deployment.as(ALICE)('POST /v1/policies', { json })).json;
    const explanation = await explain({ subject: 'rita', scope: 'repository:team-a/app:pull,push' });
    expect(explanation.decision).toBe('partly-granted');
    expect(lines(explanation)[0]).toBe(`policy passed: The policy ${id} makes dev:rita reader of team-a/*.`);
  });

  it('says that nothing names it', async () => {
    const explanation = await explain({ subject: 'mallory', scope: APP });
    expect(explanation.decision).toBe('nothing-granted');
    expect(lines(explanation)).toEqual([
      'policy failed: No policy of this account, and no configuration, names dev:mallory. Its groups are known at a login alone.',
      `scope failed: "${APP}": nothing gives the caller a repository.`,
    ]);
    expect((await explain({ subject: 'mallory' })).decision).toBe('nothing-granted');
  });

  it('knows nothing of an administrator of another account', async () => {
    expect((await explain({ subject: 'dev:bob', scope: APP })).decision).toBe('nothing-granted');
  });
});

describe('POST /v1/explain of claims', () => {
  it('says which trust matches', async () => {
    const explanation = await explain({ claims: claimsWith({ ref: 'refs/heads/main' }), scope: APP });
    expect(explanation.decision).toBe('granted');
    expect(lines(explanation)[1]).toBe(`trust passed: The trust ${trust} matches.`);
  });

  it.each([
    [
      'another value',
      { ref: 'refs/heads/dev' },
      'its ref is "refs/heads/main", and the workload has "refs/heads/dev"',
    ],
    ['no such claim', { ref: undefined }, 'its ref is "refs/heads/main", and the workload has no such claim'],
    [
      'a number',
      { repository_id: 74 },
      'its repository_id is "74", and the workload has 74, which is no string',
    ],
    [
      'a list',
      { ref: ['refs/heads/main'] },
      'its ref is "refs/heads/main", and the workload has ["refs/heads/main"], which is no string',
    ],
  ])('says which claim is the first that differs, with both values: %s', async (_, overrides, text) => {
    const explanation = await explain({
      claims: claimsWith({ ref: 'refs/heads/main', ...overrides }),
      scope: APP,
    });
    expect(explanation.decision).toBe('nothing-granted');
    expect(lines(explanation)[1]).toBe(`trust failed: The trust ${trust} does not match: ${text}.`);
  });

  it('says that a trust that matches is for other networks', async () => {
    const claims = { ...IDS, ref: 'refs/heads/inside' };
    const json = { issuer: 'github', claims, networks: ['192.0.2.0/24'] };
    const { id } = (await deployment.as(ALICE)('POST /v1/trusts', { json })).json;
    const asked = { claims: claimsWith({ ref: 'refs/heads/inside' }), scope: APP };
    expect((await explain({ ...asked, address: '192.0.2.9' })).decision).toBe('granted');
    const explanation = await explain({ ...asked, address: '198.51.100.7' });
    expect(explanation.decision).toBe('nothing-granted');
    expect(lines(explanation)).toContain(
      `network failed: The trust ${id} matches, and is good from 192.0.2.0/24 only, and 198.51.100.7 is in none of them.`,
    );
    expect(lines(explanation).at(-1)).toBe(
      `scope failed: "${APP}": what gives the caller a repository is for other networks.`,
    );
    await deployment.as(ALICE)(`DELETE /v1/trusts/${id}`);
  });

  it('compares also those that have ended, and says that they have', async () => {
    const claims = claimsWith({
      ref: 'refs/heads/main',
      iat: 1_795_000_000,
      nbf: 1_795_000_000,
      exp: 1_795_000_300,
    });
    const explanation = await explain({ claims, scope: APP });
    expect(explanation.decision).toBe('refused');
    expect(lines(explanation)).toEqual([
      'claims failed: The claims are refused: the token has expired.',
      `trust passed: The trust ${trust} matches.`,
    ]);
  });

  it.each([
    ['another account', { aud: audienceOf('dev:rival') }, 'they are of another account'],
    ['another audience', { aud: 'sts.amazonaws.com' }, 'the token is for another audience'],
    ['an unknown issuer', { iss: 'https://elsewhere.example' }, 'no configured issuer'],
  ])('names the audience that they must have: %s', async (_, overrides, why) => {
    const explanation = await explain({ claims: claimsWith(overrides), scope: APP });
    expect(explanation.granted).toEqual([]);
    expect(lines(explanation)[0]).toBe(
      `claims failed: The claims are refused: ${why}. The aud must be ${audienceOf('dev:acme')}.`,
    );
  });

  it('writes none of them into the log', async () => {
    const before = deployment.logs.length;
    await explain({ claims: claimsWith({ ref: 'planted-claim', extra: 'planted-claim' }), scope: APP });
    const written = deployment.logs.slice(before).join('\n');
    expect(written).toContain('"explained":"claims"');
    expect(written).not.toContain('planted-claim');
  });
});

describe('POST /v1/explain', () => {
  it('writes nothing, not even that a token was used', async () => {
    const { id } = await newToken({ repositories: ['team-a/*'] });
    const before = JSON.stringify(await itemsOf(deployment.table));
    const asked = deployment.wire.requests.length;
    for (const whose of [{ token: id }, { subject: 'alice' }, { claims: claimsWith() }]) {
      await explain({ ...whose, scope: APP, address: '192.0.2.1', at: '2026-11-21T07:30:00Z' });
    }
    const operations = deployment.wire.requests.slice(asked).map(({ operation }) => operation);
    expect(new Set(operations)).toEqual(new Set(['BatchGetItem', 'Query']));
    expect(JSON.stringify(await itemsOf(deployment.table))).toBe(before);
  });

  it.each<[string, object, string]>([
    ['nothing', {}, ''],
    ['two at once', { token: '01a1fd51-c23e-7c1e-8dcf-87c09e970095', subject: 'alice' }, ''],
    ['the value of a token', { token: `plp_${'0'.repeat(87)}` }, 'token'],
    ['a credential', { token: 'plc_k1.x' }, 'token'],
    ['a JWT for claims', { claims: 'a.b.c' }, 'claims'],
    ['a list for claims', { claims: [] }, 'claims'],
    ['everyone', { subject: '*' }, 'subject'],
    ['an empty subject', { subject: '' }, 'subject'],
    ['a network for an address', { subject: 'alice', address: '192.0.2.0/24' }, 'address'],
    ['a name for an address', { subject: 'alice', address: 'localhost' }, 'address'],
    ['a day for a time', { subject: 'alice', at: '2026-11-21' }, 'at'],
    ['seconds for a time', { subject: 'alice', at: 1_795_244_400 }, 'at'],
    ['a time too far ahead', { subject: 'alice', at: '2028-11-21T07:00:00Z' }, 'at'],
    ['a time too long ago', { subject: 'alice', at: '2024-11-21T07:00:00Z' }, 'at'],
    ['an unknown member', { subject: 'alice', secret: 'x' }, 'secret'],
    ['a list of scopes', { subject: 'alice', scope: [APP] }, 'scope'],
  ])('refuses %s with 400', async (_, json, path) => {
    const { status, json: answer, text } = await deployment.as(ALICE)('POST /v1/explain', { json });
    expect([status, answer.errors?.[0].path]).toEqual([400, path]);
    expect(text).not.toContain('plp_0');
  });

  it('refuses what the login endpoint refuses as too much', async () => {
    const scope = Array.from({ length: 300 }, (_, i) => `repository:team-a/a${i}:pull`).join(' ');
    expect(
      (await deployment.as(ALICE)('POST /v1/explain', { json: { subject: 'alice', scope } })).status,
    ).toBe(400);
  });

  it('is for the administrators of the account alone', async () => {
    const json = { subject: 'alice' };
    expect((await deployment.send('POST /v1/explain', { json })).status).toBe(401);
    expect((await deployment.as(MALLORY)('POST /v1/explain', { json })).status).toBe(403);
    const { token } = await newToken();
    expect((await deployment.send('POST /v1/explain', { json, basic: ['token', token] })).status).toBe(403);
  });

  it('is 503 while the table does not answer', async () => {
    deployment.wire.cut = ({ body }) => body.includes('policy#') || body.includes('token#');
    expect((await deployment.as(ALICE)('POST /v1/explain', { json: { subject: 'alice' } })).status).toBe(503);
    deployment.wire.cut = () => false;
  });
});
