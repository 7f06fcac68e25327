/** The programs as real processes, with their real time-outs. */

import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { formatRegistryToken } from '../../lib/domain/registry-token.ts';
import { Secret } from '../../lib/domain/secret.ts';
import { toRfc3339 } from '../../lib/domain/time.ts';
import { parseAwsAssertion } from '../../lib/iam/aws-assertion.ts';
import { CaptureServer, reply } from './support/capture.ts';
import { runProgram } from './support/program.ts';
import { shell, useShell } from './support/setup.ts';
import { Stub } from './support/stub.ts';

const ID = '01a1fde6-b720-7292-88d8-03b75b4a87b0';
const TOKEN = formatRegistryToken('dev:acme', ID, new Uint8Array(32).fill(1));
const AWS = {
  AWS_ACCESS_KEY_ID: 'ASIAIOSFODNN7EXAMPLE',
  AWS_SECRET_ACCESS_KEY: 's',
  AWS_EC2_METADATA_DISABLED: 'true',
};

let env: NodeJS.ProcessEnv;
useShell();
beforeEach(async () => {
  env = { HOME: shell.directory, PULLPASS_HOME: shell.home.directory, ...AWS };
});

it('pullpass logs in with AWS credentials from its environment', async () => {
  const stub = await Stub.deployment();
  const { code, stdout, stderr } = await runProgram('pullpass', ['login', '--url', stub.url, '--aws'], {
    env,
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^Logged in to /);
  await stub.close();
});

it('aws-proof prints an assertion, and exits with 2 for a wrong option', async () => {
  const { code, stdout, stderr } = await runProgram('aws-proof', ['--url', 'https://pullpass.example'], {
    env,
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(parseAwsAssertion(stdout.trimEnd(), Date.now()).host.name).toBe('sts.us-east-1.amazonaws.com');
  expect(await runProgram('aws-proof', ['--account', 'x'], { env })).toMatchObject({ code: 2, stdout: '' });
});

it.each([
  ['docker-credential-pullpass', 5_000],
  ['pullpass-kubelet-provider', 10_000],
])('%s gives up within %i ms when the broker does not answer', async (entry, limitMs) => {
  const mute = createServer(() => undefined);
  await new Promise<void>(resolve => mute.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(mute.address() as AddressInfo).port}`;
  const challenge = `Bearer realm="${url}/oauth/token",service="registry.example"`;
  const registry = await CaptureServer.open(() =>
    reply('401 Unauthorized', { 'www-authenticate': challenge }),
  );
  const services = [{ name: 'registry.example', registry: registry.address }];
  const login = { kind: 'registry-token', token: new Secret(TOKEN.reveal()) } as const;
  await shell.home.update(state => ({
    ...state,
    targets: [{ name: 'mute', url, services, issuer: null, login }],
  }));
  const tokenFile = join(shell.directory, 'token');
  await writeFile(tokenFile, TOKEN.reveal());
  const isHelper = entry === 'docker-credential-pullpass';
  const args = isHelper ? ['get'] : ['--url', url, '--registry', registry.address, '--token-file', tokenFile];
  const request = {
    apiVersion: 'credentialprovider.kubelet.k8s.io/v1',
    kind: 'CredentialProviderRequest',
    image: `${registry.address}/team-a/app`,
  };
  const start = performance.now();
  const outcome = await runProgram(entry, args, {
    env,
    input: isHelper ? registry.address : JSON.stringify(request),
  });
  expect(performance.now() - start).toBeLessThan(limitMs);
  expect(outcome).toMatchObject({ code: 1, stderr: expect.stringContaining('cannot be reached: no answer') });
  mute.closeAllConnections();
  mute.close();
  await registry.close();
});

it('thirty credential helpers at once are all answered', async () => {
  const stub = await Stub.deployment();
  const challenge = `Bearer realm="${stub.url}/oauth/token",service="registry.example"`;
  const registry = await CaptureServer.open(() =>
    reply('401 Unauthorized', { 'www-authenticate': challenge }),
  );
  const expiresAt = toRfc3339(Math.floor(Date.now() / 1000) + 3600);
  stub.replies['POST /v1/credentials'] = () => ({
    status: 201,
    json: {
      ...{ username: 'token', password: 'plc_k1.x', registry: registry.address, access: 'push' },
      ...{ repositories: null, expiresAt, refreshAfter: expiresAt },
    },
  });
  const services = [{ name: 'registry.example', registry: registry.address }];
  const login = { kind: 'registry-token', token: new Secret(TOKEN.reveal()) } as const;
  const targets = [{ name: 'here', url: stub.url, services, issuer: null, login }];
  await shell.home.update(state => ({ ...state, targets }));
  const helpers = Array.from({ length: 30 }, () =>
    runProgram('docker-credential-pullpass', ['get'], { env, input: registry.address }),
  );
  for (const { code, stdout } of await Promise.all(helpers)) {
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('plc_k1.x') });
  }
  await Promise.all([stub.close(), registry.close()]);
});
