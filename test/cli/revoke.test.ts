/** `pullpass revoke` against a whole deployment: the finder of a secret of ours ends it, and nothing else is sent anywhere. */
import { beforeEach, describe, expect, it } from 'vitest';
import { ALICE } from '../support/deployment.ts';
import { served, useServed } from './support/served.ts';
import { shell, useShell } from './support/setup.ts';

useServed();
useShell();
let token: string;
let id: string;
beforeEach(async () => {
  ({ token, id } = (await served.deployment.as(ALICE)('POST /v1/tokens', { json: {} })).json);
});

const revoke = (input: string, ...args: string[]) =>
  shell.pullpass(['revoke', '--stdin', '--url', served.url, ...args], { input });
const logIn = async (value: string) => (await served.deployment.logIn(value)).status;

describe('pullpass revoke', () => {
  it('disables a token without any login, and says what that means', async () => {
    const { code, stdout, stderr } = await revoke(`${token}\n`);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`Sent to ${served.url}. If it was the value of a token, the token is disabled`);
    expect(stdout).not.toContain(token);
    expect(await logIn(token)).toBe(401);
    expect((await served.deployment.as(ALICE)(`GET /v1/tokens/${id}`)).json.disabled).toBe(true);
  });
  it('ends a credential alone', async () => {
    const { password } = (await served.deployment.send('POST /v1/credentials', { bearer: token })).json;
    expect(JSON.parse((await revoke(password, '--output', 'json')).stdout)).toEqual({
      url: served.url,
      kind: 'credential',
    });
    expect([await logIn(password), await logIn(token)]).toEqual([401, 200]);
  });
  it('takes the deployment of the target, and succeeds again for what has ended', async () => {
    await shell.says('target-add', 'here', served.url);
    for (let i = 0; i < 2; i++) {
      expect((await shell.pullpass(['revoke', '--stdin'], { input: token })).code).toBe(0);
    }
    expect(await logIn(token)).toBe(401);
  });
  it.each([
    ['an API key', 'abcdefghijklmnopqrstuvwxyz'],
    ['a token that is cut off', 'plp_abc'],
    ['nothing', ''],
  ])('sends nothing for %s', async (_, input) => {
    const { code, stderr } = await revoke(input);
    expect(code).toBeGreaterThan(0);
    expect(stderr).toMatch(/^error: Standard input holds no /);
  });
  it('takes no secret from the command line', async () => {
    expect((await shell.pullpass(['revoke', '--url', served.url])).code).toBe(2);
    expect((await shell.pullpass(['revoke', token])).code).toBe(2);
  });
});
