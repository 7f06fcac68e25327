/** The credential helper: get, store, erase and list, and the input that it refuses. */

import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { serve } from '../../../cli/helper/serve.ts';
import { formatRegistryToken } from '../../../lib/domain/registry-token.ts';
import { logIn, registry, shell, stub, useRegistry } from '../support/setup.ts';
import type { Outcome } from '../support/shell.ts';
import { CREDENTIAL_TIMES, type StubAnswer, type StubRequest } from '../support/stub.ts';

const NOT_FOUND = { code: 1, stdout: 'credentials not found in native keychain\n' };
const ID = '01a1fde6-b720-7292-88d8-03b75b4a87b0';
const TOKEN = formatRegistryToken('dev:acme', ID, new Uint8Array(32).fill(1)).reveal();
const OTHER_TOKEN = formatRegistryToken('dev:acme', ID, new Uint8Array(32).fill(2)).reveal();

/** What the registry names as its realm; undefined: the deployment. */
let realm: string | undefined;

useRegistry({ replies: () => ({ 'POST /v1/credentials': vended }), realm: () => realm });
beforeEach(async () => {
  realm = undefined;
});

/** A deployment where every caller may push but the one with `OTHER_TOKEN`. */
function vended({ headers, body }: StubRequest): StubAnswer {
  const { access, expiresInSeconds, service } = JSON.parse(body);
  const proof = Buffer.from(String(headers.authorization).slice('Basic '.length), 'base64').toString();
  if (access === 'push' && proof === `token:${OTHER_TOKEN}`) {
    return { status: 403, json: { code: 'wider-than-parent', detail: 'wider' } };
  }
  const password = `plc_k1.${access}-${proof.split(':')[0]}-${expiresInSeconds}-${service.replaceAll('.', '-')}`;
  const rest = { registry: registry.address, access, repositories: null, ...CREDENTIAL_TIMES };
  return { status: 201, json: { username: 'token', password, ...rest } };
}

const helper = (action: string, input = ''): Promise<Outcome> => shell.runs(serve, [action], { input });
const store = (userName: string, secret: string, serverUrl = registry.address) =>
  helper('store', JSON.stringify({ ServerURL: serverUrl, Username: userName, Secret: secret }));
const secretOf = async (serverUrl: string) => JSON.parse((await helper('get', serverUrl)).stdout).Secret;

describe('get', () => {
  it('answers with a credential of the login, which outlives what builders remember', async () => {
    await logIn();
    for (const serverUrl of [registry.address, `https://${registry.address}`]) {
      const { code, stdout, stderr } = await helper('get', serverUrl);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(JSON.parse(stdout)).toEqual({
        ServerURL: serverUrl,
        Username: 'token',
        Secret: 'plc_k1.push-iambearer-3600-registry-example',
      });
    }
    expect(stub.lines.filter(line => line === 'POST /v1/credentials')).toHaveLength(2);
  });

  it('prefers a registry token that was stored for the registry to the login', async () => {
    await logIn();
    await store('token', TOKEN);
    expect(await secretOf(registry.address)).toBe('plc_k1.push-token-3600-registry-example');
  });

  it('answers with a pull credential when the token may not push', async () => {
    await logIn();
    await store('token', OTHER_TOKEN);
    expect(await secretOf(registry.address)).toBe('plc_k1.pull-token-3600-registry-example');
  });

  it('finds nothing for a registry without a login, and says how to log in', async () => {
    await shell.says('target-add', 'here', stub.url);
    expect(await helper('get', registry.address)).toEqual({
      ...NOT_FOUND,
      stderr: 'docker-credential-pullpass: Log in with: pullpass login --target here\n',
    });
  });

  it('finds nothing, without advice, for names that only resemble a listed registry', async () => {
    await logIn();
    await store('token', TOKEN);
    const [host = '', port = ''] = registry.address.split(':');
    const before = stub.lines.length;
    const looks = [
      ...[
        host,
        `${host}:1`,
        `${host}:${port}0`,
        `${host}:0${port}`,
        `${host}.evil:${port}`,
        `${host}.:${port}`,
      ],
      ...[`evil.${registry.address}`, `user@${registry.address}`, `token:x@${registry.address}`],
      ...[
        `${registry.address}/v1/`,
        `${registry.address}//`,
        `${registry.address}/team-a`,
        `${registry.address}?`,
      ],
      ...[
        `https://${registry.address}/v2/team-a`,
        `${registry.address}/v22/`,
        `https:///${registry.address}`,
      ],
      ...[`${registry.address}#`, `${registry.address}\\`, ` ${registry.address}`, `${registry.address} `],
      ...[
        `\t${registry.address}`,
        `${registry.address}\n\n`,
        `${registry.address}\0`,
        `${registry.address}\u00a0`,
      ],
      ...[`https:/${registry.address}`, `ftp://${registry.address}`],
      ...[`https://https://${registry.address}`, `https://${registry.address}/v1/`],
      ...[
        `//${registry.address}`,
        `docker://${registry.address}`,
        `localhost:${port}`,
        `[::ffff:127.0.0.1]:${port}`,
      ],
      ...[
        `127.1:${port}`,
        `0x7f000001:${port}`,
        `2130706433:${port}`,
        `127.0.0.1:${port}`.replace('.0', '.00'),
      ],
      ...['registry.example', 'https://index.docker.io/v1/', '', '*', '__proto__'],
    ];
    for (const look of looks) expect(await helper('get', look), look).toEqual({ ...NOT_FOUND, stderr: '' });
    expect(stub.lines.length).toBe(before);
    expect(registry.received).toBe('');
  });

  it('finds the registry in each spelling that people and clients use, and answers with the same', async () => {
    await logIn();
    const { address } = registry;
    const written = [
      `${address}/`,
      `${address}/v2`,
      `${address}/v2/`,
      `http://${address}`,
      `HTTPS://${address}`,
    ];
    for (const serverUrl of [...written, `https://${address}/`, `http://${address}/v2/`]) {
      const { code, stdout } = await helper('get', serverUrl);
      expect({ code, ...JSON.parse(stdout) }, serverUrl).toMatchObject({ code: 0, ServerURL: serverUrl });
    }
  });

  it('leaves Docker Hub to other helpers, also when a target lists its host', async () => {
    const services = [{ name: 'hub', registry: 'index.docker.io' }];
    stub.replies['GET /.well-known/oauth-authorization-server'] = () => ({
      json: stub.metadata({ pullpass_services: services }),
    });
    await logIn();
    expect(await helper('get', 'https://index.docker.io/v1/')).toEqual({ ...NOT_FOUND, stderr: '' });
  });

  it('says all that the deployment says is wrong, in one line', async () => {
    await logIn();
    stub.replies['POST /v1/credentials'] = () => ({
      status: 400,
      json: {
        code: 'invalid-request',
        detail: 'See errors.',
        errors: [
          { path: 'repositories', message: 'names more than fits into one credential. Name fewer.' },
          { path: 'service', message: 'is unknown' },
        ],
      },
    });
    const said =
      'The deployment refused the request: --repository names more than fits into one credential. Name fewer; --service is unknown.\n';
    expect(await helper('get', registry.address)).toEqual({
      code: 1,
      stdout: said,
      stderr: `docker-credential-pullpass: ${said}`,
    });
  });

  it('refuses a registry that sends its clients elsewhere', async () => {
    await logIn();
    realm = 'http://127.0.0.1:1';
    const { code, stdout, stderr } = await helper('get', registry.address);
    expect(code).toBe(1);
    expect(stdout).toContain('has the realm "http://127.0.0.1:1/oauth/token"');
    expect(stdout).not.toContain('plc_');
    expect(stderr).toBe(`docker-credential-pullpass: ${stdout}`);
  });
});

describe('store', () => {
  it('stores a registry token with mode 600, replacing an earlier one', async () => {
    await shell.says('target-add', 'here', stub.url);
    expect(await store('token', OTHER_TOKEN)).toMatchObject({ code: 0, stderr: '' });
    expect(await store('token', TOKEN, `https://${registry.address}`)).toMatchObject({ code: 0, stderr: '' });
    const { registryTokens } = await shell.home.read();
    expect(registryTokens.map(kept => ({ ...kept, token: kept.token.reveal() }))).toEqual([
      { registry: registry.address, target: 'here', token: TOKEN },
    ]);
    expect((await stat(join(shell.directory, 'pullpass', 'state.json'))).mode & 0o777).toBe(0o600);
  });

  it('does not store a credential where new ones can be made', async () => {
    await logIn();
    expect(await store('token', 'plc_k1.abc')).toMatchObject({ code: 0, stderr: '' });
    expect((await shell.home.read()).registryTokens).toEqual([]);
  });

  it.for([
    [
      'a registry that no target lists',
      'token',
      TOKEN,
      'other.example',
      'No target lists the registry other.example.',
    ],
    ['an API key', 'iamapikey', 'an-api-key', undefined, 'pullpass login --target here'],
    ['another user name', 'alice', 'a-password', undefined, 'pullpass login --target here'],
    [
      'a registry token under another user name',
      'iambearer',
      TOKEN,
      undefined,
      'pullpass login --target here',
    ],
    ['a credential where none are made', 'token', 'plc_k1.abc', undefined, 'pullpass login --target here'],
    ['a registry token with a typo', 'token', `${TOKEN.slice(0, -1)}_`, undefined, 'is not a registry token'],
    ['what is neither', 'token', 'a-password', undefined, 'is not a registry token'],
  ] as const)('refuses %s', async ([, userName, secret, serverUrl, text]) => {
    await shell.says('target-add', 'here', stub.url);
    const { code, stdout, stderr } = await store(userName, secret, serverUrl);
    expect({ code, stdout }).toEqual({ code: 1, stdout: expect.stringContaining(text) });
    expect(stdout + stderr).not.toContain(secret);
    expect((await shell.home.read()).registryTokens).toEqual([]);
  });

  it.each(['', '{', '[]', '{"ServerURL":"a","Username":"token"}', '{"ServerURL":"a","ServerURL":"b"}'])(
    'refuses what it cannot read: %s',
    async input => {
      expect(await helper('store', input)).toMatchObject({
        code: 1,
        stdout: 'Standard input is not {"ServerURL", "Username", "Secret"}.\n',
      });
    },
  );
});

describe('erase', () => {
  it('forgets the registry token', async () => {
    await shell.says('target-add', 'here', stub.url);
    await store('token', TOKEN);
    expect(await helper('erase', registry.address)).toMatchObject({ code: 0, stderr: '' });
    expect((await shell.home.read()).registryTokens).toEqual([]);
    expect(await helper('erase', registry.address)).toMatchObject(NOT_FOUND);
  });

  it('forgets the token in every spelling of its host', async () => {
    await shell.says('target-add', 'here', stub.url);
    await store('token', TOKEN, `HTTPS://${registry.address}/v2/`);
    expect(await secretOf(registry.address)).toContain('plc_');
    expect(await helper('erase', `http://${registry.address}/`)).toMatchObject({ code: 0, stderr: '' });
    expect((await shell.home.read()).registryTokens).toEqual([]);
  });

  it('says how to end a login, which serves all registries of its target', async () => {
    await logIn();
    const { code, stdout } = await helper('erase', registry.address);
    expect(code).toBe(1);
    const [name] = (await shell.home.read()).targets.map(target => target.name);
    expect(stdout).toBe(
      `${registry.address} is served by the login to ${stub.url}. End it with: pullpass logout --target ${name}\n`,
    );
    expect(await secretOf(registry.address)).toContain('plc_');
  });
});

describe('list', () => {
  it('names the registries with a token or a login', async () => {
    expect(await helper('list')).toMatchObject({ code: 0, stdout: '{}\n' });
    await shell.says('target-add', 'here', stub.url);
    expect(await helper('list')).toMatchObject({ code: 0, stdout: '{}\n' });
    await store('token', TOKEN);
    expect(await helper('list')).toMatchObject({ code: 0, stdout: `{"${registry.address}":"token"}\n` });
    await helper('erase', registry.address);
    await logIn();
    expect(await helper('list')).toMatchObject({ code: 0, stdout: `{"${registry.address}":"token"}\n` });
  });
});

describe('the helper', () => {
  it('prints its version, and its usage for wrong arguments', async () => {
    expect(await helper('version')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^docker-credential-pullpass \(pullpass\) v\d+\.\d+\.\d+\n$/),
    });
    for (const word of ['--version', '-v'])
      expect(await helper(word)).toMatchObject({ code: 0, stdout: expect.stringContaining(' v') });
    for (const word of ['--help', '-h'])
      expect(await helper(word)).toMatchObject({ code: 0, stdout: expect.stringMatching(/^usage: /) });
    for (const args of [[], ['push'], ['get', 'more'], ['version', 'more']]) {
      expect(await shell.runs(serve, args)).toMatchObject({
        code: 1,
        stdout: 'usage: docker-credential-pullpass get|store|erase|list|version\n',
      });
    }
  });
});
