/** Credentials vended with an IAM login: through which proof, after which renewal, and what is said when they end early. */

import { beforeEach, describe, expect, it } from 'vitest';
import { chosenTarget, withTarget } from '../../../cli/home.ts';
import type { IamLogin } from '../../../cli/login.ts';
import { Secret } from '../../../lib/domain/secret.ts';
import { shell, stub, useStub } from '../support/setup.ts';
import {
  CREDENTIAL_TIMES,
  newTokens,
  type StubAnswer,
  type StubRequest,
  TOKEN_ENDPOINT,
} from '../support/stub.ts';

const HOUR = 3600;
const VEND = 'POST /v1/credentials';

/** How long the access tokens of the issuer live. */
let issuedFor: number;
/** The refresh tokens that the deployment does not accept, and how it says so. */
let refused: { readonly tokens: readonly string[]; readonly status: number };

useStub(() => ({ [VEND]: vended }));
beforeEach(async () => {
  issuedFor = HOUR;
  refused = { tokens: [], status: 401 };
  const { code } = await shell.pullpass(['login', '--url', stub.url], {
    variables: { PULLPASS_APIKEY: 'k' },
  });
  expect(code).toBe(0);
  let renewals = 0;
  stub.replies[TOKEN_ENDPOINT] = () => {
    renewals += 1;
    return { json: newTokens(`renewed-${renewals}`, { expires_in: issuedFor }) };
  };
});

const proofIn = ({ headers }: StubRequest) =>
  Buffer.from(String(headers.authorization).slice('Basic '.length), 'base64').toString();

/** As a deployment does it: a credential ends with an access token, and not with a refresh token. */
function vended(request: StubRequest): StubAnswer {
  const { expiresInSeconds, access } = JSON.parse(request.body);
  const [userName, secret = ''] = proofIn(request).split(':');
  if (refused.tokens.includes(secret)) return { status: refused.status, json: { detail: 'No.' } };
  const life =
    userName === 'iamrefresh' ? expiresInSeconds : Math.min(expiresInSeconds, lives.get(secret) ?? issuedFor);
  const credential = { username: 'token', password: 'plc_k1.a', registry: 'registry.example:5000', access };
  return {
    status: 201,
    headers: { 'pullpass-expires-in': String(life) },
    json: { ...credential, repositories: null, ...CREDENTIAL_TIMES },
  };
}

/** The lives of access tokens that differ from the others. */
const lives = new Map<string, number>();

/** Changes the login that is stored. */
async function loginIs(change: Partial<IamLogin>, secondsLeft: number): Promise<void> {
  await shell.home.update(state => {
    const target = chosenTarget(state, undefined);
    if (target.login?.kind !== 'iam') throw new Error('This is no IAM login.');
    const login = { ...target.login, expiresAt: Math.floor(Date.now() / 1000) + secondsLeft, ...change };
    lives.set(login.accessToken.reveal(), secondsLeft);
    return withTarget(state, { ...target, login });
  });
}

/** The proofs that the deployment got for credentials, and what the command said. */
async function credential(
  life: string,
): Promise<{ proofs: string[]; warning: string; renewals: number; code: number }> {
  const before = stub.requests.length;
  const { code, stderr } = await shell.pullpass(['credential', '--expires-in', life]);
  const requests = stub.requests.slice(before);
  return {
    code,
    warning: stderr,
    proofs: requests.filter(({ line }) => line === VEND).map(proofIn),
    renewals: requests.filter(({ line }) => line === TOKEN_ENDPOINT).length,
  };
}

describe('an access token', () => {
  it.for<[sentence: string, left: number, life: string]>([
    ['a whole hour', HOUR, '1h'],
    ['almost the hour that is asked for', HOUR - 60, '1h'],
    ['the ten minutes that are asked for', 700, '10m'],
  ])('that has %s left is used as it is', async ([, left, life]) => {
    await loginIs({}, left);
    expect(await credential(life)).toEqual({
      code: 0,
      warning: '',
      proofs: ['iambearer:first-access-token'],
      renewals: 0,
    });
  });

  it.for<[left: number, life: string]>([
    [68, '1h'],
    [1800, '1h'],
    [61, '90s'],
    [30, '1m'],
    [-10, '1h'],
  ])('with %i seconds left is renewed for a credential of %s', async ([left, life]) => {
    await loginIs({}, left);
    expect(await credential(life)).toEqual({
      code: 0,
      warning: '',
      proofs: ['iambearer:renewed-1-access-token'],
      renewals: 1,
    });
  });
});

describe('the refresh token is sent, after the login was renewed with it,', () => {
  it('for a credential that lives longer than any access token', async () => {
    expect(await credential('12h')).toEqual({
      code: 0,
      warning: '',
      proofs: ['iamrefresh:first-refresh-token'],
      renewals: 1,
    });
  });

  it('when the access tokens of the issuer live for less than is asked for', async () => {
    issuedFor = 1200;
    await loginIs({}, 68);
    expect(await credential('1h')).toMatchObject({ warning: '', proofs: ['iamrefresh:first-refresh-token'] });
    expect(await credential('20m')).toMatchObject({ proofs: ['iambearer:renewed-1-access-token'] });
  });

  it('without a renewal when the access token has no audience', async () => {
    const accessToken = new Secret('e30.e30.c2ln');
    await loginIs({ accessToken }, 68);
    expect(await credential('12h')).toEqual({
      code: 0,
      warning: '',
      proofs: ['iamrefresh:first-refresh-token'],
      renewals: 0,
    });
  });
});

describe('a deployment that refuses the refresh token, which its issuer accepts once,', () => {
  const ENDS =
    'the access token of your login ends then, and the deployment does not accept its refresh token';
  const WARNING = `warning: The credential is valid for 1h instead of 12h: ${ENDS}.\n`;

  it('gets the new access token instead, and no refresh token again', async () => {
    refused = { tokens: ['first-refresh-token'], status: 401 };
    const [first, second] = ['renewed-1-access-token', 'renewed-2-access-token'];
    expect(await credential('12h')).toEqual({
      code: 0,
      warning: WARNING,
      proofs: ['iamrefresh:first-refresh-token', `iambearer:${first}`],
      renewals: 1,
    });
    expect(await credential('12h')).toEqual({
      code: 0,
      warning: WARNING,
      proofs: [`iambearer:${second}`],
      renewals: 1,
    });
    await shell.pullpass(['login'], { variables: { PULLPASS_APIKEY: 'k' } });
    expect((await credential('12h')).proofs).toEqual([expect.stringMatching(/^iambearer:/)]);
  });

  it('leaves the login with its new refresh token, which was sent nowhere', async () => {
    refused = { tokens: ['first-refresh-token'], status: 401 };
    await credential('12h');
    const { login } = chosenTarget(await shell.home.read(), undefined);
    expect(login?.kind === 'iam' && login.refreshToken?.reveal()).toBe('renewed-1-refresh-token');
    expect(stub.received).not.toContain('renewed-1-refresh-token');
  });

  it('for the moment only, because its issuer does not answer, gets one the next time', async () => {
    refused = { tokens: ['first-refresh-token'], status: 503 };
    expect(await credential('12h')).toMatchObject({ code: 0, warning: WARNING });
    expect((await credential('12h')).proofs).toEqual(['iamrefresh:renewed-1-refresh-token']);
  });

  it('for another reason is not asked a second time', async () => {
    refused = { tokens: ['first-refresh-token'], status: 403 };
    expect(await credential('12h')).toMatchObject({ code: 1, proofs: ['iamrefresh:first-refresh-token'] });
  });
});

describe('a login that cannot be renewed', () => {
  it.for<[sentence: string, reply: () => StubAnswer | undefined, why: string]>([
    ['because the IAM refuses', () => ({ status: 400 }), 'the IAM refuses to renew it'],
    [
      'because the IAM does not answer',
      () => undefined,
      'it cannot be renewed (URL cannot be reached: the connection was closed.)',
    ],
    [
      'because the IAM fails',
      () => ({ status: 500 }),
      'it cannot be renewed (The issuer https://iam.example answered with status 500.)',
    ],
  ])('%s vends for as long as it lasts, and says so', async ([, reply, why]) => {
    await loginIs({}, 68);
    stub.replies[TOKEN_ENDPOINT] = reply;
    const said = why.replace('URL', stub.url);
    expect(await credential('1h')).toMatchObject({
      code: 0,
      proofs: ['iambearer:first-access-token'],
      warning: `warning: The credential is valid for 1m 8s instead of 1h: the access token of your login ends then, and ${said}.\n`,
    });
  });

  it('because there is no refresh token says so', async () => {
    await loginIs({ refreshToken: null }, 700);
    expect(await credential('12h')).toEqual({
      code: 0,
      proofs: ['iambearer:first-access-token'],
      renewals: 0,
      warning:
        'warning: The credential is valid for 11m 40s instead of 12h: the access token of your login ends then, and the IAM gave no refresh token to renew it with.\n',
    });
  });

  it('and has ended vends nothing', async () => {
    await loginIs({}, 5);
    stub.replies[TOKEN_ENDPOINT] = () => ({ status: 400 });
    const { code, warning, proofs } = await credential('1h');
    expect({ code, proofs }).toEqual({ code: 1, proofs: [] });
    expect(warning).toContain(`The login to ${stub.url} has ended.`);
  });
});

it('a warning is JSON where output is', async () => {
  await loginIs({ refreshToken: null }, 68);
  const { stderr } = await shell.pullpass(['credential', '--output', 'json']);
  expect(JSON.parse(stderr)).toEqual({
    warning: { message: expect.stringContaining('valid for 1m 8s instead of 1h') },
  });
});
