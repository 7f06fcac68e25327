/** Signed tokens: whom they name, and every way in which one is refused. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { issuerKeySet } from '../../lib/iam/issuer-keys.ts';
import {
  type AccessTokenVerifier,
  accessTokenVerifier,
  MAX_TOKEN_LENGTH,
} from '../../lib/iam/signed-token.ts';
import { LoopbackIam } from './loopback-iam.ts';
import { encode, goodClaims, NOW, NOW_MS, signToken, testKey } from './tokens.ts';

const key = testKey('k1');
let iam: LoopbackIam;
let verify: AccessTokenVerifier;

beforeEach(async () => {
  iam = await new LoopbackIam().open();
  iam.keys = [key.jwk];
  verify = verifierFor();
});
afterEach(async () => iam.close());

function verifierFor(overrides: Parameters<LoopbackIam['issuer']>[0] = {}): AccessTokenVerifier {
  const issuer = iam.issuer(overrides);
  return accessTokenVerifier([{ issuer, keys: issuerKeySet(issuer.keysUrl) }]);
}

async function expectRefusal(token: string, reason: string | RegExp): Promise<void> {
  await expect(verify(token, NOW_MS)).rejects.toMatchObject({
    code: 'unauthenticated',
    details: { reason: expect.stringMatching(reason) },
  });
}

describe('an access token', () => {
  it('names the caller that its issuer vouches for', async () => {
    expect(await verify(signToken(key), NOW_MS)).toEqual({
      kind: 'iambearer',
      issuer: 'test',
      account: 'test:acct-1',
      subject: 'test:IBMid-270000001',
      strength: 'strong',
      nonce: null,
      expiresAt: NOW + 3600,
    });
  });

  it('is a weak proof when its issuer names no audience', async () => {
    verify = verifierFor({ audience: null });
    expect(await verify(signToken(key, goodClaims({ aud: undefined })), NOW_MS)).toMatchObject({
      strength: 'weak',
    });
  });

  const refusals: Record<string, [Record<string, unknown>, string]> = {
    'ends never': [{ exp: undefined }, 'exp'],
    'ends at no whole second': [{ exp: NOW + 0.5 }, 'exp'],
    'ends beyond the safe integers': [{ exp: 2 ** 60 }, 'exp'],
    'ends at a text': [{ exp: `${NOW + 60}` }, 'exp'],
    'has expired': [{ exp: NOW - 30 }, 'expired'],
    'does not say when it was issued': [{ iat: undefined }, 'iat'],
    'was issued in the future': [{ iat: NOW + 31 }, 'not valid yet'],
    'was issued in the future, with an nbf in the past': [{ iat: NOW + 31, nbf: NOW }, 'not valid yet'],
    'is not valid yet': [{ nbf: NOW + 31 }, 'not valid yet'],
    'has an nbf that is no number': [{ nbf: 'now' }, 'nbf'],
    'is made to live for more than a day': [{ iat: NOW - 10, exp: NOW + 86_400 }, 'too long'],
    'was issued at the beginning of time': [{ iat: -(2 ** 52) }, 'too long'],
    'has no subject': [{ iam_id: undefined }, 'subject'],
    'has an empty subject': [{ iam_id: '' }, 'subject'],
    'has a subject that is a list': [{ iam_id: ['a'] }, 'subject'],
    'has a subject with a space': [{ iam_id: 'a b' }, 'subject'],
    'has a subject with a look-alike letter': [{ iam_id: 'аdmin' }, 'subject'],
    'has no account': [{ account: {} }, 'account'],
    'has an account that is a number': [{ account: { bss: 7 } }, 'account'],
    'has an account where the path leads through a text': [{ account: 'bss' }, 'account'],
    'is of another issuer': [{ iss: 'https://iam.example/identity/' }, 'configured issuer'],
    'has a list of issuers': [{ iss: ['https://iam.example/identity'] }, 'configured issuer'],
  };
  it.each(Object.entries(refusals))('is refused when it %s', async (_, [overrides, reason]) => {
    await expectRefusal(signToken(key, goodClaims(overrides)), reason);
  });

  it('is borne with when its issuer’s clock is 30 seconds off, and no further', async () => {
    await verify(signToken(key, goodClaims({ iat: NOW + 30 })), NOW_MS);
    await verify(signToken(key, goodClaims({ exp: NOW - 29 })), NOW_MS);
    await verify(signToken(key, goodClaims({ iat: NOW, exp: NOW + 86_400 })), NOW_MS);
  });

  it('never finds a claim that every object inherits', async () => {
    verify = verifierFor({ claims: { subject: 'constructor.name', account: 'account.bss' } });
    await expectRefusal(signToken(key), 'subject');
  });

  it('is refused unless the claim that the issuer demands is true', async () => {
    verify = verifierFor({ claims: { subject: 'iam_id', account: 'account.bss', valid: 'account.valid' } });
    await verify(signToken(key), NOW_MS);
    for (const valid of [false, 'true', 1, undefined]) {
      await expectRefusal(signToken(key, goodClaims({ account: { bss: 'acct-1', valid } })), 'not valid');
    }
  });

  const json = JSON.stringify(goodClaims());
  const malformed: Record<string, string | Buffer> = {
    'repeats a claim': json.replace('{', '{"iam_id":"IBMid-admin",'),
    'repeats a claim by an escape': json.replace('{', '{"iam\\u005fid":"IBMid-admin",'),
    'repeats a member deep inside': json.replace('"bss"', '"bss" : "acct-2", "bss"'),
    'is no JSON': json.slice(1),
    'is not UTF-8': Buffer.from('{"iam_id":"\xff"}', 'latin1'),
    'begins with a byte order mark': `\ufeff${json}`,
  };
  it.each(Object.entries(malformed))('is refused when its payload %s', async (_, payload) => {
    await expectRefusal(signToken(key, payload), 'not readable');
  });

  it('is refused when a character in it was changed', async () => {
    const [header, , signature] = signToken(key).split('.');
    await expectRefusal(`${header}.${encode(goodClaims({ iam_id: 'admin' }))}.${signature}`, 'signature');
  });

  it('is refused without a kid, even where there is one key', async () => {
    await expectRefusal(signToken(key, goodClaims(), { alg: 'ES256' }), 'names no key');
  });

  it.each([
    ['of a key that its issuer has not', { alg: 'ES256', kid: 'k2' }, 'the issuer has no such key'],
    ['with no signature', { alg: 'none', kid: 'k1' }, 'the algorithm is not allowed'],
    ['signed with a secret', { alg: 'HS256', kid: 'k1' }, 'the algorithm is not allowed'],
    ['with a key in it', { alg: 'ES256', kid: 'k1', jwk: {} }, 'the token has a header that is not allowed'],
    [
      'with the address of a key',
      { alg: 'ES256', kid: 'k1', jku: 'x' },
      'the token has a header that is not allowed',
    ],
    [
      'with a certificate',
      { alg: 'ES256', kid: 'k1', x5u: 'x' },
      'the token has a header that is not allowed',
    ],
    ['with a demand', { alg: 'ES256', kid: 'k1', crit: [] }, 'the token has a header that is not allowed'],
  ])('is refused %s', async (_, header, reason) => {
    await expectRefusal(signToken(key, goodClaims(), header), reason);
  });

  it('may have 16 384 characters, and no more', async () => {
    const withFiller = (length: number, more: number) => {
      const header = { alg: 'ES256', kid: 'k1', more: 'x'.repeat(more) };
      return signToken(key, goodClaims({ filler: 'x'.repeat(length) }), header);
    };
    const filler = Math.floor(((MAX_TOKEN_LENGTH - withFiller(0, 0).length) * 3) / 4);
    // Three bytes are four characters, so no one part makes every length.
    const lengths = [0, 1, 2, 3].flatMap(more =>
      [-4, -3, -2, -1, 0, 1].map(by => withFiller(filler + by, more)),
    );
    const longest = lengths.find(({ length }) => length === MAX_TOKEN_LENGTH) ?? '';
    expect([MAX_TOKEN_LENGTH, longest.length]).toEqual([16_384, 16_384]);
    await verify(longest, NOW_MS);
    const longer = lengths.find(({ length }) => length > MAX_TOKEN_LENGTH) ?? '';
    await expectRefusal(longer, 'not a signed token');
  });

  it('is refused when its key is for another algorithm', async () => {
    iam.keys = [{ ...key.jwk, alg: 'ES384' }];
    await expectRefusal(signToken(key), 'signature');
  });

  it('is refused in any other spelling of its bytes, before a key is asked for', async () => {
    const token = signToken(key);
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const bytesOf = (text: string) => Buffer.from(text.split('.')[2] ?? '', 'base64url');
    const others = [...letters]
      .map(letter => token.slice(0, -1) + letter)
      .filter(other => other !== token && bytesOf(other).equals(bytesOf(token)));
    expect(others).toHaveLength(15);
    for (const other of others) await expectRefusal(other, 'not in canonical base64url');
    expect(iam.requests.keys).toBe(0);
  });

  it.each([
    ['is padded', `${signToken(key)}=`],
    ['ends in a line break', `${signToken(key)}\n`],
    ['has a space before it', ` ${signToken(key)}`],
    ['has two parts', signToken(key).split('.').slice(0, 2).join('.')],
    ['has an empty signature', `${signToken(key).split('.').slice(0, 2).join('.')}.`],
    ['is too long', signToken(key, goodClaims({ filler: 'x'.repeat(MAX_TOKEN_LENGTH) }))],
    ['is empty', ''],
  ])('is refused before anything is parsed when it %s', async (_, token) => {
    await expectRefusal(token, 'not a signed token');
    expect(iam.requests.keys).toBe(0);
  });
});

describe('a token of many members and lists', () => {
  const lists = (count: number) => Array(count).fill([]);
  const withPayload = (count: number) => signToken(key, goodClaims({ filler: lists(count - 12) }));
  const withHeader = (count: number) =>
    signToken(key, goodClaims(), { alg: 'ES256', kid: key.jwk.kid, filler: lists(count - 5) });

  it.each([
    ['payload', withPayload],
    ['header', withHeader],
  ])('is refused for a %s of more than 1000 of them, before a key is asked for', async (_, token) => {
    await expectRefusal(token(1001), 'not readable');
    expect(iam.requests.keys).toBe(0);
    expect(await verify(token(1000), NOW_MS)).toMatchObject({ issuer: 'test' });
  });
});

describe('the verifier', () => {
  it('cannot be made with two issuers of one name', () => {
    const trusted = { issuer: iam.issuer(), keys: issuerKeySet(iam.issuer().keysUrl) };
    expect(() => accessTokenVerifier([trusted, trusted])).toThrow(TypeError);
  });
});
