/** Mistakes that others have made, named by their advisories, which must never be ours. */
import { createHmac, generateKeyPairSync } from 'node:crypto';
import { CompactEncrypt, exportSPKI } from 'jose';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { issuerKeySet } from '../../lib/iam/issuer-keys.ts';
import { type AccessTokenVerifier, accessTokenVerifier } from '../../lib/iam/signed-token.ts';
import { LoopbackIam } from './loopback-iam.ts';
import { encode, goodClaims, NOW_MS, signToken, testKey } from './tokens.ts';

const key = testKey('k1');
const attacker = testKey('k1');
let iam: LoopbackIam;
let evil: LoopbackIam;
let verify: AccessTokenVerifier;

beforeEach(async () => {
  iam = await new LoopbackIam().open();
  evil = await new LoopbackIam().open();
  iam.keys = [key.jwk];
  evil.keys = [attacker.jwk];
  verify = verifierOf(iam.issuer());
});
afterEach(async () => {
  await iam.close();
  await evil.close();
});

function verifierOf(...issuers: ReturnType<LoopbackIam['issuer']>[]): AccessTokenVerifier {
  return accessTokenVerifier(issuers.map(issuer => ({ issuer, keys: issuerKeySet(issuer.keysUrl) })));
}

async function expectRefusal(token: string, nowMs = NOW_MS): Promise<void> {
  await expect(verify(token, nowMs)).rejects.toMatchObject({ code: 'unauthenticated' });
}

it.each(['jwk', 'jku', 'x5u', 'crit'])(
  'CVE-2025-24976: a key or a rule that a token brings along as %s is not used',
  async name => {
    const values = { jwk: attacker.jwk, jku: `${evil.url}/keys`, x5u: `${evil.url}/keys`, crit: ['exp'] };
    const header = { alg: 'ES256', kid: 'k1', [name]: values[name as keyof typeof values] };
    await expectRefusal(signToken(attacker, goodClaims(), header));
    await expectRefusal(signToken(key, goodClaims(), header));
    await expectRefusal(signToken(key, goodClaims(), { ...header, [name]: null }));
    expect(evil.requests).toEqual({ keys: 0, token: 0, elsewhere: 0 });
  },
);

it.each(['none', 'None', 'NONE', ''])('CVE-2015-9235: the algorithm %j is refused', async alg => {
  const unsigned = `${encode({ alg, kid: 'k1' })}.${encode(goodClaims())}`;
  await expectRefusal(`${unsigned}.`);
  await expectRefusal(`${unsigned}.AA`);
  expect(iam.requests.keys).toBe(0);
});

it('CVE-2015-9235: a public key is not accepted as an HMAC secret', async () => {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const jwk = publicKey.export({ format: 'jwk' });
  iam.keys = [{ ...jwk, kid: 'rsa' }];
  const input = `${encode({ alg: 'HS256', kid: 'rsa' })}.${encode(goodClaims())}`;
  for (const secret of [await exportSPKI(publicKey), JSON.stringify(jwk), jwk.n ?? '']) {
    await expectRefusal(`${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`);
  }
});

it('CVE-2015-9235: a symmetric key in a key set verifies nothing', async () => {
  const secret = Buffer.alloc(32, 7);
  iam.keys = [{ kty: 'oct', k: secret.toString('base64url'), kid: 'oct', alg: 'HS256' }];
  const input = `${encode({ alg: 'HS256', kid: 'oct' })}.${encode(goodClaims())}`;
  await expectRefusal(`${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`);
});

it('CVE-2024-28176, CVE-2022-36083: an encrypted token is refused before it is inflated or decrypted', async () => {
  const bomb = await new CompactEncrypt(Buffer.from('x'))
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid: 'k1' })
    .encrypt(Buffer.alloc(32));
  const [, ...rest] = bomb.split('.');
  const headers = [
    { alg: 'dir', enc: 'A256GCM', zip: 'DEF', kid: 'k1' },
    { alg: 'PBES2-HS256+A128KW', enc: 'A128GCM', p2c: 2_147_483_647, p2s: 'AAAA', kid: 'k1' },
  ];
  const started = process.cpuUsage();
  for (const header of headers) await expectRefusal([encode(header), ...rest].join('.'));
  expect(process.cpuUsage(started).user).toBeLessThan(500_000);
  expect(iam.requests.keys).toBe(0);
});

it('CVE-2025-30204: a megabyte of dots is refused before it is split', async () => {
  const dots = '.'.repeat(1_000_000);
  const started = process.cpuUsage();
  for (let round = 0; round < 200; round++) await expectRefusal(dots);
  await expectRefusal(`a${'.a'.repeat(5000)}`);
  expect(process.cpuUsage(started).user).toBeLessThan(1_000_000);
});

it('CVE-2026-49998: a kid of one issuer finds no key of another', async () => {
  const other = { ...evil.issuer(), key: 'other', issuer: 'https://other.example' };
  verify = verifierOf(iam.issuer(), other);
  const atOther = signToken(attacker, goodClaims({ iss: other.issuer }));
  expect(await verify(atOther, NOW_MS)).toMatchObject({ account: 'other:acct-1' });
  await expectRefusal(signToken(attacker));
  expect(await verify(signToken(key), NOW_MS)).toMatchObject({ account: 'test:acct-1' });
  await expectRefusal(signToken(key, goodClaims({ iss: other.issuer })));
});

it('CVE-2025-22149: a key that its issuer removed is refused after the next good fetch', async () => {
  const token = signToken(key);
  await verify(token, NOW_MS);
  iam.keys = [testKey('k2').jwk];
  await verify(token, NOW_MS + 299_000);
  await expectRefusal(token, NOW_MS + 300_000);
  await expectRefusal(token, NOW_MS + 301_000);
});

it('CVE-2025-52477: an issuer that the configuration does not name is never asked', async () => {
  for (const iss of [evil.url, `${evil.url}/keys`, `${iam.issuer().issuer}.evil.example`, '__proto__', '']) {
    await expectRefusal(signToken(attacker, goodClaims({ iss })));
  }
  expect([evil.requests, iam.requests]).toEqual(Array(2).fill({ keys: 0, token: 0, elsewhere: 0 }));
});

it('CVE-2026-49478: a redirect is not followed', async () => {
  iam.keys = [key.jwk];
  await iam.setFault('keys', 'redirect');
  await expect(verify(signToken(key), NOW_MS)).rejects.toMatchObject({ code: 'unavailable' });
  expect(iam.requests).toMatchObject({ keys: 1, elsewhere: 0 });
});

it.each([
  'http://iam.example/keys',
  'http://169.254.169.254/keys',
  'file:///etc/passwd',
  'http://127.0.0.1.evil.example/',
  'https://user:secret@iam.example/keys',
  'ftp://127.0.0.1/keys',
  '/keys',
])('CVE-2026-49478: the keys of an issuer are never fetched from %s', url => {
  expect(() => issuerKeySet(url)).toThrow(TypeError);
});

it.each([
  ['another audience', 'https://other.example'],
  ['a longer audience', 'https://pullpass.example.evil'],
  ['the beginning of the audience', 'https://pullpass'],
  ['no audience', undefined],
  ['an empty list', []],
  ['a list with others', ['https://pullpass.example', 'https://other.example']],
  ['a nested list', [['https://pullpass.example']]],
  ['nothing', null],
])('CVE-2024-5798: a token for %s is refused', async (_, aud) => {
  await expectRefusal(signToken(key, goodClaims({ aud })));
});

it('CVE-2024-5798: a token with an audience is refused for an issuer without one', async () => {
  verify = verifierOf(iam.issuer({ audience: null }));
  await expectRefusal(signToken(key, goodClaims({ aud: 'https://other.example' })));
  await expectRefusal(signToken(key, goodClaims({ aud: null })));
  await verify(signToken(key, goodClaims({ aud: undefined })), NOW_MS);
});

it('CVE-2024-5798: an audience may be a list of one', async () => {
  await verify(signToken(key, goodClaims({ aud: ['https://pullpass.example'] })), NOW_MS);
});
