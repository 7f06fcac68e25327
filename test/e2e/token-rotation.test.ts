/** A rotation with `--wait` over `npm start`: it ends when the old value is silent, and says who still uses it. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Shell } from '../cli/support/shell.ts';
import { Pullpass } from './support/pullpass.ts';

let broker: Pullpass;
let administrator: Shell;
let partner: Shell;
beforeAll(async () => {
  [broker, administrator, partner] = await Promise.all([
    Pullpass.create().then(one => one.start()),
    Shell.open(),
    Shell.open(),
  ]);
  const { code, stderr } = await administrator.pullpass(['login', '--url', broker.url, '--apikey-stdin'], {
    input: await broker.administratorKey(),
  });
  expect(code, stderr).toBe(0);
});
afterAll(() => Promise.all([administrator.close(), partner.close(), broker.destroy()]));

async function logIn(token: string): Promise<void> {
  const authorization = `Basic ${Buffer.from(`token:${token}`).toString('base64')}`;
  const headers = { authorization, 'user-agent': 'docker/28.2.2' };
  expect((await fetch(`${broker.url}/oauth/token`, { headers })).status).toBe(200);
}

it('ends by itself when nothing uses the old value, for the partner who rotates it', async () => {
  const { token } = await administrator.json('token-add', '--self-rotate');
  const login = ['login', '--url', broker.url, '--token-stdin'];
  expect(await partner.pullpass(login, { input: token })).toMatchObject({ code: 0 });
  const { code, stderr } = await partner.pullpass(['token-rotate', '--grace', '1h', '--wait', '2s', '-q']);
  expect([code, stderr]).toEqual([0, 'The old value is silent: it was not used since the rotation.\n']);
});

it('says who uses the old value, and fails when it ends all the same', async () => {
  const { id, token } = await administrator.json('token-add');
  const [{ code, stderr }] = await Promise.all([
    administrator.pullpass(['token-rotate', id, '--grace', '6s', '--wait', '5s', '-q']),
    new Promise(resolve => setTimeout(resolve, 2000)).then(() => logIn(token)),
  ]);
  const used = /\S+Z from (?:127\.0\.0\.1|::1) by docker\/28\.2\.2/.source;
  expect(code).toBe(1);
  expect(stderr).toMatch(new RegExp(`^warning: The old value is still used: ${used} for \\S+\\.\n`));
  expect(stderr).toMatch(
    new RegExp(`error: The old value has ended, and may be missed where it was used: ${used}`),
  );
});
