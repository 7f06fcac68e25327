/** The configuration of a registry for each profile of its service. */
import { expect, it } from 'vitest';
import { distributionAuth, keysFileOf, zotHttp } from '../../lib/domain/registry-files.ts';

const publicUrl = 'https://pullpass.example';

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
