/** Logins with credentials: each is judged by its parent, as that is now. */

import { randomBytes } from 'node:crypto';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { createCredentials } from '../../lib/compose/credentials.ts';
import { createLogin } from '../../lib/compose/login.ts';
import { createKeyFile } from '../../lib/derivation/key-source.ts';
import { fileKeyStore } from '../../lib/signing/key-store.ts';
import { maintainRing } from '../../lib/signing/ring-rotation.ts';
import { claimsOf, grantOf } from '../support/claims.ts';
import { ALICE, MALLORY } from '../support/deployment.ts';
import { CONTEXT, eventOf, received, type Sent, textWithoutId } from '../support/events.ts';
import { eventsOf } from '../support/logs.ts';
import { audienceOf } from '../support/platforms.ts';
import { NOW, SERVICE } from '../support/records.ts';
import { alice, deployment, github, useDeployment, useGitHub } from '../support/setup.ts';

/** A token that pulls and pushes in `team-a` and `team-b`, and a credential of it that does too. */
let id: string;
let token: string;
let credential: string;

const REPOSITORIES = ['team-a/*', 'team-b/app'];
const SCOPE = 'repository:team-a/app:pull,push repository:team-b/app:pull,push'.replace(' ', '+');
const WHOLE = ['repository:team-a/app:pull,push', 'repository:team-b/app:pull,push'];

useGitHub();
useDeployment(() => ({ issuers: [github.entry] }));
beforeEach(async () => {
  for (const name of ['team-a', 'team-b']) await alice(`PUT /v1/namespaces/${name}`);
  const json = { access: 'push', repositories: REPOSITORIES };
  ({ id, token } = (await alice('POST /v1/tokens', { json })).json);
  credential = await vend({ bearer: token }, { access: 'push' });
});

async function vend(sent: Sent, json: object = {}): Promise<string> {
  const answer = await deployment.send('POST /v1/credentials', { json, ...sent });
  expect(answer.status, answer.text).toBe(201);
  return answer.json.password;
}
const patch = (json: object) => alice(`PATCH /v1/tokens/${id}`, { json });
const rotate = (json: object) => alice(`POST /v1/tokens/${id}/rotate`, { json });
const given = async (password = credential) => {
  const answer = await deployment.logIn(password, SCOPE);
  return answer.status === 200 ? grantOf(answer) : answer.status;
};

describe('a credential of a token', () => {
  it('gives what its token gives, in its name', async () => {
    expect(await given()).toEqual(WHOLE);
    expect(claimsOf(await deployment.logIn(credential)).sub).toBe(`token:${id}`);
  });

  it('is a use of its token', async () => {
    const long = await vend({ bearer: token }, { access: 'push', expiresInSeconds: 43_200 });
    deployment.wait(3 * 3600);
    expect(await given(long)).toEqual(WHOLE);
    const { lastUsedAt } = (await alice(`GET /v1/tokens/${id}`)).json;
    expect(Date.parse(lastUsedAt)).toBe(Math.floor(Date.now() / 1000) * 1000);
  });

  it('is refused once its token is removed', async () => {
    await alice(`DELETE /v1/tokens/${id}`);
    const answer = await deployment.logIn(credential);
    expect(answer.status).toBe(401);
    expect(eventsOf(deployment, answer)).toMatchObject([{ reason: `token ${id}, of a credential: removed` }]);
  });

  it('is refused once its token was rotated, and so is one of a grace that is over', async () => {
    await rotate({ graceSeconds: 100 });
    expect(await given()).toEqual(WHOLE);
    const graced = await vend({ bearer: token }, { expiresInSeconds: 3600 });
    deployment.wait(99);
    expect([await given(), await given(graced)]).toEqual([
      WHOLE,
      WHOLE.map(line => line.replace(',push', '')),
    ]);
    deployment.wait(1);
    expect([await given(), await given(graced)]).toEqual([401, 401]);
  });

  it('is refused at once where there is no grace, or one that was ended by force', async () => {
    const { json } = await rotate({ graceSeconds: 600 });
    const second = await vend({ bearer: json.token }, { access: 'push' });
    await rotate({ graceSeconds: 600, force: true });
    expect([await given(), await given(second)]).toEqual([401, WHOLE]);
    await rotate({ force: true });
    expect([await given(), await given(second)]).toEqual([401, 401]);
  });

  it('is refused while its token is disabled, and no longer', async () => {
    await patch({ disabled: true });
    expect(await given()).toBe(401);
    await patch({ disabled: false });
    expect(await given()).toEqual(WHOLE);
  });

  it('is refused once its token has expired, also if that was set later', async () => {
    await patch({ expiresInSeconds: 100 });
    expect((await deployment.logIn(credential)).json.expires_in).toBe(100);
    deployment.wait(70);
    expect((await deployment.logIn(credential)).json.expires_in).toBe(60);
    deployment.wait(30);
    expect(await given()).toBe(401);
  });

  it('ends by itself, to the second, and gives nothing that ends later', async () => {
    const short = await vend({ bearer: token }, { expiresInSeconds: 90 });
    expect((await deployment.logIn(short)).json.expires_in).toBe(90);
    deployment.wait(89);
    expect((await deployment.logIn(short)).json.expires_in).toBe(60);
    deployment.wait(1);
    expect((await deployment.logIn(short)).status).toBe(401);
    await patch({ nonExpiring: true });
    expect((await deployment.logIn(short)).status).toBe(401);
  });

  it('is narrowed with its token, and not widened with it', async () => {
    const pull = await vend({ bearer: token }, { repositories: ['team-a/app'] });
    await patch({ access: 'pull' });
    expect(await given()).toEqual(['repository:team-a/app:pull', 'repository:team-b/app:pull']);
    await patch({ repositories: ['team-a/other', 'team-b/*'] });
    expect([await given(), await given(pull)]).toEqual([['repository:team-b/app:pull'], []]);
    await patch({ access: 'push', repositories: null });
    expect([await given(), await given(pull)]).toEqual([WHOLE, ['repository:team-a/app:pull']]);
    const scope = 'repository:team-b/other:pull';
    expect(grantOf(await deployment.logIn(token, scope))).toEqual([scope]);
    expect(grantOf(await deployment.logIn(credential, scope))).toEqual([]);
  });

  it('gives nothing in a namespace that was released', async () => {
    await alice('DELETE /v1/namespaces/team-a');
    expect(await given()).toEqual(['repository:team-b/app:pull,push']);
  });

  it('asks for more namespaces than the first read has room for, as its token may', async () => {
    const many = Array.from({ length: 12 }, (_, i) => `team-${i}0/app`);
    for (const name of many) await alice(`PUT /v1/namespaces/${name.split('/')[0]}`);
    await patch({ repositories: null });
    const wide = await vend({ bearer: token });
    const scope = many.map(name => `repository:${name}:pull`).join('+');
    expect(grantOf(await deployment.logIn(wide, scope))).toHaveLength(12);
  });

  it('gets the same answer for every fault', async () => {
    const texts = new Set<string>();
    const refuse = async (password: string) => {
      const answer = await deployment.logIn(password);
      texts.add(textWithoutId(answer));
      return answer.status;
    };
    const flipped = credential.replace(/.$/, last => (last === 'A' ? 'B' : 'A'));
    const wrong = [flipped, credential.replace('plc_k1', 'plc_k2'), 'plc_', `${credential}A`];
    for (const password of wrong) expect(await refuse(password)).toBe(401);
    await patch({ disabled: true });
    expect(await refuse(credential)).toBe(401);
    await alice(`DELETE /v1/tokens/${id}`);
    expect(await refuse(credential)).toBe(401);
    deployment.wait(3600);
    expect(await refuse(credential)).toBe(401);
    texts.add(textWithoutId(await deployment.logIn(`plp_${'0'.repeat(87)}`)));
    expect(texts.size).toBe(1);
  });
});

describe('a credential of an identity', () => {
  it('gives what its policies give now, and nothing without any', async () => {
    const add = (json: object) => alice('POST /v1/policies', { json: { subject: 'mallory', ...json } });
    const writer = (await add({ role: 'writer', repositories: ['team-a/*'] })).json.id;
    const basic = ['iamapikey', await deployment.apiKeyOf(MALLORY)] as const;
    const password = await vend({ basic }, { access: 'push' });
    expect(await given(password)).toEqual(['repository:team-a/app:pull,push']);
    const reader = (await add({ role: 'reader' })).json.id;
    expect(await given(password)).toEqual(['repository:team-a/app:pull,push']);
    await alice(`DELETE /v1/policies/${writer}`);
    expect(await given(password)).toEqual(['repository:team-a/app:pull']);
    await alice(`DELETE /v1/policies/${reader}`);
    expect(await given(password)).toEqual([]);
    expect(await given(await vend({ basic: ['iamapikey', await deployment.apiKeyOf(ALICE)] }))).toEqual(
      WHOLE.map(line => line.replace(',push', '')),
    );
  });
});

describe('a credential of a workload', () => {
  const trust = async (json: object = {}) => {
    const claims = { repository_id: '74', repository_owner_id: '65' };
    return (await alice('POST /v1/trusts', { json: { issuer: 'github', claims, ...json } })).json.id;
  };
  const workload = (): Sent => {
    const now = Math.floor(Date.now() / 1000);
    const times = { iat: now - 5, nbf: now - 5, exp: now + 600 };
    return { basic: ['oidc', github.token({ aud: audienceOf('dev:acme'), ...times })] };
  };

  it('gives what is left of the trusts that it was vended by, and is refused without any', async () => {
    const trusts = [await trust({ repositories: ['team-a/*'] }), await trust({ repositories: ['team-b/*'] })];
    const password = await vend(workload());
    expect(await given(password)).toEqual(['repository:team-a/app:pull', 'repository:team-b/app:pull']);
    await alice(`DELETE /v1/trusts/${trusts[0]}`);
    expect(await given(password)).toEqual(['repository:team-b/app:pull']);
    const later = await trust();
    expect(await given(password)).toEqual(['repository:team-b/app:pull']);
    await alice(`DELETE /v1/trusts/${trusts[1]}`);
    expect(await given(password)).toBe(401);
    expect(await given(await vend(workload()))).toHaveLength(2);
    await alice(`DELETE /v1/trusts/${later}`);
  });
});

describe('a login with a credential', () => {
  const costOf = async (password: string) => {
    const before = deployment.wire.requests.length;
    expect((await deployment.logIn(password, SCOPE)).status).toBe(200);
    return deployment.wire.requests.slice(before).map(({ operation }) => operation);
  };

  it('is one read when its parent is a token', async () => {
    expect(await costOf(credential)).toEqual(['BatchGetItem']);
    const last = deployment.wire.requests.at(-1)?.body ?? '';
    for (const key of [`token#${id}`, 'revoked#', 'namespace#team-a']) expect(last).toContain(key);
  });

  it('is one read and one list when its parent is an identity', async () => {
    const password = await vend({ basic: ['iamapikey', await deployment.apiKeyOf(ALICE)] });
    expect(await costOf(password)).toEqual(['BatchGetItem', 'Query']);
  });

  it('reads nothing for what cannot be good', async () => {
    const flipped = credential.replace(/.$/, last => (last === 'A' ? 'B' : 'A'));
    const before = deployment.wire.requests.length;
    for (const password of [flipped, 'plc_', credential.replace('k1', 'k9')]) {
      expect((await deployment.logIn(password)).status).toBe(401);
    }
    expect(deployment.wire.requests.slice(before)).toEqual([]);
  });

  it('is 503 and never a grant while the store does not answer', async () => {
    deployment.wire.cut = () => true;
    const answer = await deployment.logIn(credential, SCOPE);
    deployment.wire.cut = () => false;
    expect(answer.status).toBe(503);
  });

  it('is 503 while the policies of its parent cannot be read', async () => {
    const password = await vend({ basic: ['iamapikey', await deployment.apiKeyOf(ALICE)] });
    deployment.wire.cut = ({ operation }) => operation === 'Query';
    const answer = await deployment.logIn(password, SCOPE);
    deployment.wire.cut = () => false;
    expect(answer.status).toBe(503);
  });
});

describe('a deployment', () => {
  /** The login function, started anew with these variables. */
  function started(environment: Readonly<Record<string, string | undefined>>) {
    const handler = createLogin(deployment.worldWith(environment));
    return async (line: string, password: string) =>
      received(await handler(eventOf(line, { basic: ['token', password] }), CONTEXT));
  }

  it('with several services takes a credential for its own alone', async () => {
    const second = { ...SERVICE, name: 'second', registry: 'second.example:8443' };
    const file = join(deployment.directory, 'services.json');
    const { name } = SERVICE;
    await writeFile(file, JSON.stringify([{ name }, { name: 'second', registry: second.registry }]));
    await maintainRing(second, fileKeyStore(join(deployment.directory, 'keys')), NOW);
    const send = started({ PULLPASS_SERVICES: file });
    const handler = createCredentials(deployment.worldWith({ PULLPASS_SERVICES: file }));
    const vendFor = async (json: object) =>
      received(await handler(eventOf('POST /v1/credentials', { bearer: token, json }), CONTEXT));
    expect((await vendFor({})).json).toMatchObject({ status: 400, code: 'unknown-service' });
    const { json } = await vendFor({ service: 'second' });
    expect(json.registry).toBe('second.example:8443');
    const logInAt = (service: string, password: string) =>
      send(`GET /oauth/token?service=${service}`, password);
    expect((await logInAt('second', json.password)).status).toBe(200);
    expect(claimsOf(await logInAt('second', json.password)).aud).toBe('second');
    const elsewhere = await logInAt(name, json.password);
    expect(elsewhere.status).toBe(401);
    expect(eventsOf(deployment, elsewhere)).toMatchObject([
      { reason: expect.stringMatching(/^credential [\w-]{22}: for another service$/) },
    ]);
    expect([(await logInAt(name, credential)).status, (await logInAt('second', credential)).status]).toEqual([
      200, 401,
    ]);
  });

  it('without an issuer takes nothing that was vended on its word', async () => {
    const basic = ['iamapikey', await deployment.apiKeyOf(ALICE)] as const;
    const now = Math.floor(Date.now() / 1000);
    const times = { iat: now - 5, nbf: now - 5, exp: now + 600 };
    const oidc = github.token({ aud: audienceOf('dev:acme'), ...times });
    const claims = { repository_id: '74', repository_owner_id: '65' };
    await alice('POST /v1/trusts', { json: { issuer: 'github', claims } });
    const passwords = [credential, await vend({ basic }), await vend({ basic: ['oidc', oidc] })];
    const file = join(deployment.directory, 'issuers.json');
    const issuers: { key: string }[] = JSON.parse(await readFile(file, 'utf8'));
    const without = async (key: string) => {
      const path = join(deployment.directory, `without-${key}.json`);
      await writeFile(path, JSON.stringify(issuers.filter(issuer => issuer.key !== key)));
      const send = started({
        PULLPASS_ISSUERS: path,
        ...(key === 'dev' ? { PULLPASS_ADMINISTRATORS: undefined } : {}),
      });
      return Promise.all(passwords.map(async one => (await send('GET /oauth/token', one)).status));
    };
    expect(await without('none')).toEqual([200, 200, 200]);
    expect(await without('github')).toEqual([200, 200, 401]);
    expect(await without('dev')).toEqual([200, 401, 200]);
  });

  it('with two credential keys still takes what the older one made, and nothing of a key that is gone', async () => {
    const file = join(deployment.directory, 'credential.json');
    const [{ key: k1 }] = JSON.parse(await readFile(file, 'utf8')).keys;
    const fresh = join(deployment.directory, 'fresh.json');
    await createKeyFile(fresh, randomBytes);
    const k2 = JSON.parse(await readFile(fresh, 'utf8')).keys.k1;
    const withKeys = async (named: object) => {
      await writeFile(fresh, JSON.stringify({ current: 'k2', keys: named }));
      await chmod(fresh, 0o600);
      const send = started({ PULLPASS_CREDENTIAL_KEY: `file:${fresh}` });
      return (await send('GET /oauth/token', credential)).status;
    };
    expect([await withKeys({ k1, k2 }), await withKeys({ k2 }), await withKeys({ k1: k2, k2 })]).toEqual([
      200, 401, 401,
    ]);
  });
});
