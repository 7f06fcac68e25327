/** Credential formats that are answers of protocols: read by the AWS SDK, kubelet's Go type, docker and skopeo. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { ECRClient, GetAuthorizationTokenCommand } from '@aws-sdk/client-ecr';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { ClientName } from './support/clients/client.ts';
import { PROGRAMS } from './support/clients/programs.ts';
import { vended } from './support/credentials.ts';
import { newDirectory, removeDirectory } from './support/directories.ts';
import { expectSuccess } from './support/expect.ts';
import { run } from './support/processes.ts';
import { tool } from './support/tools.ts';
import { CONTAINERS_AUTH, DOCKER_CONFIG, useWorld } from './support/world.ts';

const GO_MS = 150_000;

describe('a credential', () => {
  const world = useWorld({ registries: [{ kind: 'distribution 2.8', service: { name: 'shop' } }] });

  describe('as ecr', () => {
    /** What the SDK of AWS makes of the answer. */
    async function asked(body: string) {
      const server = createServer((_, response) => response.end(body)).listen(0, '127.0.0.1');
      await once(server, 'listening');
      onTestFinished(() => void server.close());
      const client = new ECRClient({
        endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        region: 'eu-central-1',
        credentials: { accessKeyId: 'unused', secretAccessKey: 'unused' },
      });
      onTestFinished(() => client.destroy());
      const { authorizationData = [] } = await client.send(new GetAuthorizationTokenCommand({}));
      return authorizationData;
    }

    it('is read by the AWS SDK, and its password logs docker in', async () => {
      const { reference } = await world().pushed('team-a/ecr');
      const before = Date.now();
      const [data, ...others] = await asked(await vended(world(), { format: 'ecr', expiresInSeconds: 600 }));
      const { authorizationToken = '', expiresAt, proxyEndpoint = '' } = data ?? {};
      expect(others).toEqual([]);
      expect(expiresAt).toBeInstanceOf(Date);
      const life = ((expiresAt?.getTime() ?? 0) - before) / 1000;
      expect(life).toBeGreaterThan(595);
      expect(life).toBeLessThan(610);

      const [user = '', password = ''] = Buffer.from(authorizationToken, 'base64').toString().split(':');
      const docker = await world().client('docker');
      expectSuccess(await docker.login(proxyEndpoint, user, password));
      expectSuccess(await docker.pull(reference));
    });
  });

  describe('as kubelet', () => {
    let reader: string;

    beforeAll(async () => {
      const directory = await newDirectory('kubelet');
      reader = join(directory, 'reader');
      const cwd = join(import.meta.dirname, 'support', 'kubelet-reader');
      const options = { cwd, env: process.env, timeoutMs: GO_MS };
      expectSuccess(await run(tool('go'), ['build', '-o', reader, '.'], options));
      return () => removeDirectory(directory);
    }, GO_MS);

    const read = (text: string) => run(reader, [], { env: {}, input: text });

    it.each([
      ['the registry', {}, 'Registry'],
      ['the image', { repositories: ['team-a/app', 'team-a/web/*'] }, 'Image'],
    ])('is the Go type of the kubelet, remembered for %s', async (_, wish, cacheKeyType) => {
      const text = await vended(world(), { format: 'kubelet', expiresInSeconds: 600, ...wish });
      const result = await read(text);
      expectSuccess(result);
      const { address } = world().registry;
      const { cacheDuration, ...understood } = JSON.parse(result.output);
      expect(understood).toEqual({
        apiVersion: 'credentialprovider.kubelet.k8s.io/v1',
        kind: 'CredentialProviderResponse',
        cacheKeyType,
        auth: { [address]: { username: 'token', password: expect.stringMatching(/^plc_/) } },
      });
      // Go spells a duration as 5m12s; the shape was asked for ten minutes.
      const [, minutes, seconds] = /^(\d)m(\d{1,2})s$/.exec(cacheDuration) ?? [];
      const remembered = Number(minutes) * 60 + Number(seconds);
      expect(remembered).toBeGreaterThanOrEqual(300);
      expect(remembered).toBeLessThanOrEqual(480);
    });

    it('is read by the Go type of the kubelet, strictly', async () => {
      const good = await vended(world(), { format: 'kubelet' });
      for (const bad of [
        good.replace('cacheKeyType', 'cacheKeytype'),
        good.replace(/"\d+s"/, '"soon"'),
        good.replace('/v1"', '/v3"'),
      ]) {
        expect((await read(bad)).code).toBe(1);
      }
    });
  });

  it.each<[ClientName, string]>([
    ['docker', DOCKER_CONFIG],
    ['crane', DOCKER_CONFIG],
    ['skopeo', CONTAINERS_AUTH],
  ])('as credential-helper is what %s wants to hear from a helper', async (name, path) => {
    const { reference } = await world().pushed(`team-a/helper/${name}`);
    const { address } = world().registry;
    const place = await world().place(name, {
      'answer.json': await vended(world(), { format: 'credential-helper' }),
      'bin/docker-credential-fixed': '#!/bin/sh\nread -r server\nexec cat "$HOME/answer.json"\n',
      [path]: JSON.stringify({ credHelpers: { [address]: 'fixed' } }),
    });
    const env = { ...place.env, PATH: `${join(place.home, 'bin')}:${place.env.PATH}` };
    const client = await PROGRAMS[name]({ ...place, env });

    expectSuccess(await client.pull(reference));
  });
});
