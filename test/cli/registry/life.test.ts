/** How long the credentials of the commands and the helper live, at a whole deployment with its IAM. */

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { serve as serveHelper } from '../../../cli/helper/serve.ts';
import { chosenTarget, withTarget } from '../../../cli/home.ts';
import { parseCredential, readCredentialBody } from '../../../lib/domain/credential.ts';
import { Secret } from '../../../lib/domain/secret.ts';
import { ALICE } from '../../support/deployment.ts';
import { CaptureServer, reply } from '../support/capture.ts';
import { logInAs, served, useServed } from '../support/served.ts';
import { shell, useShell } from '../support/setup.ts';

const HALF_A_DAY = 43_200;

let registry: CaptureServer;
useServed();
useShell();
beforeAll(async () => {
  registry = await CaptureServer.open(() =>
    reply('401 Unauthorized', {
      'www-authenticate': `Bearer realm="${served.url}/oauth/token",service="localhost:5000"`,
    }),
  );
});
afterAll(() => registry.close());

const logIn = () => logInAs(ALICE, shell);

/** As when the access token was stored an hour ago, but for so many seconds; and the registry listens here. */
async function hasLeft(seconds: number): Promise<void> {
  await shell.home.update(state => {
    const target = chosenTarget(state, undefined);
    const services = target.services.map(service => ({ ...service, registry: registry.address }));
    if (target.login?.kind !== 'iam') throw new Error('This is no IAM login.');
    const expiresAt = Math.floor(Date.now() / 1000) + seconds;
    return withTarget(state, { ...target, services, login: { ...target.login, expiresAt } });
  });
}

const secondsOf = ({ expiresAt }: { expiresAt: string }) => (Date.parse(expiresAt) - Date.now()) / 1000;

describe('a login whose access token ends in a minute', () => {
  beforeEach(logIn);

  it.each<[life: string, seconds: number]>([
    ['12h', HALF_A_DAY],
    ['1h', 3600],
    ['10m', 600],
  ])('gives a credential that lives for the %s asked for', async (life, seconds) => {
    await shell.home.update(state => {
      const target = chosenTarget(state, undefined);
      if (target.login?.kind !== 'iam') throw new Error('This is no IAM login.');
      return withTarget(state, { ...target, login: { ...target.login, expiresAt: Date.now() / 1000 + 61 } });
    });
    const { code, stdout, stderr } = await shell.pullpass(['credential', '--expires-in', life]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(secondsOf(JSON.parse(stdout))).toBeGreaterThan(0.97 * seconds);
  });

  it('gives the helper a credential that outlives what builders remember', async () => {
    await hasLeft(61);
    const { code, stdout, stderr } = await shell.runs(serveHelper, ['get'], { input: registry.address });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { Secret: password } = JSON.parse(stdout);
    const { endsAt = 0 } = readCredentialBody(parseCredential(new Secret(password))?.body ?? '') ?? {};
    expect(endsAt - Date.now() / 1000).toBeGreaterThan(1800);
  });
});

describe('a registry token that ends in a few minutes', () => {
  beforeEach(async () => {
    const json = { access: 'push', expiresInSeconds: 300 };
    const { token } = (await served.deployment.as(ALICE)('POST /v1/tokens', { json })).json;
    await shell.pullpass(['login', '--url', served.url, '--token-stdin'], { input: token });
  });
  const WHY = 'instead of 1h: the registry token ends then, or this value of it after a rotation.';

  it.each(['json', 'docker-config', 'shell', 'kubelet'])(
    'shortens its credentials, which is said in every format: %s',
    async format => {
      const { code, stderr } = await shell.pullpass(['credential', '--format', format]);
      expect(code).toBe(0);
      expect(stderr).toMatch(/^warning: The credential is valid for (?:5m|4m 5\ds) instead of 1h: /);
      expect(stderr).toContain(WHY);
    },
  );
});
