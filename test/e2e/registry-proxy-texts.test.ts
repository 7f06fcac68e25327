/** What each client prints at the registry proxy when something is wrong. */
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { expectRefusal, expectSuccess } from './support/expect.ts';
import { CLIENTS } from './support/matrix/programs.ts';
import { useProxy } from './support/matrix/proxy.ts';
import { PROXY_TEXTS, type ProxyTexts } from './support/matrix/proxy-texts.ts';
import type { User } from './support/matrix/user.ts';
import type { Result } from './support/processes.ts';
import type { NewToken } from './support/pullpass.ts';

const proxy = useProxy('distribution with a password');
const SHORT_SECONDS = 60;
/** A client that waits for tomorrow does not print anything in this time. */
const WAITING_MS = 8_000;
/** How long a registry that does not answer is left alone. */
const OPEN_MS = 10_500;

const users = new Map<string, User>();
let expiring: { readonly token: NewToken; readonly endMs: number };
beforeAll(async () => {
  const token = await proxy().world.pullpass.addToken({ expiresInSeconds: SHORT_SECONDS });
  expiring = { token, endMs: Date.now() + SHORT_SECONDS * 1000 };
  for (const [name, client] of clients()) {
    const user = await proxy().user(client);
    await proxy().fill(user, client, '1.0.0');
    users.set(name, user);
  }
  await proxy().put('team-a/limited', {});
}, 120_000);

function clients() {
  return CLIENTS.filter(({ name }) => name in PROXY_TEXTS).map(client => [client.name, client] as const);
}

const NAMES = Object.entries<ProxyTexts>(PROXY_TEXTS);
const userOf = (name: string) => users.get(name) as User;
const own = { tag: '1.0.0' };

/** Logs the client's user in with a new token. */
async function loggedIn(name: string, json: object = {}): Promise<NewToken> {
  const token = await proxy().world.pullpass.addToken(json);
  expectSuccess(await userOf(name).does('login', token.token));
  return token;
}

describe.each(NAMES)('%s', (name, texts) => {
  it('at repositories that the token does not allow, and at a tag that is not there', async () => {
    const { token } = await loggedIn(name, { repositories: ['team-a/*'] });
    const pull = (what: object) => userOf(name).does('pull', token, what);
    expectRefusal(await pull({ repository: 'team-b/app', ...own }), texts.repository);
    expectRefusal(await pull({ tag: '9.0.0' }), texts.tag);
  });

  it('at a push, and at once', async () => {
    const { token } = await loggedIn(name);
    const begun = Date.now();
    expectRefusal(await userOf(name).does('push', token, { tag: '2.0.0' }), texts.push);
    expect(Date.now() - begun).toBeLessThan(10_000);
  });

  it('after the token was removed', async () => {
    const { id, token } = await loggedIn(name);
    await proxy().world.pullpass.manage('DELETE', `/v1/tokens/${id}`);
    expectRefusal(await userOf(name).does('pull', token, own), texts.ended);
  });

  it('after the pulls of the day', async () => {
    const { token } = await loggedIn(name, { limits: { pullsPerDay: 1 } });
    expectSuccess(await userOf(name).does('pull', token, own));
    // docker keeps manifests, and asks for one that it has with HEAD alone.
    const another = name === 'helm 4' ? own : { repository: 'team-a/limited', tag: 'v1' };
    const timeoutMs = texts.limit === undefined ? WAITING_MS : 60_000;
    const result: Result = await userOf(name).does('pull', token, { ...another, timeoutMs });
    if (texts.limit === undefined) expect(result).toMatchObject({ code: null, timedOut: true });
    else expectRefusal(result, texts.limit);
  });
});

const ASKING = NAMES.filter(([, { login }]) => login !== undefined);

it.each(ASKING)('%s at a login with a wrong token', async (name, { login }) => {
  expectRefusal(await userOf(name).does('login', `plp_${'0'.repeat(87)}`), String(login));
});

it.each(ASKING)('%s at a login with a token that has expired', async (name, { login }) => {
  const { token, endMs } = expiring;
  await sleep(Math.max(0, endMs + 1000 - Date.now()));
  expectRefusal(await userOf(name).does('login', token.token), String(login));
});

it('each while the registry behind does not answer, and pulls when it does', async () => {
  const tokens = new Map<string, string>();
  for (const [name] of NAMES) tokens.set(name, (await loggedIn(name)).token);
  const pull = (name: string) => userOf(name).does('pull', tokens.get(name) ?? '', own);
  proxy().gate.isOpen = false;
  const results = await Promise.all(NAMES.map(([name]) => pull(name)));
  proxy().gate.isOpen = true;
  for (const [i, [, { down }]] of NAMES.entries()) expectRefusal(results[i] as Result, down);
  await sleep(OPEN_MS);
  for (const [name] of NAMES) expectSuccess(await pull(name));
});
