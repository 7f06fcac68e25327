/** The file for docker compose, and the names of the directories that it mounts. */
import { describe, expect, it } from 'vitest';
import type { Service } from '../../lib/domain/service.ts';
import { composeFile } from '../../local/compose-file.ts';
import { portsOf } from '../../local/registry-addresses.ts';
import { fileNameOf } from '../../local/registry-directories.ts';

function registryOf(registry: string, more: Partial<Service> = {}) {
  const service: Service = {
    name: registry,
    registry,
    profile: 'x5c',
    algorithm: 'ES256',
    lifetimeSeconds: 300,
    ...more,
  };
  return { service, directory: fileNameOf(service.name), port: portsOf([registry])[0] ?? '' };
}

describe('the file for docker compose', () => {
  it('runs a registry on loopback with the configuration of its service, read-only, and its images in a volume', () => {
    expect(composeFile([{ ...registryOf('localhost:5001'), directory: '' }])).toBe(
      `# Registries in containers: docker compose -f compose.yml up -d
# Written again when it changes: copy it before you edit it.
services:
  registry-localhost_5001:
    image: "registry:3"
    command: ["serve", "/pullpass/config.yml"]
    ports: ["127.0.0.1:5001:5000"]
    environment:
      REGISTRY_HTTP_ADDR: "0.0.0.0:5000"
      REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: "/var/lib/registry"
      REGISTRY_AUTH_TOKEN_ROOTCERTBUNDLE: "/pullpass/rootcertbundle.pem"
      OTEL_TRACES_EXPORTER: "none"
    volumes:
      - ".:/pullpass:ro"
      - "images-localhost_5001:/var/lib/registry"
volumes:
  images-localhost_5001: {}
`,
    );
  });

  it('names the key set of a service with profile kid', () => {
    const text = composeFile([registryOf('localhost:5001', { profile: 'kid' })]);
    expect(text).toContain('REGISTRY_AUTH_TOKEN_JWKS: "/pullpass/jwks.json"');
    expect(text).not.toContain('ROOTCERTBUNDLE');
  });

  it('gives each of several registries its directory, its volume and its port', () => {
    const names = ['registry.example.com', 'localhost:5001', 'eu.registry.example.com:443', '[::1]:5002'];
    const text = composeFile(names.map(name => registryOf(name)));
    const ports = [...text.matchAll(/ports: \["(.+):5000"\]/g)].map(([, port]) => port);
    expect(ports).toEqual(['127.0.0.1:5000', '127.0.0.1:5001', '127.0.0.1:443', '[::1]:5002']);
    expect(text).toContain('"./localhost_5001:/pullpass:ro"');
    const volumes = [...text.matchAll(/^ {2}(images-\S+): {}$/gm)].map(([, name = '']) => name);
    expect(new Set(volumes).size).toBe(4);
    // What compose takes for names.
    for (const volume of volumes) expect(volume).toMatch(/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/);
  });
});

describe('the name of the directory of a service', () => {
  it.each([
    ['registry.example.com', 'registry.example.com'],
    ['localhost:5000', 'localhost_5000'],
    ['eu-1.registry.example.com:443', 'eu-1.registry.example.com_443'],
    ['[::1]:5000', '__5b__3a__3a1__5d_5000'],
    ['..', '__2e.'],
    ['.hidden', '__2ehidden'],
    ['-rf', '__2drf'],
    ['a b$(c)', 'a__20b__24__28c__29'],
  ])('%s is %s', (service, name) => expect(fileNameOf(service)).toBe(name));

  it('differs for services that look alike', () => {
    const services = [
      'a:5',
      'a_5',
      'a.5',
      'a-5',
      'a__3a5',
      'a::5',
      'a:5:5',
      'a_5:5',
      'a__5',
      'a:',
      'a_',
      'A:5',
    ];
    expect(new Set(services.map(fileNameOf)).size).toBe(services.length);
  });
});
