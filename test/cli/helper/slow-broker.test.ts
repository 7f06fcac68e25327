/** The credential helper ends in time when the deployment hangs or another helper was killed. */
import { writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, type TestContext } from 'vitest';
import { serve } from '../../../cli/helper/serve.ts';
import type { Timeouts } from '../../../cli/io.ts';
import { Secret } from '../../../lib/domain/secret.ts';
import { CaptureServer, reply } from '../support/capture.ts';
import { QUICK, Shell } from '../support/shell.ts';
import { CREDENTIAL_TIMES, newTokens, Stub } from '../support/stub.ts';

/** How a broker may fail to answer, whose issuer is itself. */
const MUTE: Readonly<Record<string, (request: IncomingMessage, response: ServerResponse) => void>> = {
  'accepts and never answers': () => undefined,
  drips(_, response) {
    response.writeHead(201, { 'content-type': 'application/json' });
    const drip = setInterval(() => response.write(' '), 5);
    response.on('close', () => clearInterval(drip));
  },
  'takes its time with every answer'(request, response) {
    const answers: Readonly<Record<string, [status: number, json: object]>> = {
      '/token': [200, newTokens('second')],
      '/v1/credentials': [403, { code: 'wider-than-parent' }],
    };
    const [status, json] = answers[request.url ?? ''] ?? [404, {}];
    setTimeout(() => response.writeHead(status).end(JSON.stringify(json)), 40);
  },
  'breaks off': (_, response) => void response.destroy(),
};

/** A user whose login to the broker has to be renewed, and whose registry answers. */
async function userOf(
  url: string,
  { onTestFinished }: TestContext,
): Promise<{ user: Shell; registry: string }> {
  const asking = { 'www-authenticate': `Bearer realm="${url}/oauth/token",service="registry.example"` };
  const registry = await CaptureServer.open(() => reply('401 Unauthorized', asking));
  const user = await Shell.open();
  onTestFinished(async () => {
    await Promise.all([user.close(), registry.close()]);
  });
  const login = {
    kind: 'iam',
    accessToken: new Secret('an-access-token'),
    expiresAt: 1,
    refreshToken: new Secret('a-refresh-token'),
  } as const;
  const issuer = { key: 'dev', issuer: 'https://iam.example', tokenEndpoint: `${url}/token`, clientId: null };
  const services = [{ name: 'registry.example', registry: registry.address }];
  await user.home.update(state => ({ ...state, targets: [{ name: 'mute', url, services, issuer, login }] }));
  return { user, registry: registry.address };
}

/** A fiftieth of the real ones. */
const TIGHT: Timeouts = { ...QUICK, requestMs: 50, registryMs: 500, totalMs: 90 };

describe.concurrent('a broker that', () => {
  it.for(Object.keys(MUTE))('%s is given up in time, with a clear message', async (kind, test) => {
    const broker = createServer((request, response) => {
      request.resume().on('error', () => undefined);
      MUTE[kind]?.(request, response);
    });
    await new Promise<void>(resolve => broker.listen(0, '127.0.0.1', resolve));
    test.onTestFinished(() => {
      broker.closeAllConnections();
      broker.close();
    });
    const url = `http://127.0.0.1:${(broker.address() as AddressInfo).port}`;
    const { user, registry } = await userOf(url, test);

    const start = performance.now();
    const { code, stdout, stderr } = await user.runs(serve, ['get'], { input: registry, timeouts: TIGHT });
    expect(performance.now() - start).toBeLessThan(2_000);
    expect(code).toBe(1);
    expect(stdout).toMatch(new RegExp(`^(?:${url} cannot be reached: |It took longer than 0\\.09 s\\.)`));
    expect(stderr).toBe(`docker-credential-pullpass: ${stdout}`);
  });
});

describe('a lock that a killed helper has left behind', () => {
  it('delays the next helper, and does not stop it', async test => {
    const password = {
      username: 'token',
      password: 'plc_k1.x',
      registry: '',
      access: 'push',
      repositories: null,
    };
    const broker = await Stub.deployment({
      'POST /v1/credentials': () => ({
        status: 201,
        json: { ...password, ...CREDENTIAL_TIMES },
      }),
    });
    test.onTestFinished(() => broker.close());
    const { user, registry } = await userOf(broker.url, test);
    await writeFile(join(user.home.directory, 'renewal.lock.1'), '');

    const { code, stdout } = await user.runs(serve, ['get'], {
      input: registry,
      timeouts: { ...QUICK, requestMs: 300 },
    });
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining('plc_k1.x') });
  });
});
