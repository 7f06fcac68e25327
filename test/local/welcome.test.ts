/** The first screen of `npm start`, and the shorter ones after it. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Service } from '../../lib/domain/service.ts';
import { type WelcomeInput, welcome } from '../../local/welcome.ts';

function serviceNamed(name: string, more: Partial<Service> = {}): Service {
  return { name, registry: name, profile: 'x5c', algorithm: 'ES256', lifetimeSeconds: 300, ...more };
}

interface Choices extends Partial<Omit<WelcomeInput, 'settings'>> {
  readonly settings?: Partial<WelcomeInput['settings']>;
  readonly root?: string;
}

function screen({
  settings,
  root = '/srv/pullpass',
  first = true,
  platform = 'linux',
}: Choices = {}): string {
  return welcome({
    settings: {
      url: 'http://localhost:8080',
      host: '127.0.0.1',
      port: 8080,
      ledger: `${root}-ledger`,
      services: [serviceNamed('localhost:5000')],
      developmentIam: true,
      ...settings,
    },
    directory: {
      root,
      administratorKey: join(root, 'administrator.apikey'),
      registry: join(root, 'registry'),
    },
    first,
    platform,
  });
}

/** What the screen says to type. */
function commands(text: string): string[] {
  return text
    .split('\n')
    .filter(line => line.startsWith('  '))
    .map(line => line.trim());
}

describe('the first screen', () => {
  it('says where it listens, where the data are, and what to type', () => {
    const text = screen();
    expect(text).toContain('Pullpass is ready at http://localhost:8080 (listening on 127.0.0.1:8080).');
    expect(text).toContain('Data: /srv/pullpass, ledger: /srv/pullpass-ledger. Options: npm start -- --help');
    expect(text).toContain('Not for production.');
    expect(commands(text)).toEqual([
      'ADMIN="iamapikey:$(cat /srv/pullpass/administrator.apikey)"',
      'curl -sS -u "$ADMIN" -X PUT http://localhost:8080/v1/namespaces/team-a',
      `curl -sS -u "$ADMIN" -H 'Content-Type: application/json' -d '{"access": "push"}' http://localhost:8080/v1/tokens`,
      'docker-registry serve /srv/pullpass/registry/config.yml',
      'docker compose -f /srv/pullpass/registry/compose.yml up -d',
      'docker login -u token localhost:5000',
      'docker tag IMAGE localhost:5000/team-a/app:v1 && docker push localhost:5000/team-a/app:v1',
      'docker pull localhost:5000/team-a/app:v1',
    ]);
  });

  it('of a registry proxy alone starts no registry, and pulls where Pullpass listens', () => {
    const upstream = {
      url: 'https://upstream.example',
      prefix: '',
      authentication: { kind: 'none' },
    } as const;
    const proxied = serviceNamed('localhost:8080', { upstream });
    const text = screen({ settings: { services: [proxied] } });
    expect(commands(text).slice(2)).toEqual([
      `curl -sS -u "$ADMIN" -H 'Content-Type: application/json' -d '{}' http://localhost:8080/v1/tokens`,
      'docker login -u token localhost:8080',
      'docker pull localhost:8080/team-a/IMAGE',
    ]);
    expect(text).toContain('a token that may pull:');
    const both = commands(screen({ settings: { services: [proxied, serviceNamed('localhost:5000')] } }));
    expect(both).toContain('docker-registry serve /srv/pullpass/registry/config.yml');
    expect(both).toContain('docker pull localhost:8080/team-a/IMAGE');
  });

  it.each([
    [
      'http://127.0.0.1:8080',
      'localhost:5000',
      'Newer clients (crane, oras, helm) refuse to log in to localhost:5000',
    ],
    [
      'https://10.0.0.5',
      'registry.example.com',
      'Newer clients (crane, oras, helm) refuse to log in to registry',
    ],
    ['http://pullpass.example.com', 'registry.example.com', 'over https, and this is http'],
    [
      'https://pullpass.example.net',
      'registry.example.com',
      'A pull-through cache (distribution 3.1 and newer)',
    ],
  ])('says in one line that %s is refused as the realm of %s', (url, registry, text) => {
    const services = [serviceNamed('localhost:5000', { registry }), serviceNamed('other', { registry })];
    for (const first of [true, false]) {
      const lines = screen({ settings: { url, services }, first })
        .split('\n')
        .filter(line => line.endsWith('See docs/registries-and-clients.md#realms'));
      expect(lines).toHaveLength(1);
      expect(lines[0]).toContain(text);
      expect(lines[0]).toContain(url);
    }
  });

  it('says nothing of realms where they are accepted', () => {
    expect(screen()).not.toContain('#realms');
    const services = [serviceNamed('registry.example.com')];
    expect(screen({ settings: { url: 'https://pullpass.example.com', services } })).not.toContain('#realms');
  });

  it('names paths as they are seen from here, quoted where a shell needs that', () => {
    const here = screen({ root: join(process.cwd(), '.pullpass') });
    expect(here).toContain('Data: .pullpass, ledger: .pullpass-ledger.');
    expect(here).toContain('$(cat .pullpass/administrator.apikey)');
    expect(screen({ root: "/my data's" })).toContain(`serve '/my data'\\''s/registry/config.yml'`);
  });

  it('names the configuration of each of several services, without escapes, and a login at each', () => {
    const services = [
      serviceNamed('localhost:5000'),
      serviceNamed('shop', { registry: 'localhost:5055', profile: 'kid' }),
    ];
    const typed = commands(screen({ settings: { services } }));
    expect(typed).toEqual(
      expect.arrayContaining([
        'docker-registry serve /srv/pullpass/registry/localhost_5000/config.yml',
        'registry serve /srv/pullpass/registry/shop/config.yml',
        'docker login -u token localhost:5000',
        'docker login -u token localhost:5055',
        'docker pull localhost:5055/team-a/app:v1',
      ]),
    );
    expect(typed.join('\n')).not.toContain('%');
  });

  it('spells three of many services out, and says where the others are', () => {
    const services = Array.from({ length: 60 }, (_, i) => serviceNamed(`r${i}.example.com`));
    const text = screen({ settings: { services } });
    expect(commands(text).filter(line => line.startsWith('docker-registry serve'))).toHaveLength(3);
    expect(text).toContain('(57 more are in /srv/pullpass/registry.)');
  });

  it('names the directory that the first version has made for a service', async () => {
    const root = await mkdtemp(join(tmpdir(), 'pullpass-test-'));
    onTestFinished(() => rm(root, { recursive: true, force: true }));
    await mkdir(join(root, 'registry', 'localhost%3A5000'), { recursive: true });
    const services = [serviceNamed('localhost:5000'), serviceNamed('localhost:5001')];
    const typed = commands(screen({ root, settings: { services } }));
    expect(typed).toContain(`docker-registry serve ${root}/registry/localhost%3A5000/config.yml`);
    expect(typed).toContain(`docker-registry serve ${root}/registry/localhost_5001/config.yml`);
  });

  it.each([
    ['darwin', 'localhost:5000', true],
    ['darwin', 'registry.example.com', true],
    ['darwin', 'localhost:5001', false],
    ['linux', 'localhost:5000', false],
  ] as const)('on %s with %s says whether port 5000 is taken: %s', (platform, name, says) => {
    const text = screen({ platform, settings: { services: [serviceNamed(name)] } });
    expect(text.includes('PULLPASS_SERVICE=localhost:5001 npm start')).toBe(says);
  });
});

describe('a later screen', () => {
  it('has four lines and nothing to type', () => {
    const text = screen({ first: false });
    expect(text.split('\n')).toEqual([
      'Pullpass is ready at http://localhost:8080 (listening on 127.0.0.1:8080).',
      'Data: /srv/pullpass, ledger: /srv/pullpass-ledger. Options: npm start -- --help',
      expect.stringContaining('Not for production.'),
      'The first steps are in README.md.',
    ]);
  });

  it('has two lines with an IAM of the operator, also at the first start', () => {
    for (const first of [true, false]) {
      const text = screen({ first, settings: { developmentIam: false, host: '::1' } });
      expect(text.split('\n')).toHaveLength(2);
      expect(text).toContain('(listening on [::1]:8080)');
    }
  });
});
