/** Registering, listing and releasing namespaces over HTTP. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { grantOf } from '../support/claims.ts';
import { ALICE, BOB, CAROL, type Deployment, deploy } from '../support/deployment.ts';

let deployment: Deployment;
afterEach(() => deployment.close());

const register = (who: string, name: string) => deployment.as(who)(`PUT /v1/namespaces/${name}`);
const release = (who: string, name: string) => deployment.as(who)(`DELETE /v1/namespaces/${name}`);
const listOf = async (who: string) => (await deployment.as(who)('GET /v1/namespaces')).json.namespaces;
const tokenOf = async (who: string) =>
  (await deployment.as(who)('POST /v1/tokens', { json: { access: 'push' } })).json.token;
const grantFor = async (token: string) =>
  grantOf(await deployment.logIn(token, 'repository:team-a/app:pull'));

describe('a namespace', () => {
  beforeEach(async () => {
    deployment = await deploy();
  });

  it('is registered once, and stays the account’s when it is registered again', async () => {
    expect(await register(ALICE, 'team-a')).toMatchObject({ status: 201, json: { name: 'team-a' } });
    expect(await register(ALICE, 'team-a')).toMatchObject({ status: 200, json: { name: 'team-a' } });
    expect((await register(CAROL, 'team-a')).status).toBe(200);
  });

  it('is listed to its account by name, and to no other', async () => {
    for (const name of ['zoo', 'team-a', 'team-b']) await register(ALICE, name);
    expect(await listOf(CAROL)).toEqual([{ name: 'team-a' }, { name: 'team-b' }, { name: 'zoo' }]);
    expect(await listOf(BOB)).toEqual([]);
  });

  it('is taken for every other account, also when it was released', async () => {
    await register(ALICE, 'team-a');
    const answers = [await register(BOB, 'team-a')];
    await release(ALICE, 'team-a');
    answers.push(await register(BOB, 'team-a'));
    for (const { status, json } of answers) expect([status, json.code]).toEqual([409, 'namespace-taken']);
    expect((await register(ALICE, 'team-a')).status).toBe(201);
  });

  it('grants nothing from the moment when it is released', async () => {
    const token = await tokenOf(ALICE);
    expect(await grantFor(token)).toEqual([]);
    await register(ALICE, 'team-a');
    expect(await grantFor(token)).toEqual(['repository:team-a/app:pull']);
    expect(await release(ALICE, 'team-a')).toMatchObject({ status: 204, text: '' });
    expect(await grantFor(token)).toEqual([]);
    expect(await listOf(ALICE)).toEqual([]);
  });

  it('is not there to be released by another account, twice, or when it was never registered', async () => {
    await register(ALICE, 'team-a');
    const answers = [await release(BOB, 'team-a'), await release(ALICE, 'team-b')];
    await release(ALICE, 'team-a');
    answers.push(await release(ALICE, 'team-a'));
    for (const { status, json } of answers) expect([status, json.code]).toEqual([404, 'not-found']);
  });

  it('grants its owner, and no other account whose token names it', async () => {
    await register(ALICE, 'team-a');
    const [mine, others] = [await tokenOf(ALICE), await tokenOf(BOB)];
    expect(await grantFor(mine)).toEqual(['repository:team-a/app:pull']);
    expect(await grantFor(others)).toEqual([]);
  });

  it.each(['a', 'Team', 'team_', '-team', 'te--am.', 'te+am', 'x'.repeat(129), '..', '*', 'team*', 'a%2fb'])(
    'is not called "%s"',
    async name => {
      for (const { status, json } of [await register(ALICE, name), await release(ALICE, name)]) {
        expect([status, json.code, json.errors]).toEqual([
          400,
          'invalid-request',
          [{ path: 'name', message: expect.stringContaining('name it like team-a') }],
        ]);
      }
    },
  );

  it.each(['ab', 'te--am', 'a.b_c__d-e', 'x'.repeat(128)])('may be called "%s"', async name => {
    expect((await register(ALICE, name)).status).toBe(201);
  });

  it('has one owner when both want it at once', async () => {
    const answers = await Promise.all([ALICE, BOB, ALICE, BOB].map(who => register(who, 'team-a')));
    const winners = [await listOf(ALICE), await listOf(BOB)].filter(list => list.length === 1);
    expect(winners).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
  });
});

describe('a registration that is not open', () => {
  beforeEach(async () => {
    deployment = await deploy({ environment: { PULLPASS_NAMESPACES: 'dev:acme=team-* dev:rival=team-b' } });
  });

  it('is made by the accounts that the operator names, for what the operator names', async () => {
    expect((await register(ALICE, 'team-a')).status).toBe(201);
    for (const [who, name] of [
      [ALICE, 'other'],
      [BOB, 'team-a'],
      [BOB, 'team-bb'],
    ] as const) {
      const { status, json } = await register(who, name);
      expect([name, status, json.code]).toEqual([name, 403, 'registration-closed']);
    }
    expect((await register(BOB, 'team-b')).status).toBe(201);
  });

  it('gives a released name to another account that the operator names for it', async () => {
    await register(ALICE, 'team-b');
    expect((await register(BOB, 'team-b')).json.code).toBe('namespace-taken');
    await release(ALICE, 'team-b');
    expect((await register(BOB, 'team-b')).status).toBe(201);
    expect([await listOf(ALICE), await listOf(BOB)]).toEqual([[], [{ name: 'team-b' }]]);
  });
});
