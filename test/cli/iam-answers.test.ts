/** Logins at an issuer whose answers are not as the RFC has them: they succeed, and are renewed when they must be. */

import { describe, expect, it } from 'vitest';
import { chosenTarget } from '../../cli/home.ts';
import type { IamLogin } from '../../cli/login.ts';
import { shell, stub, useStub } from './support/setup.ts';
import { newTokens, TOKEN_ENDPOINT } from './support/stub.ts';

useStub();

async function logInWith(overrides: object): Promise<IamLogin & { readonly lifeSeconds: number }> {
  stub.replies[TOKEN_ENDPOINT] = () => ({ json: newTokens('first', overrides) });
  const variables = { PULLPASS_APIKEY: 'an-api-key' };
  const { code, stderr } = await shell.pullpass(['login', '--url', stub.url], { variables });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const { login } = chosenTarget(await shell.home.read(), undefined);
  if (login?.kind !== 'iam') throw new Error('This is no IAM login.');
  return { ...login, lifeSeconds: login.expiresAt - Date.now() / 1000 };
}

describe('a login', () => {
  it.for<[sentence: string, overrides: object, life: number]>([
    ['whose life is text', { expires_in: '1200' }, 1200],
    ['whose life is a fraction', { expires_in: 1199.5 }, 1199],
    ['whose life is absent', { expires_in: undefined }, 3600],
    ['whose life is negative', { expires_in: -1 }, 3600],
    ['whose life is null', { expires_in: null }, 3600],
  ])('%s is remembered for as long as it is valid', async ([, overrides, life]) => {
    const { lifeSeconds } = await logInWith(overrides);
    expect(Math.abs(lifeSeconds - life)).toBeLessThan(30);
  });

  it.each([
    { refresh_token: '' },
    { refresh_token: null },
    { refresh_token: undefined },
    { refresh_token: {} },
  ])('without a usable refresh token is remembered without one: %j', async overrides => {
    expect((await logInWith(overrides)).refreshToken).toBeNull();
  });

  it('keeps its refresh token when a renewal brings an empty one', async () => {
    await logInWith({ expires_in: 30 });
    stub.replies[TOKEN_ENDPOINT] = () => ({ json: newTokens('second', { refresh_token: '' }) });
    await shell.says('whoami');
    const { login } = chosenTarget(await shell.home.read(), undefined);
    expect(login?.kind === 'iam' && login.refreshToken?.reveal()).toBe('first-refresh-token');
  });

  it('at an issuer that does not know the path says so, and not that the API key is wrong', async () => {
    stub.replies[TOKEN_ENDPOINT] = () => ({ status: 404 });
    const variables = { PULLPASS_APIKEY: 'an-api-key' };
    const { code, stderr } = await shell.pullpass(['login', '--url', stub.url], { variables });
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `error: The issuer https://iam.example answered with status 404.\nAsk the operator of the deployment whether ${stub.url}/token is the token endpoint.\n`,
    });
  });
});
