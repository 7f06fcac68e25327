/** The access tokens, certificates and bundles that the prober and `doctor` accept. */
import { generateKeyPairSync } from 'node:crypto';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Broker } from '../../cli/broker.ts';
import { Network } from '../../cli/network.ts';
import { publicKeys } from '../../cli/registry/service.ts';
import { certificatesIn, type Expectation, verifyAccessToken } from '../../lib/probe/login.ts';
import { certifyLeaf, certifyRoot } from '../../lib/signing/certificates.ts';
import { type Served, serve } from '../cli/support/served.ts';
import { SERVICE } from '../support/records.ts';

let served: Served;
let token: string;
let expected: Expectation;
/** Those of another deployment, for a service of the same name. */
let foreign: Expectation;

beforeAll(async () => {
  const other = await serve();
  foreign = await expectationOf(other);
  await other.close();
  served = await serve();
  expected = await expectationOf(served);
  const { deployment } = served;
  const { token: registryToken } = (await deployment.as('acme:alice')('POST /v1/tokens', { json: {} })).json;
  token = (await deployment.logIn(registryToken)).json.token;
});
afterAll(() => served.close());

async function expectationOf({ url }: Served): Promise<Expectation> {
  const keys = await publicKeys(
    new Broker({ url, timeoutMs: 10_000, network: new Network({}) }),
    SERVICE.name,
  );
  return { ...keys, issuer: url, service: SERVICE.name, nowMs: Date.now() };
}

describe('an access token', () => {
  it('of the deployment is found right', async () => {
    await expect(verifyAccessToken(token, expected)).resolves.toMatchObject({ aud: SERVICE.name });
    await expect(verifyAccessToken(token, { ...expected, bundle: undefined })).resolves.toMatchObject({
      aud: SERVICE.name,
    });
  });

  it.for<[sentence: string, change: () => Partial<Expectation>, text: string]>([
    ['keys that are not published', () => ({ jwks: foreign.jwks }), 'does not verify'],
    ['no keys', () => ({ jwks: { keys: [] } }), 'does not verify'],
    ['another issuer', () => ({ issuer: 'https://other.example' }), '"iss"'],
    ['another service', () => ({ service: 'other.example' }), '"aud"'],
    ['a bundle with another root', () => ({ bundle: foreign.bundle }), 'none of the published roots'],
    ['a bundle without certificates', () => ({ bundle: '' }), 'holds no certificate'],
    ['a clock that is an hour late', () => ({ nowMs: expected.nowMs + 3_600_000 }), '"exp"'],
    ['a clock that is an hour early', () => ({ nowMs: expected.nowMs - 3_600_000 }), '"nbf"'],
  ])('is refused with %s', async ([, change, text]) => {
    await expect(verifyAccessToken(token, { ...expected, ...change() })).rejects.toThrow(text);
  });

  it('is refused with a certificate whose key did not sign it, or without one', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const jwks = { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'mine', alg: 'ES256' as const }] };
    const [header = '', payload = ''] = token.split('.');
    const { x5c } = JSON.parse(Buffer.from(header, 'base64url').toString());
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
    const signed = (more: object) =>
      new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: 'mine', ...more }).sign(privateKey);

    const stolen = verifyAccessToken(await signed({ x5c }), { ...expected, jwks });
    await expect(stolen).rejects.toThrow('was not signed with the key of its certificate');
    const bare = verifyAccessToken(await signed({}), { ...expected, jwks });
    await expect(bare).rejects.toThrow('has no certificate');
  });
});

describe('a certificate', () => {
  it('that has expired, or is not valid yet, is refused', async () => {
    const key = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const [root, leaf] = [key(), key()];
    const now = Math.floor(expected.nowMs / 1000);
    const DAY = 86_400;
    const { certificate } = await certifyRoot(SERVICE.name, root.privateKey, now - 30 * DAY);
    const authority = { privateKey: root.privateKey, certificate };
    const jwks = {
      keys: [{ ...leaf.publicKey.export({ format: 'jwk' }), kid: 'mine', alg: 'ES256' as const }],
    };
    const bundle = `-----BEGIN CERTIFICATE-----\n${Buffer.from(certificate).toString('base64')}\n-----END CERTIFICATE-----\n`;
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    const tokenWithLeafFrom = async (start: number) => {
      const certified = await certifyLeaf(authority, leaf.privateKey, start);
      const x5c = [Buffer.from(certified.certificate).toString('base64')];
      return new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: 'mine', x5c }).sign(leaf.privateKey);
    };
    const verify = async (start: number) =>
      verifyAccessToken(await tokenWithLeafFrom(start), { ...expected, jwks, bundle });

    await expect(verify(now)).resolves.toMatchObject({ aud: SERVICE.name });
    for (const start of [now - 20 * DAY, now + DAY])
      await expect(verify(start)).rejects.toThrow('which is not now');
  });
});

describe('a bundle', () => {
  it('is read whole, or not at all', () => {
    const { bundle = '' } = expected;
    expect(certificatesIn(bundle + bundle)).toHaveLength(2);
    const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
    expect(() => certificatesIn(bundle + broken)).toThrow('cannot be read');
  });
});
