/** The kubelet credential provider: its answers, its errors and its arguments. */

import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { VERSION } from '../../../cli/io.ts';
import { provide } from '../../../cli/kubelet/provide.ts';
import { formatRegistryToken } from '../../../lib/domain/registry-token.ts';
import { registry, shell, stub, useRegistry } from '../support/setup.ts';
import { type Outcome, QUICK } from '../support/shell.ts';
import { METADATA } from '../support/stub.ts';

const API_VERSION = 'credentialprovider.kubelet.k8s.io/v1';
const ID = '01a1fde6-b720-7292-88d8-03b75b4a87b0';
const TOKEN = formatRegistryToken('dev:acme', ID, new Uint8Array(32).fill(1)).reveal();
const SERVICE_ACCOUNT_TOKEN = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln';

let tokenFile: string;
/** What the registry names as its realm; undefined: the deployment. */
let realm: string | undefined;
/** Members of the deployment's answer that are not as they should be. */
let oddities: object;

useRegistry({
  replies: () => ({
    'POST /v1/credentials': () => ({ status: 201, json: { ...response(), ...oddities } }),
  }),
  realm: () => realm,
  others: [{ name: 'other.example', registry: 'other.example' }],
});
beforeEach(async () => {
  oddities = {};
  realm = undefined;
  tokenFile = join(shell.directory, 'token');
  await writeFile(tokenFile, `${TOKEN}\n`);
});

const response = () => ({
  apiVersion: API_VERSION,
  kind: 'CredentialProviderResponse',
  cacheKeyType: 'Registry',
  cacheDuration: '1800s',
  auth: { [registry.address]: { username: 'token', password: 'plc_k1.a' } },
});
const request = (overrides: object = {}) => ({
  apiVersion: API_VERSION,
  kind: 'CredentialProviderRequest',
  image: `${registry.address}/team-a/app`,
  ...overrides,
});
const args = (...more: string[]) => ['--url', stub.url, '--registry', registry.address, ...more];
const run = (given: readonly string[], input: object | string = request()): Promise<Outcome> =>
  shell.runs(provide, given, { input: typeof input === 'string' ? input : JSON.stringify(input) });

/** The request that the deployment got. */
function asked(): { authorization: string; body: unknown } {
  const [vend] = stub.requests.filter(({ line }) => line === 'POST /v1/credentials');
  const basic = String(vend?.headers.authorization).slice('Basic '.length);
  return { authorization: Buffer.from(basic, 'base64').toString(), body: JSON.parse(vend?.body ?? '{}') };
}

const ORDER = { format: 'kubelet', access: 'pull', service: 'registry.example', expiresInSeconds: 3600 };

describe('a pull credential', () => {
  it('is fetched with the registry token of the file', async () => {
    const { code, stdout, stderr } = await run(args('--token-file', tokenFile));
    expect({ code, stderr, answer: JSON.parse(stdout) }).toEqual({ code: 0, stderr: '', answer: response() });
    expect(asked()).toEqual({ authorization: `token:${TOKEN}`, body: ORDER });
  });

  it('is fetched with the service-account token of the request', async () => {
    const input = request({
      serviceAccountToken: SERVICE_ACCOUNT_TOKEN,
      serviceAccountAnnotations: { a: 'b' },
    });
    expect(await run(args(), input)).toMatchObject({ code: 0, stderr: '' });
    expect(asked()).toEqual({ authorization: `oidc:${SERVICE_ACCOUNT_TOKEN}`, body: ORDER });
  });

  it('is for the service that is named, without asking which', async () => {
    expect(await run(args('--token-file', tokenFile, '--service', 'registry.example'))).toMatchObject({
      code: 0,
    });
    expect(stub.lines).toEqual(['POST /v1/credentials']);
  });

  it.for([':v1', '@sha256:0', ':v1@sha256:0', '/web:v1', '/web@sha256:0'])(
    'is for an image however it is named: %s',
    async suffix => {
      const image = `${registry.address}/team-a/app${suffix}`;
      expect(await run(args('--token-file', tokenFile), request({ image }))).toMatchObject({ code: 0 });
    },
  );

  it('is for the registry in any spelling of --registry', async () => {
    const { address } = registry;
    for (const written of [`https://${address}`, `http://${address}/`, `${address}/v2/`, ` ${address} `]) {
      const given = ['--url', stub.url, '--registry', written, '--token-file', tokenFile];
      expect(await run(given), written).toMatchObject({ code: 0, stdout: expect.stringContaining('plc_') });
    }
  });

  it('has the key that the image is spelled with, which the kubelet compares byte for byte', async () => {
    const port = registry.address.split(':')[1];
    const services = [{ name: 'registry.example', registry: `localhost:${port}` }];
    stub.replies[METADATA] = () => ({ json: stub.metadata({ pullpass_services: services }) });
    const login = { username: 'token', password: 'plc_k1.a' };
    oddities = { auth: { [`localhost:${port}`]: login } };
    const given = ['--url', stub.url, '--registry', `LocalHost:${port}`, '--token-file', tokenFile];
    for (const host of [`localhost:${port}`, `LOCALHOST:${port}`]) {
      const { code, stdout } = await run(given, request({ image: `${host}/team-a/app` }));
      expect({ code, auth: JSON.parse(stdout).auth }).toEqual({ code: 0, auth: { [host]: login } });
    }
  });

  describe('of a caller whose repositories do not fit into one credential', () => {
    const advice = 'Name the repositories that it is for.';
    const tooLong = {
      status: 400,
      json: { code: 'invalid-request', detail: advice, errors: [{ path: 'repositories', message: advice }] },
    };
    const orders = () => stub.requests.map(({ body }) => body).filter(body => body !== '');

    it.each(['', ':v1', '@sha256:0', ':v1@sha256:0'])(
      'is for the image alone: team-a/app%s',
      async suffix => {
        stub.replies['POST /v1/credentials'] = ({ body }) =>
          JSON.parse(body).repositories === undefined ? tooLong : { status: 201, json: response() };
        const image = `${registry.address}/team-a/app${suffix}`;
        expect(await run(args('--token-file', tokenFile), request({ image }))).toMatchObject({
          code: 0,
          stderr: '',
        });
        expect(orders().map(body => JSON.parse(body))).toEqual([
          ORDER,
          { ...ORDER, repositories: ['team-a/app'] },
        ]);
      },
    );

    it.each(['app', 'Team-a/app', 'a/app', 'team-a/../app'])(
      'is not asked for when the image cannot be granted: %s',
      async name => {
        stub.replies['POST /v1/credentials'] = () => tooLong;
        const image = `${registry.address}/${name}`;
        expect(await run(args('--token-file', tokenFile), request({ image }))).toEqual({
          code: 1,
          stdout: '',
          stderr: `pullpass-kubelet-provider: The deployment refused the request: --repository ${advice}\n`,
        });
        expect(orders()).toHaveLength(1);
      },
    );

    it.each([401, 403, 503])('is not asked for again after status %i', async status => {
      stub.replies['POST /v1/credentials'] = () => ({ status, json: { detail: 'No.' } });
      expect(await run(args('--token-file', tokenFile))).toMatchObject({ code: 1, stdout: '' });
      expect(orders()).toHaveLength(1);
    });
  });

  it('is fetched for each registry of the list', async () => {
    const given = ['--url', stub.url, '--registry', `other.example,${registry.address}`];
    expect(await run([...given, '--token-file', tokenFile])).toMatchObject({ code: 0 });
  });
});

describe('an image of another registry', () => {
  it('gets an uncached response without a credential, and no request is sent', async () => {
    const [host = '', port = ''] = registry.address.split(':');
    const others = [
      ...['docker.io/library/app', 'app', '', host, `${host}/app`, `${host}:1/app`, `${host}:${port}0/app`],
      ...[`${registry.address}.evil/app`, `${registry.address}@evil/app`, `user@${registry.address}/app`],
      ...[
        `https://${registry.address}/app`,
        `evil/${registry.address}/app`,
        `${registry.address}`,
        `/${registry.address}`,
      ],
      ...[
        `${registry.address}0`,
        `${registry.address}@sha256:0`,
        `${registry.address}:v1`,
        `${registry.address}/`,
      ],
      ...[`localhost:${port}/app`, ` ${registry.address}/app`, `x.${registry.address}/app`],
    ].filter(image => image !== '');
    for (const image of others) {
      const { code, stdout, stderr } = await run(args('--token-file', tokenFile), request({ image }));
      expect({ code, stderr }, image).toEqual({ code: 0, stderr: '' });
      expect(JSON.parse(stdout)).toEqual({
        apiVersion: API_VERSION,
        kind: 'CredentialProviderResponse',
        cacheKeyType: 'Image',
        cacheDuration: '0s',
        auth: null,
      });
    }
    expect(stub.requests).toEqual([]);
    expect(registry.received).toBe('');
  });
});

describe('the kubelet is answered with an error', () => {
  it.for<[sentence: string, overrides: object]>([
    ['of another version', { apiVersion: 'credentialprovider.kubelet.k8s.io/v1beta1' }],
    ['of another kind', { kind: 'CredentialProviderResponse' }],
    ['without a version', { apiVersion: undefined }],
    ['without an image', { image: undefined }],
    ['whose image is no text', { image: 1 }],
    ['with a token that is no text', { serviceAccountToken: {} }],
  ])('when it makes a request %s', async ([, overrides]) => {
    const { code, stdout, stderr } = await run(args('--token-file', tokenFile), request(overrides));
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(`The request is not a CredentialProviderRequest of ${API_VERSION}.`);
  });

  it.each(['', '[]', '{', '{"image":"a","image":"b"}'])('when it says %s', async input => {
    expect(await run(args('--token-file', tokenFile), input)).toMatchObject({ code: 1, stdout: '' });
  });

  it.for<[sentence: string, overrides: () => object]>([
    ['is cached for all registries', () => ({ cacheKeyType: 'Global' })],
    ['is cached for longer than it lives', () => ({ cacheDuration: '3601s' })],
    ['has a duration that is none', () => ({ cacheDuration: 'forever' })],
    ['is cached for hours', () => ({ cacheDuration: '1800h' })],
    ['is for another registry', () => ({ auth: { 'other.example': response().auth[registry.address] } })],
    [
      'is for another registry as well',
      () => ({ auth: { ...response().auth, '*.example': { username: 'token', password: 'plc_k1.b' } } }),
    ],
    ['is for none', () => ({ auth: {} })],
    ['is no credential', () => ({ auth: { [registry.address]: { username: 'token', password: TOKEN } } })],
    [
      'is for another user name',
      () => ({ auth: { [registry.address]: { username: 'x', password: 'plc_k1.a' } } }),
    ],
    ['has a member that the kubelet does not know', () => ({ more: true })],
    ['is of another version', () => ({ apiVersion: 'credentialprovider.kubelet.k8s.io/v2' })],
  ])('when what the deployment vends %s', async ([, overrides]) => {
    oddities = overrides();
    const { code, stdout, stderr } = await run(args('--token-file', tokenFile));
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(`did not answer with a credential for ${registry.address}`);
  });

  it('when the registry sends its clients elsewhere', async () => {
    realm = 'http://127.0.0.1:1';
    const { code, stdout, stderr } = await run(args('--token-file', tokenFile));
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('has the realm "http://127.0.0.1:1/oauth/token"');
  });

  it('when the deployment does not serve the registry, or there is no valid token', async () => {
    stub.replies[METADATA] = () => ({ json: stub.metadata() });
    expect((await run(args('--token-file', tokenFile))).stderr).toContain(
      `does not serve ${registry.address}`,
    );
    expect((await run(args())).stderr).toContain(
      'The request has no service-account token. Set "tokenAttributes"',
    );
    await writeFile(tokenFile, 'plc_x');
    expect((await run(args('--token-file', tokenFile))).stderr).toContain('holds no registry token');
    expect((await run(args('--token-file', `${tokenFile}.x`))).stderr).toContain('cannot be read');
    expect(stub.lines).not.toContain('POST /v1/credentials');
  });

  it('in time when the deployment does not answer', async () => {
    const mute = createServer(() => undefined);
    await new Promise<void>(resolve => mute.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(mute.address() as AddressInfo).port}`;
    const given = ['--url', url, '--registry', registry.address, '--token-file', tokenFile];
    const input = JSON.stringify(request());
    expect(await shell.runs(provide, given, { input, timeouts: { ...QUICK, requestMs: 50 } })).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('cannot be reached: no answer within 0.05 s'),
    });
    mute.closeAllConnections();
    mute.close();
  });
});

describe('an image at an IPv6 address', () => {
  it('gets a credential under the address as it is spelled', async () => {
    const ipv6 = createServer((_, response) => {
      const challenge = `Bearer realm="${stub.url}/oauth/token",service="registry.example"`;
      response.writeHead(401, { 'www-authenticate': challenge }).end();
    });
    await new Promise<void>(resolve => ipv6.listen(0, '::1', resolve));
    const { port } = ipv6.address() as AddressInfo;
    const services = [{ name: 'registry.example', registry: `[::1]:${port}` }];
    stub.replies[METADATA] = () => ({ json: stub.metadata({ pullpass_services: services }) });
    const login = { username: 'token', password: 'plc_k1.a' };
    oddities = { auth: { [`[::1]:${port}`]: login } };
    const given = ['--url', stub.url, '--registry', `[::1]:${port}`, '--token-file', tokenFile];
    for (const host of [`[::1]:${port}`, `[0:0:0:0:0:0:0:1]:${port}`]) {
      const { code, stdout, stderr } = await run(given, request({ image: `${host}/team-a/app:v1` }));
      expect({ code, stderr, auth: JSON.parse(stdout).auth }).toEqual({
        code: 0,
        stderr: '',
        auth: { [host]: login },
      });
    }
    ipv6.close();
  });
});

describe('the arguments', () => {
  it.each(['--help', '-h'])('%s shows the usage on standard output', async option => {
    const { code, stdout, stderr } = await run([option], '');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^usage: pullpass-kubelet-provider/);
  });
  it.each(['--version', '-V'])('%s shows the version', async option => {
    const { code, stdout } = await run([option], '');
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: `pullpass-kubelet-provider (pullpass) v${VERSION}\n`,
    });
  });
  it.for([
    ['*.example.com', 'patterns such as *.example.com belong into matchImages'],
    ['registry.example.com/team-a', 'a registry has no path; name repositories in matchImages'],
    ['https://registry.example.com/v2/team-a', 'a registry has no path'],
    ['registry.example.com:70000', 'a port from 1 to 65535'],
    ['registry.example.com:', 'a host, or a host and a port'],
    ['registry.example.com:v1', 'a host, or a host and a port'],
    ['::1', 'a host, or a host and a port'],
    ['[::1]', 'only with its port'],
    ['registry', 'the image registry/app is one of docker.io'],
    ['user@registry.example.com', 'a host, or a host and a port'],
  ] as const)('must not have --registry %s, which no image can match', async ([registry, text]) => {
    const { code, stdout, stderr } = await run(['--url', stub.url, '--registry', registry]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('can never match an image');
    expect(stderr).toContain(text);
  });
  it('are not repeated where they may be a secret', async () => {
    for (const secret of [
      TOKEN,
      `${SERVICE_ACCOUNT_TOKEN}/a`,
      `https://x:${TOKEN}@a.example`,
      `https://${TOKEN}/a/b`,
    ]) {
      const { code, stderr } = await run(['--url', stub.url, '--registry', secret]);
      expect(code).toBe(2);
      expect(stderr).not.toContain(secret.slice(-40));
    }
  });
  it.for([
    ['no URL', () => ['--registry', 'a.example']],
    ['no registry', () => ['--url', stub.url]],
    ['an empty registry', () => ['--url', stub.url, '--registry', 'a.example,']],
    ['http elsewhere', () => ['--url', 'http://pullpass.example', '--registry', 'a.example']],
    ['a path in the URL', () => ['--url', `${stub.url}/x`, '--registry', 'a.example']],
    ['something unknown', () => args('--insecure')],
    ['something more', () => args('more')],
  ] as const)('must not have %s', async ([, given]) => {
    const { code, stdout, stderr } = await run(given());
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('usage: pullpass-kubelet-provider');
  });
});
