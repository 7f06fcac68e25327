/** The configuration of a registry for each profile, and which clients and caches refuse the URL of a deployment. */
import { describe, expect, it } from 'vitest';
import {
  BUNDLE_FILE,
  distributionAuth,
  distributionNotifications,
  JWKS_FILE,
  keysFileOf,
  realmFault,
  SIGNING_KEY_FILE,
  zotHttp,
} from '../../lib/domain/registry-auth.ts';

const ADDRESS = 'it is an address of a machine itself, or of a private network.';
const PLAIN = 'they reach the registry over https, and this is http.';
const CACHE = 'the hosts are not of one domain.';

describe('a realm', () => {
  it.each([
    ['https://pullpass.example.com', 'registry.example.com'],
    ['https://pullpass.example.com', 'registry.example.com:5000'],
    ['https://example.com', 'registry.example.com'],
    ['https://pullpass.example.com', 'deep.down.example.com'],
    ['https://pullpass.example.co.uk', 'registry.example.co.uk'],
    ['https://registry.other.net', 'registry.other.net'],
    ['https://10.0.0.5', '10.0.0.5'],
    ['https://10.0.0.5:8443', '10.0.0.5:8443'],
    ['https://[fd00::1]', '[fd00::1]'],
    ['https://pullpass', 'registry:5000'],
    ['http://localhost:8080', 'localhost:5000'],
    ['http://127.0.0.1:5000', '127.0.0.1:5000'],
    ['https://pullpass.example.com', 'localhost:5000'],
    ['https://pullpass.example.com', '127.10.10.10:5000'],
    ['https://pullpass.com.example.net', 'registry.example.net'],
  ])('%s of %s is accepted', (publicUrl, registry) => {
    expect(realmFault({ publicUrl, registry })).toBeUndefined();
  });

  it.each([
    ['https://10.0.0.5', 'registry.example.com'],
    ['https://10.255.255.255', 'registry.example.com'],
    ['https://172.16.0.1', 'registry.example.com'],
    ['https://172.31.255.255', 'registry.example.com'],
    ['https://192.168.1.2:8443', 'registry.example.com'],
    ['https://169.254.169.254', 'registry.example.com'],
    ['https://127.0.0.1:8443', 'registry.example.com'],
    ['https://127.1.2.3', 'registry.example.com'],
    ['https://0.0.0.0', 'registry.example.com'],
    ['https://[::]', 'registry.example.com'],
    ['https://[::1]', 'registry.example.com'],
    ['https://[fd12::1]', 'registry.example.com'],
    ['https://[fe80::1]', 'registry.example.com'],
    ['https://[::ffff:10.0.0.1]', 'registry.example.com'],
    ['http://127.0.0.1:8080', 'localhost:5000'],
    ['http://[::1]:8080', 'localhost:5000'],
  ])('%s of %s is an address that crane, oras or helm refuse', (publicUrl, registry) => {
    expect(realmFault({ publicUrl, registry })).toBe(
      `Newer clients (crane, oras, helm) refuse to log in to ${registry} at ${publicUrl}: ${ADDRESS}`,
    );
  });

  it.each([
    ['https://10.0.0.5:8443', '10.0.0.5'],
    ['http://127.0.0.1:8080', '127.0.0.1:5000'],
    ['http://[::1]:8080', '[::1]:5000'],
  ])('%s of %s is an address at another port, which crane refuses', (publicUrl, registry) => {
    expect(realmFault({ publicUrl, registry })).toBe(
      `Newer clients (crane) refuse to log in to ${registry} at ${publicUrl}: ${ADDRESS}`,
    );
  });

  it.each([
    ['https://localhost:8443', 'registry.example.com'],
    ['https://pullpass.localhost', 'registry.example.com'],
    ['http://localhost:8080', '127.0.0.1:5000'],
    ['http://localhost:8080', '[::1]:5000'],
  ])('%s of %s is a name that oras refuses', (publicUrl, registry) => {
    expect(realmFault({ publicUrl, registry })).toBe(
      `Newer clients (oras) refuse to log in to ${registry} at ${publicUrl}: it is another name of each machine itself.`,
    );
  });

  it.each([
    ['http://pullpass.example.com', 'registry.example.com', undefined],
    ['http://10.0.0.5:8080', 'registry.example.com', undefined],
    ['http://localhost:8080', 'registry.example.com', undefined],
    ['http://registry.example.com', 'registry.example.com', undefined],
    ['http://localhost:8080', 'localhost:5000', true],
  ])('%s of %s is http behind https', (publicUrl, registry, isTls) => {
    const fault = realmFault({ publicUrl, registry, ...(isTls === undefined ? {} : { isTls }) });
    expect(fault).toContain(PLAIN);
    expect(fault).toMatch(/^Newer clients \(crane, oras, helm\) refuse/);
  });

  it('may be http where the registry is', () => {
    const publicUrl = 'http://pullpass.example.com';
    expect(realmFault({ publicUrl, registry: 'registry.example.com', isTls: false })).toBeUndefined();
  });

  it.each([
    ['https://pullpass.example.com', 'registry.example.net'],
    ['https://pullpass.internal', 'registry.internal'],
    ['https://pullpass.one.co.uk', 'registry.two.co.uk'],
    ['https://pullpass.example.com', 'registry'],
    ['https://pullpass.example.com', 'xlocalhost:5000'],
    ['https://pullpass.example.com', 'localhost.example.net'],
    ['https://pullpass.ab.cde', 'registry.a.bcde'],
    ['https://203.0.113.7', 'registry.example.com'],
    ['https://203.0.113.7:8443', '203.0.113.7'],
    ['https://pullpass.example.com', '203.0.113.7'],
    ['https://[2001:db8::1]', 'registry'],
    ['https://pullpass', '[2001:db8::1]'],
    ['https://[2001:db8::1]', '[2001:db8::2]'],
    ['https://198.51.113.7', '203.0.113.7'],
    ['https://abcd.execute-api.eu-west-1.amazonaws.com', 'registry.example.com'],
  ])('%s of %s is dropped by a pull-through cache', (publicUrl, registry) => {
    expect(realmFault({ publicUrl, registry })).toBe(
      `A pull-through cache (distribution 3.1 and newer) of ${registry} does not log in at ${publicUrl}: ${CACHE}`,
    );
  });

  it('of a registry that is no host is not looked at', () => {
    expect(realmFault({ publicUrl: 'https://pullpass.example', registry: 'a: b\n# "c"' })).toBeUndefined();
  });
});

const publicUrl = 'https://pullpass.example';

it('the public files of a service have these names, which are in URLs', () => {
  expect([BUNDLE_FILE, JWKS_FILE, SIGNING_KEY_FILE]).toEqual([
    'rootcertbundle.pem',
    'jwks.json',
    'signing-key.pem',
  ]);
});

it('names the file that a registry needs for each profile', () => {
  expect(keysFileOf({ profile: 'x5c' })).toBe('rootcertbundle.pem');
  expect(keysFileOf({ profile: 'kid' })).toBe('jwks.json');
});

it('writes the configuration of distribution for certificates', () => {
  const service = { name: 'registry "one"', profile: 'x5c', algorithm: 'ES256' } as const;
  expect(distributionAuth({ service, publicUrl, keysPath: '/keys/bundle.pem' })).toBe(`auth:
  token:
    realm: "https://pullpass.example/oauth/token"
    service: "registry \\"one\\""
    issuer: "https://pullpass.example"
    rootcertbundle: "/keys/bundle.pem"
    signingalgorithms: [ES256]
`);
});

it('writes the configuration of distribution for a key set', () => {
  const service = { name: 'localhost:5000', profile: 'kid', algorithm: 'RS256' } as const;
  expect(distributionAuth({ service, publicUrl, keysPath: '/keys/jwks.json' })).toContain(
    '    jwks: "/keys/jwks.json"\n    signingalgorithms: [RS256]\n',
  );
});

it('writes the section with which distribution reports pulls, and only those', () => {
  const service = { name: 'registry one', profile: 'x5c', algorithm: 'ES256' } as const;
  expect(distributionNotifications({ service, publicUrl }, 's3cret')).toBe(`notifications:
  endpoints:
    - name: pullpass
      url: "https://pullpass.example/v1/services/registry%20one/events"
      headers:
        Authorization: ["Basic cHVsbHBhc3M6czNjcmV0"]
      timeout: 5s
      threshold: 5
      backoff: 10s
      ignore:
        mediatypes: [application/octet-stream]
        actions: [push, mount, delete]
`);
});

it('writes the configuration of zot, which takes one key', () => {
  const service = { name: 'registry "one"', profile: 'kid', algorithm: 'ES256' } as const;
  expect(zotHttp({ service, publicUrl, keysPath: '/keys/signing-key.pem' })).toEqual({
    auth: {
      bearer: {
        realm: 'https://pullpass.example/oauth/token',
        service: 'registry "one"',
        cert: '/keys/signing-key.pem',
      },
    },
    compat: ['docker2s2'],
  });
});
