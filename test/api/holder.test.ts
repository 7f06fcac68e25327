/** What who holds a registry token sees of it and may do with it, and what only a right value reads. */
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Account } from '../../lib/domain/identifiers.ts';
import { formatRegistryToken } from '../../lib/domain/registry-token.ts';
import { ALICE, BOB, type Deployment, deploy } from '../support/deployment.ts';
import type { Received, Sent } from '../support/events.ts';
import { aToken } from '../support/records.ts';

let deployment: Deployment;
beforeEach(async () => {
  deployment = await deploy();
});
afterEach(() => deployment.close());

const alice = (line: string, sent?: Sent) => deployment.as(ALICE)(line, sent);
const add = async (json: object = {}) => (await alice('POST /v1/tokens', { json })).json;
const view = (value: string) => deployment.send('GET /v1/token', { bearer: value });
const rotate = (value: string, json: object = {}, headers = {}) =>
  deployment.send('POST /v1/token/rotate', { bearer: value, json, headers });
const credentialOf = async (value: string) =>
  (await deployment.send('POST /v1/credentials', { bearer: value, json: {} })).json.password;
const timeAfter = (seconds: number) =>
  new Date(Date.now() + seconds * 1000).toISOString().replace('.000', '');

/** What is left of an answer that a caller could tell from another. */
function bytesOf({ status, headers, text }: Received): string {
  const { 'x-request-id': id = '', 'content-length': _, ...rest } = headers;
  return JSON.stringify({ status, rest, text: text.replaceAll(String(id), '') });
}

describe('the token of its holder', () => {
  it('is shown to the value, by Basic and by Bearer, with what a partner needs and no more', async () => {
    const json = {
      description: 'partner',
      repositories: ['team-a/app'],
      labels: { team: 'x' },
      owner: 'anna',
    };
    const { id, token, ...made } = await add({ ...json, networks: null, selfRotate: true });
    const { status, json: shown } = await view(token);
    expect(status).toBe(200);
    expect(shown).toEqual({
      id,
      description: 'partner',
      access: 'pull',
      repositories: ['team-a/app'],
      networks: null,
      createdAt: made.createdAt,
      expiresAt: made.expiresAt,
      generation: 1,
      valueIssuedAt: made.createdAt,
      previousValue: null,
      lastUsedAt: null,
      lastUsed: null,
      disabled: false,
      selfRotate: true,
      limits: null,
      presented: 'value',
      endsAt: made.expiresAt,
    });
    expect((await deployment.send('GET /v1/token', { basic: ['token', token] })).json).toEqual(shown);
  });

  it('is shown to a credential, with the end of that', async () => {
    const { id, token } = await add();
    const credential = await credentialOf(token);
    const { json } = await view(credential);
    expect(json).toMatchObject({ id, presented: 'credential', endsAt: timeAfter(3600) });
    expect((await deployment.send('GET /v1/token', { basic: ['token', credential] })).json).toEqual(json);
  });

  it('tells the value before a rotation which one it is, and when it ends', async () => {
    const { id, token, expiresAt } = await add();
    const next = (await alice(`POST /v1/tokens/${id}/rotate`, { json: { graceSeconds: 600 } })).json.token;
    const endsAt = timeAfter(600);
    expect((await view(token)).json).toMatchObject({ presented: 'previous-value', endsAt, generation: 2 });
    expect((await view(next)).json).toMatchObject({
      presented: 'value',
      endsAt: expiresAt,
      previousValue: { endsAt },
    });
  });

  it('is not used by being looked at', async () => {
    const { token } = await add();
    await view(token);
    expect((await view(token)).json).toMatchObject({ lastUsedAt: null, lastUsed: null });
  });

  it('is for holders alone', async () => {
    const sent: Record<string, Sent> = {
      nothing: {},
      'an API key': { basic: ['iamapikey', await deployment.apiKeyOf(ALICE)] },
      'an access token': { bearer: await deployment.bearerOf(ALICE) },
      'the value under another user name': { basic: ['iambearer', (await add()).token] },
    };
    for (const [what, each] of Object.entries(sent)) {
      for (const line of ['GET /v1/token', 'POST /v1/token/rotate']) {
        const { status, headers, json } = await deployment.send(line, each);
        expect([what, status, json.code]).toEqual([what, 401, 'unauthenticated']);
        expect(headers['www-authenticate']).toBe('Basic realm="pullpass", charset="UTF-8"');
      }
    }
    expect((await deployment.send('GET /v1/token')).json.detail).toMatch(/^No credentials came/);
  });

  it('is no account: a credential of an identity has none', async () => {
    const sent = { basic: ['iamapikey', await deployment.apiKeyOf(BOB)], json: {} } as const;
    const { password } = (await deployment.send('POST /v1/credentials', sent)).json;
    const { status, json } = await view(password);
    expect([status, json.code, json.detail]).toEqual([
      403,
      'forbidden',
      'No registry token is behind this credential.',
    ]);
  });
});

describe('a right value that has ended', () => {
  it.each(['value', 'credential'])('says so, and when, to who presents it: by its %s', async by => {
    const held = async (json: object = {}) => {
      const made = await add(json);
      return { ...made, held: by === 'value' ? made.token : await credentialOf(made.token) };
    };
    const expect401 = async (what: string, code: string, at: string) => {
      for (const answer of [await view(what), await rotate(what)]) {
        expect(answer.status).toBe(401);
        expect(answer.json).toMatchObject({ code, type: `urn:pullpass:error:${code}`, status: 401, at });
        expect(answer.headers['www-authenticate']).toBe('Basic realm="pullpass", charset="UTF-8"');
      }
    };
    const disabled = await held();
    await alice(`PATCH /v1/tokens/${disabled.id}`, { json: { disabled: true } });
    await expect401(disabled.held, 'token-disabled', timeAfter(0));
    const rotated = await held({ nonExpiring: true });
    await alice(`POST /v1/tokens/${rotated.id}/rotate`);
    await expect401(rotated.held, 'token-rotated', timeAfter(0));
    const graced = await held();
    await alice(`POST /v1/tokens/${graced.id}/rotate`, { json: { graceSeconds: 60 } });
    const end = timeAfter(60);
    expect((await view(graced.held)).status).toBe(200);
    deployment.wait(60);
    await expect401(graced.held, 'token-rotated', end);
  });

  it('is expired from its end on', async () => {
    const { token, expiresAt } = await add({ expiresInSeconds: 60 });
    deployment.wait(60);
    expect((await view(token)).json).toMatchObject({ status: 401, code: 'token-expired', at: expiresAt });
  });

  it('is rotated for whom it was replaced, also when its holder has revoked it', async () => {
    const { id, token } = await add();
    await alice(`POST /v1/tokens/${id}/rotate`, { json: { graceSeconds: 600 } });
    const at = timeAfter(0);
    deployment.wait(10);
    await deployment.send('POST /oauth/revoke', { form: { token } });
    expect((await view(token)).json).toMatchObject({ code: 'token-rotated', at });
    expect((await deployment.logIn(token)).status).toBe(401);
  });

  it('reads the same words as any bad secret at the login endpoint', async () => {
    const bytes = new Set<string>();
    for (const act of ['PATCH', 'rotate', 'expire', 'nothing'] as const) {
      const { id, token } = await add({ expiresInSeconds: 60 });
      if (act === 'PATCH') await alice(`PATCH /v1/tokens/${id}`, { json: { disabled: true } });
      if (act === 'rotate') await alice(`POST /v1/tokens/${id}/rotate`);
      if (act === 'expire') deployment.wait(60);
      const value = act === 'nothing' ? unissued(id) : token;
      bytes.add(bytesOf(await deployment.logIn(value, 'repository:team-a/app:pull')));
    }
    expect(bytes.size).toBe(1);
  });
});

/** A well-formed value of this token that was never issued. */
function unissued(id = aToken().id, account: Account = 'dev:acme'): string {
  return formatRegistryToken(account, id, randomBytes(32)).reveal();
}

describe('a wrong value', () => {
  it('reads one answer, byte for byte, for every state of the token', async () => {
    const ids: Record<string, string> = { unknown: aToken().id };
    ids.usable = (await add()).id;
    const rotated = await add();
    const older = rotated.token;
    for (let i = 0; i < 2; i++) await alice(`POST /v1/tokens/${rotated.id}/rotate`);
    ids.rotated = rotated.id;
    ids.expired = (await add({ expiresInSeconds: 60 })).id;
    ids.disabled = (await add()).id;
    await alice(`PATCH /v1/tokens/${ids.disabled}`, { json: { disabled: true } });
    const removed = await add();
    const credential = await credentialOf(removed.token);
    await alice(`DELETE /v1/tokens/${removed.id}`);
    ids.removed = removed.id;
    deployment.wait(60);
    const values: Record<string, string> = {
      malformed: 'plp_x',
      'of another account': unissued(ids.usable, 'dev:rival'),
      'of a removed token': removed.token,
      'of two rotations ago': older,
      'a credential of a removed token': credential,
      'a forged credential': `${credential.slice(0, -1)}${credential.endsWith('A') ? 'B' : 'A'}`,
    };
    for (const [state, id] of Object.entries(ids)) values[`for one that is ${state}`] = unissued(id);
    for (const ask of [view, rotate]) {
      const answers = new Map<string, string[]>();
      for (const [what, value] of Object.entries(values)) {
        const bytes = bytesOf(await ask(value));
        answers.set(bytes, [...(answers.get(bytes) ?? []), what]);
      }
      expect([...answers.values()]).toHaveLength(1);
      expect([...answers.keys()][0]).toContain('The user name or the secret is not valid.');
    }
  });

  it('costs one read of the table, as a right one does', async () => {
    const { id, token } = await add();
    const reads: number[] = [];
    for (const value of [token, unissued(id), unissued()]) {
      const before = deployment.wire.requests.length;
      await view(value);
      reads.push(deployment.wire.requests.length - before);
    }
    expect(reads).toEqual([1, 1, 1]);
  });
});

describe('guessing', () => {
  beforeEach(async () => {
    await deployment.close();
    deployment = await deploy({ environment: { PULLPASS_FAILURES_PER_MINUTE: '5' } });
  });

  it.each(['GET /v1/token', 'POST /v1/token/rotate'])('is limited at %s as at the login', async line => {
    const statuses = new Set<number>();
    for (let i = 0; i < 10 && !statuses.has(429); i++) {
      statuses.add((await deployment.send(line, { bearer: unissued() })).status);
    }
    expect([...statuses]).toEqual([401, 429]);
  });

  it('keeps no right value out', async () => {
    const { token } = await add();
    for (let i = 0; i < 10; i++) await view(unissued());
    expect([(await view(unissued())).status, (await view(token)).status]).toEqual([429, 200]);
  });
});
