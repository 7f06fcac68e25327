/** The development IAM: its files, its later starts, and logins with its keys. */
import { randomBytes } from 'node:crypto';
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Secret } from '../../../lib/domain/secret.ts';
import { identityVerifier } from '../../../lib/iam/verifier.ts';
import type { IdentityVerifier } from '../../../lib/ports/others.ts';
import { only } from '../../iam/loopback-iam.ts';
import { basic, json, PUBLIC_URL, START_MS, TestIam } from './start.ts';

const DAY_MS = 86_400_000;
const OWNER = { iam_id: 'IBMid-1', account_id: 'acct-1', name: 'build farm' };
let test: TestIam;
let administratorKey: string;

beforeEach(async () => {
  test = await TestIam.start();
  administratorKey = (await readFile(test.keyFile, 'utf8')).trimEnd();
});
afterEach(async () => test.stop());

async function newKey(): Promise<{ id: string; apikey: string }> {
  const result = await test.createApiKey(administratorKey, OWNER);
  expect(result.statusCode).toBe(201);
  return json(result) as { id: string; apikey: string };
}

async function refreshTokenOf(apikey: string): Promise<string> {
  return String(json(await test.exchange(apikey)).refresh_token);
}

function pullpass(): IdentityVerifier {
  if (test.iam === undefined) throw new Error('not started');
  return identityVerifier({ ...only(test.iam.issuer), randomBytes });
}

describe('the first start', () => {
  it('leaves the administrator’s key, and a line break, where the operator finds it', async () => {
    const text = await readFile(test.keyFile, 'utf8');
    expect(text).toMatch(/^[0-9A-Za-z]{43}\n$/);
    expect(administratorKey).toMatch(/^[\x21-\x7e]{8,256}$/);
  });

  it('leaves nothing that others can read, and no key in clear beside its own file', async () => {
    const { apikey } = await newKey();
    expect((await stat(test.keyFile)).mode & 0o777).toBe(0o600);
    const names = await readdir(test.directory);
    expect(names.sort()).toEqual(['api-keys.json', 'signing-key.pem']);
    for (const name of names) {
      const path = join(test.directory, name);
      expect((await stat(path)).mode & 0o777).toBe(0o600);
      const text = await readFile(path, 'utf8');
      for (const secret of [administratorKey, apikey]) expect(text).not.toContain(secret);
    }
  });
});

describe('a later start', () => {
  it('keeps the keys: what worked goes on working', async () => {
    const { apikey } = await newKey();
    const before = json(await test.send('GET /iam/identity/keys'));
    const refreshToken = await refreshTokenOf(apikey);
    await test.restart();
    expect(json(await test.send('GET /iam/identity/keys'))).toEqual(before);
    expect(await test.exchange(apikey)).toMatchObject({ statusCode: 200 });
    expect(await test.grant({ grant_type: 'refresh_token', refresh_token: refreshToken })).toMatchObject({
      statusCode: 200,
    });
    expect((await readFile(test.keyFile, 'utf8')).trimEnd()).toBe(administratorKey);
  });

  it.each([
    ['is gone', async () => rm(test.keyFile)],
    ['holds something else', async () => writeFile(test.keyFile, 'x'.repeat(43))],
    ['holds the key of another user', async () => writeFile(test.keyFile, (await newKey()).apikey)],
  ])('makes a new administrator’s key when the file %s, and ends the old one', async (_, lose) => {
    const { apikey } = await newKey();
    await lose();
    await test.restart();
    const renewed = (await readFile(test.keyFile, 'utf8')).trimEnd();
    expect(await test.exchange(renewed)).toMatchObject({ statusCode: 200 });
    expect(await test.exchange(administratorKey)).toMatchObject({ statusCode: 400 });
    expect(await test.exchange(apikey)).toMatchObject({ statusCode: 200 });
  });

  it('stops at a damaged file instead of beginning anew', async () => {
    await writeFile(join(test.directory, 'api-keys.json'), '{"keys":[{}]}');
    await expect(test.restart()).rejects.toThrow('not a file of API keys');
  });
});

describe('Pullpass with this IAM', () => {
  it('recognises the administrator by API key and by access token', async () => {
    const expected = {
      issuer: 'dev',
      account: 'dev:dev',
      subject: 'dev:administrator',
      strength: 'strong',
    };
    const apiKey = { kind: 'iamapikey', secret: new Secret(administratorKey) } as const;
    expect(await pullpass().identify(apiKey, test.nowMs)).toMatchObject(expected);
    const token = new Secret(String(json(await test.exchange(administratorKey)).access_token));
    expect(await pullpass().identify({ kind: 'iambearer', secret: token }, test.nowMs)).toMatchObject({
      ...expected,
      expiresAt: START_MS / 1000 + 3600,
    });
  });

  it('takes neither a refresh token for an access token, nor an access token an hour later', async () => {
    const answer = json(await test.exchange(administratorKey));
    const refresh = { kind: 'iambearer', secret: new Secret(String(answer.refresh_token)) } as const;
    await expect(pullpass().identify(refresh, test.nowMs)).rejects.toMatchObject({ code: 'unauthenticated' });
    const access = { kind: 'iambearer', secret: new Secret(String(answer.access_token)) } as const;
    const later = test.nowMs + 3_630_000;
    await expect(pullpass().identify(access, later)).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  it('refuses an API key that was never made', async () => {
    const proof = { kind: 'iamapikey', secret: new Secret('x'.repeat(43)) } as const;
    await expect(pullpass().identify(proof, test.nowMs)).rejects.toMatchObject({ code: 'unauthenticated' });
  });
});

describe('the token endpoint', () => {
  it('answers as OAuth wants it, and forbids caching', async () => {
    const result = await test.exchange(administratorKey);
    expect(result.headers).toMatchObject({ 'cache-control': 'no-store', 'content-type': 'application/json' });
    expect(json(result)).toEqual({
      access_token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
      refresh_token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
      token_type: 'Bearer',
      expires_in: 3600,
      expiration: START_MS / 1000 + 3600,
    });
  });

  it('publishes the public half of its key and nothing more', async () => {
    const [key] = json(await test.send('GET /iam/identity/keys')).keys as Record<string, unknown>[];
    expect(new Set(Object.keys(key ?? {}))).toEqual(new Set(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']));
  });

  it.each([
    [
      'an unknown API key',
      { grant_type: 'urn:ibm:params:oauth:grant-type:apikey', apikey: 'x' },
      'invalid_grant',
    ],
    ['no API key', { grant_type: 'urn:ibm:params:oauth:grant-type:apikey' }, 'invalid_grant'],
    [
      'a refresh token that is none',
      { grant_type: 'refresh_token', refresh_token: 'a.b.c' },
      'invalid_grant',
    ],
    ['another grant', { grant_type: 'password' }, 'unsupported_grant_type'],
    ['a grant that every object has', { grant_type: 'toString' }, 'unsupported_grant_type'],
    ['no grant', {}, 'unsupported_grant_type'],
  ])('answers 400 to %s', async (_, form, error) => {
    const result = await test.grant(form);
    expect([result.statusCode, json(result).error]).toEqual([400, error]);
  });

  it('answers 400 to a parameter that is given twice, or cannot be decoded', async () => {
    for (const body of [`grant_type=a&grant_type=b`, 'grant_type=%zz', 'grant_type=%ff']) {
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      const result = await test.send('POST /iam/identity/token', { headers, body });
      expect([result.statusCode, json(result).error]).toEqual([400, 'invalid_request']);
    }
  });
});

describe('a refresh token', () => {
  it('gives new tokens for the same subject, for thirty days', async () => {
    const { apikey } = await newKey();
    const refreshToken = await refreshTokenOf(apikey);
    test.nowMs += 30 * DAY_MS - 1000;
    const renewed = json(await test.grant({ grant_type: 'refresh_token', refresh_token: refreshToken }));
    const proof = { kind: 'iambearer', secret: new Secret(String(renewed.access_token)) } as const;
    expect(await pullpass().identify(proof, test.nowMs)).toMatchObject({
      account: 'dev:acct-1',
      subject: 'dev:IBMid-1',
    });
    test.nowMs += 1000;
    const late = await test.grant({ grant_type: 'refresh_token', refresh_token: refreshToken });
    expect(late).toMatchObject({ statusCode: 400 });
  });

  it('is no access token, and an access token no refresh token', async () => {
    const { access_token: accessToken } = json(await test.exchange(administratorKey));
    const result = await test.grant({ grant_type: 'refresh_token', refresh_token: String(accessToken) });
    expect(result).toMatchObject({ statusCode: 400 });
  });

  it('dies with its API key, and stays dead after a restart', async () => {
    const { id, apikey } = await newKey();
    const refreshToken = await refreshTokenOf(apikey);
    const headers = { authorization: basic(administratorKey) };
    expect(await test.send(`DELETE /iam/v1/apikeys/${id}`, { headers })).toMatchObject({ statusCode: 204 });
    expect(await test.send(`DELETE /iam/v1/apikeys/${id}`, { headers })).toMatchObject({ statusCode: 404 });
    for (const _ of ['now', 'after a restart']) {
      expect(await test.exchange(apikey)).toMatchObject({ statusCode: 400 });
      const refreshed = await test.grant({ grant_type: 'refresh_token', refresh_token: refreshToken });
      expect(refreshed).toMatchObject({ statusCode: 400 });
      await test.restart();
    }
  });
});

describe('API keys', () => {
  it('are made by the administrator alone', async () => {
    const { id, apikey } = await newKey();
    const attempts: [string | undefined, number][] = [
      [undefined, 401],
      ['Bearer abc', 401],
      [`Basic ${btoa(`administrator:${administratorKey}`)}`, 401],
      [basic('x'.repeat(43)), 401],
      [basic(apikey), 403],
    ];
    for (const [authorization, statusCode] of attempts) {
      const headers = {
        'content-type': 'application/json',
        ...(authorization === undefined ? {} : { authorization }),
      };
      const body = JSON.stringify(OWNER);
      expect(await test.send('POST /iam/v1/apikeys', { headers, body })).toMatchObject({ statusCode });
      expect(await test.send(`DELETE /iam/v1/apikeys/${id}`, { headers })).toMatchObject({ statusCode });
    }
    expect(await test.exchange(apikey)).toMatchObject({ statusCode: 200 });
  });

  it('do not make administrators of others in the account, or of namesakes in other accounts', async () => {
    for (const [iam_id, account_id] of [
      ['administrator', 'acct-1'],
      ['IBMid-1', 'dev'],
    ]) {
      const made = json(await test.createApiKey(administratorKey, { iam_id, account_id, name: '' }));
      expect(await test.createApiKey(String(made.apikey), OWNER)).toMatchObject({ statusCode: 403 });
    }
  });

  it.each([
    ['an unknown member', { ...OWNER, role: 'administrator' }],
    ['a missing member', { iam_id: 'a', account_id: 'b' }],
    ['an empty subject', { ...OWNER, iam_id: '' }],
    ['an account with a space', { ...OWNER, account_id: 'a b' }],
    ['a list', [OWNER]],
    ['a repeated member', '{"iam_id":"a","iam_id":"b","account_id":"c","name":"d"}'],
    ['no JSON', '{'],
    ['nothing', ''],
  ])('are not made from %s', async (_, body) => {
    expect(await test.createApiKey(administratorKey, body)).toMatchObject({ statusCode: 400 });
  });

  it('are all kept when many are made at once', async () => {
    const keys = await Promise.all(Array.from({ length: 20 }, () => newKey()));
    await test.restart();
    for (const { apikey } of keys) expect(await test.exchange(apikey)).toMatchObject({ statusCode: 200 });
    expect(new Set(keys.map(({ id }) => id)).size).toBe(20);
  });
});

describe('everything else', () => {
  it.each([
    ['GET /iam/nothing', 404],
    ['GET /iam/identity/keys%2f', 404],
    ['POST /iam/identity/keys', 405],
    ['GET /iam/identity/token', 405],
  ])('is answered in JSON: %s', async (line, statusCode) => {
    const result = await test.send(line);
    expect(result).toMatchObject({ statusCode, headers: { 'cache-control': 'no-store' } });
    expect(json(result)).toHaveProperty('error_description');
  });

  it('includes a body that is too large or of another type', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const large = await test.send('POST /iam/identity/token', { headers, body: 'x'.repeat(70_000) });
    expect(large).toMatchObject({ statusCode: 413 });
    const typed = await test.send('POST /iam/identity/token', {
      headers: { 'content-type': 'text/plain' },
      body: 'grant_type=x',
    });
    expect(typed).toMatchObject({ statusCode: 415 });
  });

  it('names the issuer as the configuration would', () => {
    expect(test.iam?.issuer).toMatchObject({ key: 'dev', issuer: `${PUBLIC_URL}/iam`, audience: PUBLIC_URL });
  });
});
