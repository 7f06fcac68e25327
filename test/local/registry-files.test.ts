/** The files that `npm start` writes for a registry. */
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Service } from '../../lib/domain/service.ts';
import { portsOf } from '../../local/registry-addresses.ts';
import { registryFiles, writeRegistryFiles } from '../../local/registry-files.ts';

const SERVICE: Service = {
  name: 'localhost:5055',
  registry: 'localhost:5055',
  profile: 'x5c',
  algorithm: 'ES256',
  lifetimeSeconds: 300,
};
const INPUT = {
  directory: '/srv/registry',
  service: SERVICE,
  publicUrl: 'https://pullpass.example',
  jwks: { keys: [{ kty: 'EC', kid: 'a' }] },
  bundle: 'PEM\n',
  port: '5055',
};

describe('the files for a registry', () => {
  it('are a bundle, the key set, and a configuration that names both sides', () => {
    const files = registryFiles(INPUT);
    expect(Object.keys(files)).toEqual(['rootcertbundle.pem', 'jwks.json', 'config.yml']);
    expect(JSON.parse(files['jwks.json'] ?? '')).toEqual(INPUT.jwks);
    const lines = (files['config.yml'] ?? '').split('\n').map(line => line.trim());
    expect(lines).toEqual(
      expect.arrayContaining([
        'rootdirectory: "/srv/registry/data"',
        'addr: "127.0.0.1:5055"',
        'realm: "https://pullpass.example/oauth/token"',
        'service: "localhost:5055"',
        'issuer: "https://pullpass.example"',
        'rootcertbundle: "/srv/registry/rootcertbundle.pem"',
        'signingalgorithms: [ES256]',
      ]),
    );
  });

  it('are without certificates for a service whose profile has none', () => {
    const files = registryFiles({ ...INPUT, service: { ...SERVICE, profile: 'kid' }, bundle: undefined });
    expect(Object.keys(files)).toEqual(['jwks.json', 'config.yml']);
    expect(files['config.yml']).toContain('jwks: "/srv/registry/jwks.json"');
    expect(files['config.yml']).not.toContain('rootcertbundle');
  });

  it('are for zot too where access tokens name a key: one key in a file, and the next in another', () => {
    const service = { ...SERVICE, profile: 'kid' } as const;
    const single = { current: 'CURRENT', next: 'NEXT' };
    const files = registryFiles({ ...INPUT, service, bundle: undefined, single });
    expect(files['signing-key.pem']).toBe('CURRENT');
    expect(files['next-signing-key.pem']).toBe('NEXT');
    expect(JSON.parse(files['zot.json'] ?? '')).toMatchObject({
      storage: { rootDirectory: '/srv/registry/zot-data' },
      http: {
        address: '127.0.0.1',
        port: '5055',
        auth: {
          bearer: {
            realm: 'https://pullpass.example/oauth/token',
            service: 'localhost:5055',
            cert: '/srv/registry/signing-key.pem',
          },
        },
      },
    });
  });

  it.for([
    ['127.0.0.1:5080', '127.0.0.1:5080'],
    ['registry.example:8443', '127.0.0.1:8443'],
    ['registry.example', '127.0.0.1:5000'],
    ['127.0.0.2:5080', '127.0.0.2:5080'],
    ['[::1]:5055', '[::1]:5055'],
    ['[::1]', '[::1]:5000'],
    ['[2001:db8::7]:8443', '[::1]:8443'],
    ['a: b\n# "c"', '127.0.0.1:5000'],
  ] as const)('listen on loopback only: %s', ([name, address]) => {
    const service = { ...SERVICE, name, registry: name };
    const [port = ''] = portsOf([name]);
    const config = registryFiles({ ...INPUT, service, port })['config.yml'];
    expect(config).toContain(`addr: "${address}"`);
    expect(config).toContain(`service: ${JSON.stringify(name)}`);
  });

  it('are readable by all users under any umask, and written only when they change', async () => {
    const parent = await mkdtemp(join(tmpdir(), 'pullpass-test-'));
    onTestFinished(() => rm(parent, { recursive: true, force: true }));
    const directory = join(parent, 'registry');
    const input = { ...INPUT, directory };
    await writeRegistryFiles(input);
    const state = async (name: string) => await stat(join(directory, name));
    const [config, jwks] = [await state('config.yml'), await state('jwks.json')];
    expect([config.mode & 0o777, jwks.mode & 0o777]).toEqual([0o644, 0o644]);
    expect((await stat(directory)).mode & 0o777).toBe(0o755);
    await writeRegistryFiles({ ...input, jwks: { keys: [] } });
    expect((await state('config.yml')).ino).toBe(config.ino);
    expect((await state('jwks.json')).ino).not.toBe(jwks.ino);
    expect(JSON.parse(await readFile(join(directory, 'jwks.json'), 'utf8'))).toEqual({ keys: [] });
  });
});
