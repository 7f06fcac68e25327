/** The verifier that is chosen by the user name. */
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Secret } from '../../lib/domain/secret.ts';
import { identityVerifier } from '../../lib/iam/verifier.ts';
import { failureLimiter } from '../../lib/limits/rate-limiter.ts';
import { LoopbackIam, only } from './loopback-iam.ts';
import { LoopbackSts, proofOf } from './loopback-sts.ts';
import { NOW_MS, signToken, testKey } from './tokens.ts';

const IN_THE_CLEAR = 'an endpoint is an https URL, or an http URL of this machine, without credentials';
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

  it('refuses every assertion when no issuer is configured', async () => {
    const verifier = identityVerifier({ ...only(), randomBytes });
    for (const kind of ['iambearer', 'iamapikey'] as const) {
      const proof = { kind, secret: new Secret(signToken(key)) };
      await expect(verifier.identify(proof, NOW_MS)).rejects.toMatchObject({ code: 'unauthenticated' });
    }
  });

  it.each([
    ['iambearer', 'no configured issuer'],
    ['iamapikey', 'no issuer takes API keys and refresh tokens'],
    ['iamrefresh', 'no issuer takes API keys and refresh tokens'],
    ['awsiam', 'AWS callers are not configured'],
  ] as const)('says in the log what is not configured: %s', async (kind, reason) => {
    const verifier = identityVerifier({ ...only(), randomBytes });
    const proof = { kind, secret: new Secret(signToken(key)) };
    await expect(verifier.identify(proof, NOW_MS)).rejects.toMatchObject({ details: { reason } });
  });

  it('hides what it remembers with 32 random bytes for each of its caches', () => {
    const counts: number[] = [];
    const counted = (count: number) => {
      counts.push(count);
      return randomBytes(count);
    };
    const { issuers, publicUrl } = only(iam.issuer());
    const aws = { key: 'aws', endpoint: null } as const;
    identityVerifier({ issuers: { ...issuers, aws }, publicUrl, randomBytes: counted });
    expect(counts).toEqual([32, 32]);
  });

  it('asks AWS about AWS callers, and looks at the source first', async () => {
    const sts = await new LoopbackSts().open();
    const { issuers, publicUrl } = only();
    const failures = failureLimiter(1);
    const verifier = identityVerifier({
      issuers: { ...issuers, aws: { key: 'aws', endpoint: sts.url } },
      ...{ publicUrl, randomBytes, failures },
    });
    const secret = new Secret(await proofOf());
    failures.fail('192.0.2.1', NOW_MS);
    failures.fail('192.0.2.1', NOW_MS);
    const from = (sourceAddress: string) =>
      verifier.identify({ kind: 'awsiam', secret, sourceAddress }, NOW_MS);
    await expect(from('192.0.2.1')).rejects.toMatchObject({ code: 'rate-limited' });
    expect(sts.connections).toBe(0);
    expect(await from('192.0.2.2')).toMatchObject({ kind: 'awsiam' });
    await sts.close();
  });

  it('refuses API keys when no issuer takes them', async () => {
    const verifier = identityVerifier({ ...only(iam.issuer({ tokenUrl: null })), randomBytes });
    const proof = { kind: 'iamapikey', secret: new Secret('api-key-0123456789') } as const;
    await expect(verifier.identify(proof, NOW_MS)).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  it.each([
    [
      'two issuers that take API keys',
      [{}, { key: 'b', issuer: 'https://b.example' }],
      'more than one issuer takes API keys',
    ],
    ['two issuers of one name', [{}, { key: 'b', tokenUrl: null }], 'two issuers share one name'],
    ['a token endpoint in the clear', [{ tokenUrl: 'http://iam.example/token' }], IN_THE_CLEAR],
    ['keys in the clear', [{ keysUrl: 'http://iam.example/keys' }], IN_THE_CLEAR],
  ])('cannot be made with %s', (_, overrides, message) => {
    const issuers = overrides.map(override => iam.issuer(override));
    expect(() => identityVerifier({ ...only(...issuers), randomBytes })).toThrow(new TypeError(message));
  });
});
