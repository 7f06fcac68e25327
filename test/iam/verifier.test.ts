/** The verifier that is chosen by the user name. */
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Secret } from '../../lib/domain/secret.ts';
import { identityVerifier } from '../../lib/iam/verifier.ts';
import { LoopbackIam, only } from './loopback-iam.ts';
import { NOW_MS, signToken, testKey } from './tokens.ts';

const key = testKey('k1');
let iam: LoopbackIam;

beforeEach(async () => {
  iam = await new LoopbackIam().open();
  iam.keys = [key.jwk];
});
afterEach(async () => iam.close());

describe('the identity verifier', () => {
  it('takes a proof for what it is said to be: a token is no API key, an API key no token', async () => {
    const verifier = identityVerifier({ ...only(iam.issuer()), randomBytes });
    const token = new Secret(signToken(key));
    expect(await verifier.identify({ kind: 'iambearer', secret: token }, NOW_MS)).toMatchObject({
      kind: 'iambearer',
    });
    for (const proof of [
      { kind: 'iamapikey', secret: token },
      { kind: 'iambearer', secret: new Secret('api-key-0123456789') },
    ] as const) {
      await expect(verifier.identify(proof, NOW_MS)).rejects.toMatchObject({ code: 'unauthenticated' });
    }
    expect(iam.requests.token).toBe(0);
  });

  it('refuses everybody when no issuer is configured', async () => {
    const verifier = identityVerifier({ ...only(), randomBytes });
    for (const kind of ['iambearer', 'iamapikey'] as const) {
      const proof = { kind, secret: new Secret(signToken(key)) };
      await expect(verifier.identify(proof, NOW_MS)).rejects.toMatchObject({ code: 'unauthenticated' });
    }
  });

  it('refuses API keys when no issuer takes them', async () => {
    const verifier = identityVerifier({ ...only(iam.issuer({ tokenUrl: null })), randomBytes });
    const proof = { kind: 'iamapikey', secret: new Secret('api-key-0123456789') } as const;
    await expect(verifier.identify(proof, NOW_MS)).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  it.each([
    ['two issuers that take API keys', [{}, { key: 'b', issuer: 'https://b.example' }]],
    ['two issuers of one name', [{}, { key: 'b', tokenUrl: null }]],
    ['a token endpoint in the clear', [{ tokenUrl: 'http://iam.example/token' }]],
    ['keys in the clear', [{ keysUrl: 'http://iam.example/keys' }]],
  ])('cannot be made with %s', (_, overrides) => {
    const issuers = overrides.map(override => iam.issuer(override));
    expect(() => identityVerifier({ ...only(...issuers), randomBytes })).toThrow(TypeError);
  });
});
