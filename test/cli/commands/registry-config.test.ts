/** `registry-config`: the configuration that it prints or writes. */

import { createPublicKey } from 'node:crypto';
import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { shell, stub, useStub } from '../support/setup.ts';
import { METADATA } from '../support/stub.ts';

const PATH = 'GET /v1/services/localhost:5000';
const BUNDLE = '-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n';
const EC_KEY = {
  kty: 'EC',
  crv: 'P-256',
  x: 'a0FMTK7Z8ZAIX-NQmUsvTYiu_AjJotWeXBEiqKZdYt8',
  y: 'wZFX8eXCzvnx4X6VMOVt4nYQCmnlbxEo-MzRtshUV88',
  use: 'sig',
  alg: 'ES256',
};
const KEYS = { keys: [{ kty: 'RSA', n: 'AA', e: 'AQAB', kid: 'a', use: 'sig', alg: 'RS256' }] };
const KEYS_OF_TWO = { keys: [EC_KEY, EC_KEY].map((key, i) => ({ ...key, kid: `${i}` })) };
const OFF_CURVE = { keys: [{ ...EC_KEY, kid: 'a', y: EC_KEY.x }] };
const SERVICES = [{ name: 'localhost:5000', registry: 'localhost:5000' }];

useStub(() => ({
  [METADATA]: () => ({ json: stub.metadata({ pullpass_services: SERVICES }) }),
  [`${PATH}/jwks.json`]: () => ({ json: KEYS }),
  [`${PATH}/rootcertbundle.pem`]: () => ({ text: BUNDLE }),
}));
beforeEach(() => shell.says('target-add', 'here', stub.url));

const auth = (keys: string, directory = '/etc/distribution') => `auth:
  token:
    realm: "${stub.url}/oauth/token"
    service: "localhost:5000"
    issuer: "${stub.url}"
    ${keys === 'jwks.json' ? 'jwks' : 'rootcertbundle'}: "${directory}/${keys}"
    signingalgorithms: [RS256]
`;

describe('what a registry is given', () => {
  it('is printed, and needs no login', async () => {
    const printed = await shell.says('registry-config');
    expect(printed).toBe(
      `# auth.yml\n${auth('rootcertbundle.pem')}\n# rootcertbundle.pem\n${BUNDLE}\n# jwks.json\n${JSON.stringify(KEYS, null, 2)}\n`,
    );
    expect(await shell.json('registry-config', 'localhost:5000')).toEqual({
      service: 'localhost:5000',
      registry: 'localhost:5000',
      auth: auth('rootcertbundle.pem'),
      rootcertbundle: BUNDLE,
      jwks: KEYS,
    });
  });

  it('has the section with which distribution reports what was pulled, for its owner alone', async () => {
    const secret = join(shell.directory, 'secret');
    await writeFile(secret, 'a-secret-of-notifications\n');
    const { notifications } = await shell.json('registry-config', '--notifications', secret);
    expect(notifications).toContain(`url: "${stub.url}/v1/services/localhost%3A5000/events"`);
    const basic = Buffer.from('pullpass:a-secret-of-notifications').toString('base64');
    expect(notifications).toContain(`Authorization: ["Basic ${basic}"]`);
    const directory = join(shell.directory, 'reporting');
    const said = await shell.says('registry-config', '--notifications', secret, '--directory', directory);
    expect(said).toContain('Add auth.yml and notifications.yml to');
    expect(said).not.toContain(basic);
    expect(await readFile(join(directory, 'notifications.yml'), 'utf8')).toBe(notifications);
    expect((await stat(join(directory, 'notifications.yml'))).mode & 0o777).toBe(0o600);
    expect((await stat(join(directory, 'auth.yml'))).mode & 0o777).toBe(0o644);
  });

  it('is written with mode 644, and names its own directory', async () => {
    const directory = join(shell.directory, 'registry', 'deep');
    await shell.says('registry-config', '--directory', directory);
    expect((await readdir(directory)).sort()).toEqual(['auth.yml', 'jwks.json', 'rootcertbundle.pem']);
    expect(await readFile(join(directory, 'auth.yml'), 'utf8')).toBe(auth('rootcertbundle.pem', directory));
    expect(await readFile(join(directory, 'rootcertbundle.pem'), 'utf8')).toBe(BUNDLE);
    expect((await stat(join(directory, 'jwks.json'))).mode & 0o777).toBe(0o644);
  });

  it('is written through links and over files, which keep their modes', async () => {
    const directory = join(shell.directory, 'registry');
    await mkdir(directory);
    await writeFile(join(shell.directory, 'elsewhere'), 'old', { mode: 0o600 });
    await symlink('../elsewhere', join(directory, 'auth.yml'));
    await shell.says('registry-config', '--directory', directory);
    expect(await readFile(join(shell.directory, 'elsewhere'), 'utf8')).toContain('auth:');
    expect((await stat(join(shell.directory, 'elsewhere'))).mode & 0o777).toBe(0o600);
  });

  it('is not written where there is no directory, and the error names it', async () => {
    const file = join(shell.directory, 'file');
    await writeFile(file, '');
    expect(await shell.pullpass(['registry-config', '--directory', file])).toMatchObject({
      code: 1,
      stderr: `error: ${file} cannot be created: a file has that name.\n`,
    });
    // Of a variable that is not set.
    expect(await shell.pullpass(['registry-config', '--directory', ''])).toMatchObject({
      code: 2,
      stdout: '',
    });
  });

  it('is a key set alone where tokens carry no certificate', async () => {
    stub.replies[`${PATH}/rootcertbundle.pem`] = () => ({ status: 404, json: { code: 'not-found' } });
    expect(await shell.json('registry-config')).toMatchObject({
      auth: auth('jwks.json'),
      rootcertbundle: null,
    });
    expect(await shell.says('registry-config')).not.toContain('rootcertbundle');
  });

  it.each(['LOCALHOST:5000', 'localhost:5000/', 'https://localhost:5000/v2/', 'http://Localhost:5000'])(
    'is found by the registry as people write it: %s',
    async written => {
      expect(await shell.json('registry-config', written)).toMatchObject({ service: 'localhost:5000' });
    },
  );

  it('names an IPv6 service as it is', async () => {
    const services = [{ name: '[::1]:5000', registry: '[::1]:5000' }];
    stub.replies[METADATA] = () => ({ json: stub.metadata({ pullpass_services: services }) });
    stub.replies['GET /v1/services/[::1]:5000/jwks.json'] = () => ({ json: KEYS });
    stub.replies['GET /v1/services/[::1]:5000/rootcertbundle.pem'] = () => ({ text: BUNDLE });
    await shell.says('target-add', 'here', stub.url);
    const { service, auth: printed } = await shell.json('registry-config', '[0:0::1]:5000');
    expect(service).toBe('[::1]:5000');
    expect(printed).toContain('    service: "[::1]:5000"\n');
  });

  it.for([
    ['distribution', ['auth.yml', 'jwks.json', 'rootcertbundle.pem']],
    ['distribution-2', ['auth.yml', 'rootcertbundle.pem']],
  ] as const)('for %s is what that reads', async ([kind, names]) => {
    const directory = join(shell.directory, 'registry');
    await shell.says('registry-config', '--for', kind, '--directory', directory);
    expect((await readdir(directory)).sort()).toEqual(names);
    expect(await readFile(join(directory, 'auth.yml'), 'utf8')).toBe(auth('rootcertbundle.pem', directory));
  });

  it.for([
    ['of a registry that is not served', ['other.example'], 'It serves: localhost:5000'],
    ['when the bundle cannot be had', [], 'answered with status 503'],
  ] as const)('is nothing %s', async ([, args, text]) => {
    stub.replies[`${PATH}/rootcertbundle.pem`] = () => ({ status: 503 });
    const { code, stdout, stderr } = await shell.pullpass(['registry-config', ...args]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(text);
  });
});

describe('for zot', () => {
  const keyNamed = (kid: string) => ({ json: { keys: [{ ...EC_KEY, kid }] } });

  beforeEach(() => {
    stub.replies[`${PATH}/rootcertbundle.pem`] = () => ({ status: 404, json: { code: 'not-found' } });
    stub.replies[`${PATH}/jwks.json`] = () => ({
      json: { keys: ['later', 'now'].map(kid => ({ ...EC_KEY, kid })) },
    });
    stub.replies[`${PATH}/signing-key.json`] = () => keyNamed('now');
    stub.replies[`${PATH}/next-signing-key.json`] = () => keyNamed('later');
  });

  it('is the one key that signs now', async () => {
    const { auth: section, kid, signingKey } = await shell.json('registry-config', '--for', 'zot');
    expect(kid).toBe('now');
    expect(createPublicKey(signingKey).export({ format: 'jwk' })).toEqual({
      kty: 'EC',
      crv: 'P-256',
      x: EC_KEY.x,
      y: EC_KEY.y,
    });
    expect(section).toEqual({
      http: {
        auth: {
          bearer: {
            realm: `${stub.url}/oauth/token`,
            service: 'localhost:5000',
            cert: '/etc/zot/signing-key.pem',
          },
        },
        compat: ['docker2s2'],
      },
    });
    expect(await shell.says('registry-config', '--for', 'zot')).toContain(
      '# The key now signs now. zot reads it when it starts.',
    );
  });

  it('is with --next the key that takes over, and says so', async () => {
    expect(await shell.json('registry-config', '--for', 'zot', '--next')).toMatchObject({ kid: 'later' });
    const directory = join(shell.directory, 'zot');
    expect(await shell.says('registry-config', '--for', 'zot', '--next', '--directory', directory)).toContain(
      'The key later does not sign yet: activate it, and restart zot.',
    );
    expect((await readdir(directory)).sort()).toEqual(['http.json', 'signing-key.pem']);
    expect(await readFile(join(directory, 'http.json'), 'utf8')).toContain(`"${directory}/signing-key.pem"`);
  });

  it.for([
    ['no key waits', ['--next'], { keys: [] }, 'localhost:5000 has no key that waits to take over.'],
    ['there is more than one', ['--next'], KEYS_OF_TWO, 'sent an unexpected response: keys'],
    [
      'it is no point of the curve',
      ['--next'],
      OFF_CURVE,
      'sent an unexpected response: keys.0 is not a key',
    ],
  ] as const)('is refused where %s', async ([, args, json, text]) => {
    stub.replies[`${PATH}/next-signing-key.json`] = () => ({ json });
    const { code, stdout, stderr } = await shell.pullpass(['registry-config', '--for', 'zot', ...args]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(text);
  });
});

describe('a registry that could not verify the access tokens', () => {
  it.for([
    ['zot', BUNDLE, '"profile": "kid"', 'the key of an x5c service changes every week by itself'],
    ['distribution-2', undefined, '"profile": "x5c"', 'access tokens of a kid service have none'],
  ] as const)('is refused with the profile that it needs: %s', async ([kind, bundle, next, reason]) => {
    stub.replies[`${PATH}/rootcertbundle.pem`] = () =>
      bundle === undefined ? { status: 404, json: { code: 'not-found' } } : { text: bundle };
    const directory = join(shell.directory, 'registry');
    const args = ['registry-config', '--for', kind, '--directory', directory];
    const { code, stderr } = await shell.pullpass(args);
    expect(code).toBe(1);
    expect(stderr).toContain(`${kind} cannot verify the access tokens of localhost:5000`);
    expect(stderr).toContain(reason);
    expect(stderr).toContain(next);
    await expect(readdir(directory)).rejects.toThrow('ENOENT');
  });

  it.for([
    [['--for', 'harbor'], 'Allowed choices are distribution, distribution-2, zot'],
    [['--next'], '--next is for zot'],
    [['--for', 'distribution', '--next'], '--next is for zot'],
  ] as const)('is a usage error: %s', async ([args, text]) => {
    const { code, stderr } = await shell.pullpass(['registry-config', ...args]);
    expect(code).toBe(2);
    expect(stderr).toContain(text);
  });
});
