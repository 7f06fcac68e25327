/** A partner with one registry token and the command: what it sees, how it rotates, and what it reads of an end. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { ALICE } from '../support/deployment.ts';
import type { Sent } from '../support/events.ts';
import { served, useServed } from './support/served.ts';
import { shell, useShell } from './support/setup.ts';

useServed();
useShell();
let token: string;
let id: string;

const alice = (line: string, sent?: Sent) => served.deployment.as(ALICE)(line, sent);
const statusOf = async (value: string) => (await served.deployment.logIn(value)).status;
const logIn = (value: string) =>
  shell.pullpass(['login', '--url', served.url, '--token-stdin'], { input: `${value}\n` });
const stateText = () => readFile(join(shell.directory, 'pullpass', 'state.json'), 'utf8');

beforeEach(async () => {
  const json = { description: 'partner', repositories: ['team-a/app'], nonExpiring: true, selfRotate: true };
  ({ token, id } = (await alice('POST /v1/tokens', { json })).json);
});

describe('a holder who has logged in', () => {
  beforeEach(async () => {
    expect((await logIn(token)).code).toBe(0);
  });

  it('is shown the token, by whoami and by token-show', async () => {
    for (const verb of ['whoami', 'token-show', 'token show']) {
      const text = await shell.says(...verb.split(' '));
      expect(text).toMatch(new RegExp(`^Token identifier +${id}$`, 'm'));
      expect(text).toMatch(/^Repositories +team-a\/app$/m);
      expect(text).toMatch(/^Rotation +by its holder, once an hour$/m);
      expect(text).not.toContain(token);
    }
    expect((await shell.json('whoami')).token).toMatchObject({ id, presented: 'value' });
    expect(await shell.json('token-show')).toMatchObject({ id, description: 'partner' });
  });

  it('rotates the token, and goes on with the new value, which its owner alone can read', async () => {
    const { code, stdout, stderr } = await shell.pullpass(['token-rotate', '--quiet']);
    const value = stdout.trim();
    expect([code, value]).toEqual([0, expect.stringMatching(/^plp_\w{87}$/)]);
    expect(stderr).toBe('The old value has ended: logins with it are refused.\n');
    expect([await statusOf(token), await statusOf(value)]).toEqual([401, 200]);
    expect(await shell.json('token-show')).toMatchObject({
      generation: 2,
      presented: 'value',
      previousValue: null,
    });
    const state = await stateText();
    expect([state.includes(value), state.includes(token)]).toEqual([true, false]);
    expect((await stat(join(shell.directory, 'pullpass', 'state.json'))).mode & 0o777).toBe(0o600);
  });

  it('keeps the old value for a grace that it asks for', async () => {
    const { stdout, stderr } = await shell.pullpass(['token-rotate', '--grace', '1h']);
    expect(stdout).toContain(`Token identifier   ${id}\n`);
    expect(stderr).toMatch(/^The old value works until \S+Z\.\n$/);
    expect(await statusOf(token)).toBe(200);
    expect(await shell.says('token-show')).toMatch(/^Old value +works until /m);
  });

  it('reads why it may not rotate', async () => {
    await shell.pullpass(['token-rotate']);
    const again = await shell.pullpass(['token-rotate']);
    expect([again.code, again.stderr]).toEqual([
      1,
      expect.stringContaining('A holder can rotate its token an hour after the last rotation.'),
    ]);
    await alice(`PATCH /v1/tokens/${id}`, { json: { selfRotate: false } });
    expect((await shell.pullpass(['token-rotate'])).stderr).toContain('rotated by its administrators');
  });

  it('reads that it has ended, why and when', async () => {
    const said = async () => (await shell.pullpass(['token-show'])).stderr;
    await alice(`PATCH /v1/tokens/${id}`, { json: { disabled: true } });
    expect(await said()).toMatch(
      /^error: The token was disabled \(\S+Z\)\.\nAn administrator can enable it again\./,
    );
    const { stderr } = await shell.pullpass(['whoami', '--output', 'json']);
    expect(JSON.parse(stderr).error).toMatchObject({ code: 'token-disabled', status: 401 });
    await alice(`PATCH /v1/tokens/${id}`, { json: { disabled: false, expiresInSeconds: 60 } });
    served.deployment.wait(60);
    expect(await said()).toMatch(
      /^error: The token has expired \(\S+Z\)\.\nAsk an administrator for another/,
    );
  });

  it('reads that an administrator has rotated it', async () => {
    await alice(`POST /v1/tokens/${id}/rotate`);
    const { code, stderr } = await shell.pullpass(['whoami']);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^error: A rotation has replaced this value of the token, which has ended \(\S+Z\)\.\nLog in with/,
    );
    const login = await logIn(token);
    expect([login.code, login.stderr]).toEqual([1, expect.stringContaining('A rotation has replaced')]);
  });

  it('loses no answer: a rotation that was not answered is asked for again', async () => {
    served.losesAnswerAt = '/v1/token/rotate';
    const { code, stdout } = await shell.pullpass(['token-rotate', '--quiet']);
    expect(code).toBe(0);
    expect([await statusOf(stdout.trim()), await statusOf(token)]).toEqual([200, 401]);
    expect((await alice(`GET /v1/tokens/${id}`)).json.generation).toBe(2);
  });
});

it('an administrator must name a token', async () => {
  const apiKey = await served.deployment.apiKeyOf(ALICE);
  await shell.pullpass(['login', '--url', served.url, '--apikey-stdin'], { input: apiKey });
  for (const verb of ['token-show', 'token-rotate']) {
    const { code, stderr } = await shell.pullpass([verb]);
    expect([code, stderr]).toEqual([2, expect.stringContaining('Name the identifier of a token')]);
  }
  expect(await shell.json('token-show', id)).toMatchObject({ id, selfRotate: true });
});
