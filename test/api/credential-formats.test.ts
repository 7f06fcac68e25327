/** A credential in every shape, byte for byte. */
import { describe, expect, it } from 'vitest';
import { FORMAT_NAMES, type FormatName, formatNamed } from '../../lib/api/credential-formats.ts';
import { Secret } from '../../lib/domain/secret.ts';
import type { Service } from '../../lib/domain/service.ts';
import type { Vended } from '../../lib/usecases/vend-credential.ts';

const SERVICE: Service = {
  name: 'shop',
  registry: 'registry.example:8443',
  profile: 'x5c',
  algorithm: 'ES256',
  lifetimeSeconds: 300,
};
/** Its Basic credentials need padding, and hold both characters in which base64url differs. */
const PASSWORD = 'plc_k1.~~~???';
const BASIC = 'dG9rZW46cGxjX2sxLn5+fj8/Pw==';
const VENDED: Vended = {
  password: new Secret(PASSWORD),
  service: SERVICE,
  access: 'pull',
  repositories: ['team-a/app'],
  alsoPull: [],
  vendedAt: 1_795_244_400,
  endsAt: 1_795_248_000,
  refreshAfter: 1_795_246_500,
  jti: 'jti-that-is-for-the-log',
};

/** The bytes that are answered. */
function written(name: FormatName, changes: Partial<Vended> = {}): string {
  const body = formatNamed(name).write({ ...VENDED, ...changes });
  return typeof body === 'string' ? body : JSON.stringify(body);
}

const at = (registry: string) => ({ service: { ...SERVICE, registry } });

const BYTES: Record<FormatName, string> = {
  json: `{"username":"token","password":"${PASSWORD}","registry":"registry.example:8443","access":"pull","repositories":["team-a/app"],"expiresAt":"2026-11-21T08:00:00Z","refreshAfter":"2026-11-21T07:35:00Z"}`,
  'docker-config': `{
  "auths": {
    "registry.example:8443": {
      "auth": "${BASIC}"
    }
  }
}
`,
  'kubernetes-secret': `{
  "apiVersion": "v1",
  "kind": "Secret",
  "metadata": {
    "name": "pullpass"
  },
  "type": "kubernetes.io/dockerconfigjson",
  "data": {
    ".dockerconfigjson": "eyJhdXRocyI6eyJyZWdpc3RyeS5leGFtcGxlOjg0NDMiOnsidXNlcm5hbWUiOiJ0b2tlbiIsInBhc3N3b3JkIjoicGxjX2sxLn5+fj8/PyIsImF1dGgiOiJkRzlyWlc0NmNHeGpYMnN4TG41K2ZqOC9Qdz09In19fQ=="
  }
}
`,
  'containers-auth': `{
  "auths": {
    "registry.example:8443/team-a/app": {
      "auth": "${BASIC}"
    }
  }
}
`,
  ecr: `{"authorizationData":[{"authorizationToken":"${BASIC}","expiresAt":1795248000,"proxyEndpoint":"https://registry.example:8443"}]}`,
  kubelet: `{"apiVersion":"credentialprovider.kubelet.k8s.io/v1","kind":"CredentialProviderResponse","cacheKeyType":"Image","cacheDuration":"2100s","auth":{"registry.example:8443":{"username":"token","password":"${PASSWORD}"}}}`,
  'credential-helper': `{"ServerURL":"registry.example:8443","Username":"token","Secret":"${PASSWORD}"}`,
  shell: `printf %s '${PASSWORD}' | docker login --username token --password-stdin 'registry.example:8443'\n`,
};

describe('a credential as', () => {
  it.each(Object.entries(BYTES) as [FormatName, string][])('%s is exactly this', (name, bytes) => {
    expect(written(name)).toBe(bytes);
  });

  it.each(FORMAT_NAMES)('%s says nothing that is only for the log, and not the name of the service', name => {
    const text = written(name);
    const decoded = [...text.matchAll(/[A-Za-z0-9+/=]{20,}/g)].map(([chunk]) =>
      Buffer.from(chunk, 'base64').toString(),
    );
    expect([text, ...decoded].filter(part => /for-the-log|shop/.test(part))).toEqual([]);
  });

  it('kubernetes-secret holds the configuration that kubectl would make', () => {
    const { data } = JSON.parse(written('kubernetes-secret'));
    expect(Buffer.from(data['.dockerconfigjson'], 'base64').toString()).toBe(
      `{"auths":{"registry.example:8443":{"username":"token","password":"${PASSWORD}","auth":"${BASIC}"}}}`,
    );
  });

  it('json says with null that it is for every repository of the account', () => {
    expect(JSON.parse(written('json', { repositories: null })).repositories).toBe(null);
  });
});

describe('containers-auth has', () => {
  const keysFor = (repositories: Vended['repositories'], registry = 'r.example') =>
    Object.keys(JSON.parse(written('containers-auth', { repositories, ...at(registry) })).auths);

  it.each<[string, Vended['repositories'], string[]]>([
    ['the registry for every repository', null, ['r.example']],
    ['a repository for a name', ['team-a/app'], ['r.example/team-a/app']],
    ['a place for a prefix', ['team-a/*'], ['r.example/team-a']],
    ['several of both', ['team-a/x/*', 'team-b/y'], ['r.example/team-a/x', 'r.example/team-b/y']],
    ['none for another namespace', ['team-a/app', 'team-a/*', 'team-a/x/*'], ['r.example/team-a']],
    ['one for a name and all below it', ['team-a/app', 'team-a/app/*'], ['r.example/team-a/app']],
    [
      'both of two that only begin alike',
      ['team-a/app', 'team-a/app-2', 'team-a-2/*'],
      ['r.example/team-a/app', 'r.example/team-a/app-2', 'r.example/team-a-2'],
    ],
  ])('%s', (_, repositories, keys) => {
    expect(keysFor(repositories)).toEqual(keys);
  });

  it('the same credential under every key', () => {
    const repositories = ['team-a/app', 'team-b/*'];
    const { auths } = JSON.parse(written('containers-auth', { repositories }));
    expect(Object.values(auths)).toEqual([{ auth: BASIC }, { auth: BASIC }]);
  });
});

describe('the registry is named as images name it', () => {
  it.each([
    'registry.example',
    'registry.example:8443',
    'localhost:5000',
    '192.0.2.7:5000',
    '[::1]:5000',
    '[2001:db8::7]',
    '__proto__',
  ])('%s', registry => {
    const json = (name: FormatName) => JSON.parse(written(name, at(registry)));
    const { data } = json('kubernetes-secret');
    const secret = JSON.parse(Buffer.from(data['.dockerconfigjson'], 'base64').toString());
    expect(Object.keys(json('docker-config').auths)).toEqual([registry]);
    expect(Object.keys(secret.auths)).toEqual([registry]);
    expect(Object.keys(json('containers-auth').auths)).toEqual([`${registry}/team-a/app`]);
    expect(Object.keys(json('kubelet').auth)).toEqual([registry]);
    expect(json('credential-helper').ServerURL).toBe(registry);
    expect(json('ecr').authorizationData[0].proxyEndpoint).toBe(`https://${registry}`);
    expect(json('json').registry).toBe(registry);
    expect(written('shell', at(registry))).toContain(`--password-stdin '${registry}'\n`);
  });

  it('also where it holds a quote, which ends no word of the shell', () => {
    expect(written('shell', at("it's;id"))).toMatch(/ 'it'\\''s;id'\n$/);
  });
});

describe('the kubelet remembers', () => {
  const response = (changes: Partial<Vended>) => JSON.parse(written('kubelet', changes));

  it('a credential for everything for the registry, and one for some repositories for the image', () => {
    expect(response({ repositories: null }).cacheKeyType).toBe('Registry');
    expect(response({ repositories: ['team-a/*'] }).cacheKeyType).toBe('Image');
    expect(response({ repositories: ['team-a/*'], alsoPull: ['team-b/*'] }).cacheKeyType).toBe('Image');
    expect(response({ repositories: ['team-a/*'], alsoPull: null }).cacheKeyType).toBe('Registry');
  });

  it('nothing that is to be fetched anew at once', () => {
    expect(response({ refreshAfter: VENDED.vendedAt }).cacheDuration).toBe('0s');
  });
});
