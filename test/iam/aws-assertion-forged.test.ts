/** Proofs that no SDK makes, though their senders may have keys and sign anything: none reaches AWS. */
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AwsCallers, awsCallers } from '../../lib/iam/aws-sts.ts';
import type { Presigning } from '../support/presigned.ts';
import { FARM, FARM_PRINCIPAL, HOST, LoopbackSts, PUBLIC_URL, proofOf } from './loopback-sts.ts';
import { NOW_MS } from './tokens.ts';

let sts: LoopbackSts;
let callers: AwsCallers;

beforeEach(async () => {
  sts = await new LoopbackSts().open();
  callers = awsCallers({ publicUrl: PUBLIC_URL, endpoint: sts.url, cacheKey: randomBytes(32) });
});
afterEach(async () => sts.close());

/** A text that is made of a good proof. */
type Forge = (good: string) => string | Promise<string>;

const GOOD_PARAMETERS = [
  ...['Action', 'Version', 'X-Amz-Algorithm', 'X-Amz-Credential', 'X-Amz-Date', 'X-Amz-Expires'],
  ...['X-Amz-Signature', 'X-Amz-SignedHeaders'],
];
const QUERY = { Action: 'GetCallerIdentity', Version: '2011-06-15' };

function replaced(what: string | RegExp, by: string): Forge {
  return good => good.replace(what, by);
}

function added(text: string): Forge {
  return good => `${good}${text}`;
}

/** Signed as it is, by keys that AWS knows. */
function signed(differing: Partial<Presigning>): Forge {
  return () => proofOf(FARM, differing);
}

function at(host: string, differing: Partial<Presigning> = {}): Forge {
  return signed({ host, ...differing });
}

/** With another value of a parameter, however it is spelled. */
function having(name: string, value: string): Forge {
  return replaced(new RegExp(`(?<=[?&]${name}=)[^&]*`), value);
}

function pairOf(name: string, good: string): string {
  return new RegExp(`[?&](${name}=[^&]*)`).exec(good)?.[1] ?? '';
}

const NO_URL = /^not a presigned URL/;
const NO_PARAMETER = /^the AWS proof has an unknown parameter/;
const TWICE = /^the AWS proof has a parameter twice/;
const ENCODING = /^the AWS proof has a value that is not in canonical encoding/;
const VALUE = /^the AWS proof has a \S+ that is not allowed/;
const REGION = /^the region of the AWS proof is not that of its host/;

const NO_PROOFS: Record<string, [Forge, RegExp]> = {
  nothing: [() => '', NO_URL],
  'a registry token': [() => `plp_${'a'.repeat(87)}`, NO_URL],
  'an access token': [() => 'eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJ4In0.c2ln', NO_URL],
  'the proof in base64': [good => Buffer.from(good).toString('base64url'), NO_URL],
  'a URL without TLS': [replaced('https:', 'http:'), NO_URL],
  'a scheme in capitals': [replaced('https:', 'HTTPS:'), NO_URL],
  'a file': [replaced('https:', 'file:'), NO_URL],
  'no scheme': [replaced('https:', ''), NO_URL],
  'a space before it': [good => ` ${good}`, NO_URL],
  'a line break behind it': [added('\n'), NO_URL],
  'a second line': [good => `${good}\n${good}`, NO_URL],
  'a NUL behind it': [added('\0'), NO_URL],
  'a fragment': [added('#x'), NO_URL],
  'a question mark more': [added('?Action=GetCallerIdentity'), NO_URL],
  'no query': [good => good.split('?')[0] ?? '', NO_URL],
  'an empty query': [good => `${good.split('?')[0]}?`, NO_URL],
  'more than eight thousand characters': [having('X-Amz-Security-Token', 'A'.repeat(8192)), NO_URL],
  'a megabyte of parameters': [added('&a=b'.repeat(250_000)), NO_URL],
};

const PLACES: Record<string, [Forge, RegExp]> = {
  'another host': [at('evil.example'), NO_URL],
  'a host that begins like STS': [at(`${HOST}.evil.example`), NO_URL],
  'a host that ends like STS': [at(`evil-${HOST}`), NO_URL],
  'a host below STS': [at(`evil.${HOST}`), NO_URL],
  'a host in capitals': [replaced(HOST, HOST.toUpperCase()), NO_URL],
  'a host with a dot at its end': [replaced(HOST, `${HOST}.`), NO_URL],
  'a host with a letter that looks like one': [replaced('https://s', 'https://ѕ'), NO_URL],
  'a host that is percent-encoded': [replaced('https://sts', 'https://%73ts'), NO_URL],
  'a tab in the host': [replaced('https://sts', 'https://s\tts'), NO_URL],
  'the name of something that every object has': [at('constructor'), NO_URL],
  'another service of AWS': [at('s3.eu-central-1.amazonaws.com'), NO_URL],
  'an API of an AWS customer': [at('abcdef.execute-api.eu-central-1.amazonaws.com'), NO_URL],
  'a region that there is not': [at('sts.moon-north-1.amazonaws.com', { region: 'moon-north-1' }), NO_URL],
  'a FIPS name': [at('sts-fips.us-east-1.amazonaws.com', { region: 'us-east-1' }), NO_URL],
  'a dual-stack name': [at('sts.us-east-1.api.aws', { region: 'us-east-1' }), NO_URL],
  'a region under the suffix of another partition': [at(`${HOST}.cn`), NO_URL],
  'a global host of China': [at('sts.amazonaws.com.cn', { region: 'cn-north-1' }), NO_URL],
  'a partition that there is not': [
    at('sts.us-isoz-east-1.c3s.ic.gov', { region: 'us-isoz-east-1' }),
    NO_URL,
  ],
  'a region of a partition that there is not': [
    at('sts.us-iso-east-9.c2s.ic.gov', { region: 'us-iso-east-9' }),
    NO_URL,
  ],
  'this machine': [at('127.0.0.1'), NO_URL],
  'this machine by name': [at('localhost'), NO_URL],
  'this machine by number': [at('2130706433'), NO_URL],
  'an IPv6 address': [at('[::1]'), NO_URL],
  'the metadata of the machine': [at('169.254.169.254'), NO_URL],
  'a port': [replaced(HOST, `${HOST}:8443`), NO_URL],
  'the usual port': [replaced(HOST, `${HOST}:443`), NO_URL],
  'a user': [replaced(HOST, `user@${HOST}`), NO_URL],
  'STS as the user of another host': [replaced(HOST, `${HOST}@evil.example`), NO_URL],
  'STS and a backslash before another host': [replaced(HOST, `${HOST}\\@evil.example`), NO_URL],
  'a path': [signed({ path: '/x' }), NO_URL],
  'a path of two slashes': [replaced(`${HOST}/`, `${HOST}//`), NO_URL],
  'a path that leads back': [replaced(`${HOST}/`, `${HOST}/x/../`), NO_URL],
  'a path of a dot': [replaced(`${HOST}/`, `${HOST}/%2e/`), NO_URL],
  'no path': [replaced(`${HOST}/`, HOST), NO_URL],
  'a host of another region': [at('sts.eu-west-1.amazonaws.com'), REGION],
  'the global host, signed for a region': [at('sts.amazonaws.com'), REGION],
  'a host of another partition': [at('sts.cn-north-1.amazonaws.com.cn'), REGION],
};

const PARAMETERS: Record<string, [Forge, RegExp]> = {
  ...Object.fromEntries(
    GOOD_PARAMETERS.flatMap(
      name =>
        [
          [
            `no ${name}`,
            [
              good =>
                good.replace(pairOf(name, good), '').replace(/&&|&$|(?<=\?)&/, m => (m === '&&' ? '&' : '')),
              new RegExp(`^the AWS proof lacks ${name}$`),
            ],
          ],
          [`${name} twice`, [good => `${good}&${pairOf(name, good)}`, TWICE]],
          [`${name} with something before it`, [replaced(new RegExp(`(?<=[?&]${name}=)`), 'x'), VALUE]],
          [
            `${name} with something behind it`,
            [replaced(new RegExp(`(?<=[?&]${name}=[^&]*)(?=&|$)`), 'x'), VALUE],
          ],
          [`an empty ${name}`, [having(name, ''), VALUE]],
        ] satisfies [string, [Forge, RegExp]][],
    ),
  ),
  'X-Amz-Security-Token twice': [good => `${good}&${pairOf('X-Amz-Security-Token', good)}`, TWICE],
  'an empty X-Amz-Security-Token': [having('X-Amz-Security-Token', ''), VALUE],
  'a parameter that STS would take': [
    signed({ query: { ...QUERY, RoleArn: 'arn:aws:iam::1:role/x' } }),
    NO_PARAMETER,
  ],
  'a wish for another format': [signed({ query: { ...QUERY, ContentType: 'JSON' } }), NO_PARAMETER],
  'the name of something that every object has': [added('&__proto__=x'), NO_PARAMETER],
  'an empty parameter at the end': [added('&'), NO_PARAMETER],
  'an empty parameter in the middle': [replaced('&Version', '&&Version'), NO_PARAMETER],
  'a parameter without a value': [added('&Action'), TWICE],
  'a value that holds an equals sign': [replaced('=2011-06-15', '=2011-06-15=x'), NO_PARAMETER],
  'a parameter in brackets': [added('&Action%5B%5D=AssumeRole'), NO_PARAMETER],
  'parameters parted by a semicolon': [replaced('&Version', ';Version'), NO_URL],
};

const VALUES: Record<string, [Forge, RegExp]> = {
  'another action': [signed({ query: { ...QUERY, Action: 'GetSessionToken' } }), VALUE],
  'an action in small letters': [signed({ query: { ...QUERY, Action: 'getcalleridentity' } }), VALUE],
  'another version': [signed({ query: { ...QUERY, Version: '2010-05-08' } }), VALUE],
  'another algorithm': [having('X-Amz-Algorithm', 'AWS4-ECDSA-P256-SHA256'), VALUE],
  'an algorithm in small letters': [having('X-Amz-Algorithm', 'aws4-hmac-sha256'), VALUE],
  'another service': [signed({ service: 's3' }), VALUE],
  'a credential of another day': [replaced('%2F20260921%2F', '%2F20260920%2F'), /two dates$/],
  'a credential for another end': [replaced('aws4_request', 'aws4_requests'), VALUE],
  'a credential of six parts': [replaced('aws4_request', 'aws4_request%2Fx'), VALUE],
  'a key in small letters': [replaced('ASIAIOSFODNN7EXAMPLE', 'asiaiosfodnn7example'), VALUE],
  'a date with dashes': [having('X-Amz-Date', '2026-09-21T141320Z'), VALUE],
  'a date without Z': [having('X-Amz-Date', '20260921T141320'), VALUE],
  'a month that there is not': [having('X-Amz-Date', '20261321T141320Z'), /^the date of .* is not valid$/],
  'a day that there is not': [having('X-Amz-Date', '20260931T141320Z'), /^the date of .* is not valid$/],
  'an hour that there is not': [having('X-Amz-Date', '20260921T241320Z'), /^the date of .* is not valid$/],
  'no life': [having('X-Amz-Expires', '0'), VALUE],
  'a negative life': [having('X-Amz-Expires', '-1'), VALUE],
  'a life with an exponent': [having('X-Amz-Expires', '1e2'), VALUE],
  'a life with a zero before it': [having('X-Amz-Expires', '0300'), VALUE],
  'a life with a point': [having('X-Amz-Expires', '300.0'), VALUE],
  'a life of 901 seconds': [signed({ expiresIn: 901 }), /valid for too long$/],
  'a life of an hour': [signed({ expiresIn: 3600 }), VALUE],
  'no header that says for whom': [signed({ headers: {} }), VALUE],
  'another header': [signed({ headers: { 'x-other-server-id': PUBLIC_URL } }), VALUE],
  'a header more': [signed({ headers: { 'x-pullpass-server-id': PUBLIC_URL, accept: 'text/xml' } }), VALUE],
  'headers in another order': [having('X-Amz-SignedHeaders', 'x-pullpass-server-id%3Bhost'), VALUE],
  'headers in capitals': [having('X-Amz-SignedHeaders', 'Host%3BX-Pullpass-Server-Id'), VALUE],
  'a signature in capitals': [having('X-Amz-Signature', 'A'.repeat(64)), VALUE],
  'a signature that is too short': [having('X-Amz-Signature', 'a'.repeat(63)), VALUE],
  'a signature that is too long': [having('X-Amz-Signature', 'a'.repeat(65)), VALUE],
  'a session token with a space': [having('X-Amz-Security-Token', 'AA%20AA'), VALUE],
  'a session token with a line break': [having('X-Amz-Security-Token', 'AA%0D%0AHost%3A%20evil'), VALUE],
  'a session token with a NUL': [having('X-Amz-Security-Token', 'AA%00'), VALUE],
  'hexadecimal digits in small letters': [replaced('%3B', '%3b'), ENCODING],
  'a letter that needs no encoding': [replaced('=GetCaller', '=%47etCaller'), ENCODING],
  'an encoding that is encoded': [replaced('%3B', '%253B'), VALUE],
  'a slash that is not encoded': [replaced('%2Fsts%2F', '/sts/'), NO_URL],
  'a plus': [having('X-Amz-Security-Token', 'AA+AA'), NO_URL],
  'a percent sign without digits': [having('X-Amz-Security-Token', 'AA%zz'), ENCODING],
  'a percent sign at the end': [added('%'), ENCODING],
  'an overlong encoding': [having('X-Amz-Security-Token', 'AA%c0%af'), ENCODING],
  'half a character': [having('X-Amz-Security-Token', 'AA%C3'), ENCODING],
};

const MOMENTS: Record<string, [Forge, RegExp]> = {
  'five minutes ago': [signed({ signedAtMs: NOW_MS - 300_000 }), /too old$/],
  'five minutes ago, for fifteen': [signed({ signedAtMs: NOW_MS - 300_000, expiresIn: 900 }), /too old$/],
  'a minute ago, for a minute': [signed({ signedAtMs: NOW_MS - 60_000, expiresIn: 60 }), /too old$/],
  'a day ago': [signed({ signedAtMs: NOW_MS - 86_400_000, expiresIn: 900 }), /too old$/],
  'in 31 seconds': [signed({ signedAtMs: NOW_MS + 31_000 }), /in the future$/],
  'in a year': [signed({ signedAtMs: NOW_MS + 31_536_000_000 }), /in the future$/],
};

describe.each([
  ['that is or has', NO_PROOFS],
  ['for', PLACES],
  ['that has', PARAMETERS],
  ['that says', VALUES],
  ['that was signed', MOMENTS],
])('a proof %s', (_, table) => {
  it.each(Object.entries(table))('%s is refused without a request to AWS', async (_name, [forge, reason]) => {
    const good = await proofOf();
    const forged = await forge(good);
    expect(forged).not.toBe(good);
    await expect(callers.identify(forged, NOW_MS)).rejects.toMatchObject({
      code: 'unauthenticated',
      details: { reason: expect.stringMatching(reason) },
    });
    expect(sts.connections).toBe(0);
  });
});

it.each([
  [300, 'expired'],
  [-31, 'not-proven'],
])('a proof that was signed %i s ago is counted as %s', async (secondsAgo, denial) => {
  const proof = await proofOf(FARM, { signedAtMs: NOW_MS - secondsAgo * 1000 });
  await expect(callers.identify(proof, NOW_MS)).rejects.toMatchObject({ details: { denial } });
});

it('accepts a proof of 8192 characters, and refuses a longer one', async () => {
  const withToken = (length: number) => proofOf({ ...FARM, sessionToken: 'A'.repeat(length) });
  const rest = (await withToken(1)).length - 1;
  const sessionToken = 'A'.repeat(8192 - rest);
  sts.known.set(FARM.accessKeyId, [{ ...FARM, sessionToken }, FARM_PRINCIPAL]);
  expect(await callers.identify(await withToken(8192 - rest), NOW_MS)).toMatchObject({ kind: 'awsiam' });
  await expect(callers.identify(await withToken(8193 - rest), NOW_MS)).rejects.toMatchObject({
    code: 'unauthenticated',
    details: { reason: expect.stringMatching(NO_URL) },
  });
});

it('accepts the proof that all of these are made of', async () => {
  expect(await callers.identify(await proofOf(), NOW_MS)).toMatchObject({ kind: 'awsiam' });
  expect(sts.connections).toBe(1);
});
