/** AWS assertions: the strict grammar, the rebuilt request and its nonce. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PullpassError } from '../../lib/domain/errors.ts';
import { type AwsAssertion, parseAwsAssertion } from '../../lib/iam/aws-assertion.ts';
import { isSignedBy } from '../support/presigned.ts';
import { ALICE, FARM, HOST, PUBLIC_URL, proofOf } from './loopback-sts.ts';
import { NOW_MS } from './tokens.ts';

const good = await proofOf();
const [start = '', query = ''] = good.split('?');
const pairs = query.split('&');

const accessKey = fc.stringMatching(/^[A-Z0-9]{16,32}$/);
const token = fc.option(fc.stringMatching(/^[A-Za-z0-9+/=_-]{1,400}$/), { nil: undefined });
const credentials = fc.record({
  accessKeyId: accessKey,
  secretAccessKey: fc.string({ minLength: 1 }),
  token,
});
const seconds = fc.integer({ min: 1, max: 900 });

function read(text: string): AwsAssertion | undefined {
  try {
    return parseAwsAssertion(text, NOW_MS);
  } catch (error) {
    if (error instanceof PullpassError && error.code === 'unauthenticated') return undefined;
    throw error;
  }
}

describe('a rebuilt proof', () => {
  it('keeps its signature, for every signer and lifetime', async () => {
    const property = fc.asyncProperty(
      credentials,
      seconds,
      async ({ token: sessionToken, ...keys }, expiresIn) => {
        const signer = { ...keys, ...(sessionToken === undefined ? {} : { sessionToken }) };
        const proof = parseAwsAssertion(await proofOf(signer, { expiresIn }), NOW_MS);
        const headers = { host: proof.host.name, 'x-pullpass-server-id': PUBLIC_URL };
        expect(await isSignedBy(signer, { url: `/?${proof.query}`, headers })).toBe(true);
      },
    );
    await fc.assert(property, { numRuns: 200 });
  });

  it('has one form and one nonce, in any order of parameters', () => {
    const property = fc.property(fc.shuffledSubarray(pairs, { minLength: pairs.length }), order => {
      expect(read(`${start}?${order.join('&')}`)).toEqual(parseAwsAssertion(good, NOW_MS));
    });
    fc.assert(property);
  });

  it('is itself a proof, with the same form and nonce', () => {
    const { host, query: canonical } = parseAwsAssertion(good, NOW_MS);
    expect(parseAwsAssertion(`https://${host.name}/?${canonical}`, NOW_MS)).toEqual(
      parseAwsAssertion(good, NOW_MS),
    );
  });

  it('has the parameters in the order of Signature Version 4', () => {
    const names = parseAwsAssertion(good, NOW_MS)
      .query.split('&')
      .map(pair => pair.split('=')[0] ?? '');
    expect(names).toEqual(names.toSorted((a, b) => (a < b ? -1 : 1)));
    expect(names).toHaveLength(9);
  });

  it('has a session token only if there was one', async () => {
    expect(parseAwsAssertion(good, NOW_MS).query).toContain('X-Amz-Security-Token=');
    expect(parseAwsAssertion(await proofOf(ALICE), NOW_MS).query).not.toContain('Token');
  });
});

describe('a nonce', () => {
  it('is that of one proof: a changed character gives no proof, or another nonce', () => {
    const { nonce } = parseAwsAssertion(good, NOW_MS);
    const change = fc.tuple(fc.nat({ max: good.length - 1 }), fc.string({ minLength: 0, maxLength: 3 }));
    const property = fc.property(change, ([at, text]) => {
      const changed = good.slice(0, at) + text + good.slice(at + 1);
      fc.pre(changed !== good);
      expect(read(changed)?.nonce).not.toBe(nonce);
    });
    fc.assert(property, { numRuns: 5000 });
  });

  it('differs by host, time, lifetime, key and session', async () => {
    const proofs = await Promise.all([
      proofOf(),
      proofOf(ALICE),
      proofOf(FARM, { signedAtMs: NOW_MS - 1000 }),
      proofOf(FARM, { expiresIn: 299 }),
      proofOf({ ...FARM, sessionToken: 'other' }),
      proofOf(FARM, { host: 'sts.eu-west-1.amazonaws.com', region: 'eu-west-1' }),
      proofOf(FARM, { headers: { 'x-pullpass-server-id': 'https://other.example' } }),
    ]);
    const marks = proofs.map(proof => parseAwsAssertion(proof, NOW_MS).nonce);
    expect(new Set(marks).size).toBe(proofs.length);
  });

  it('is a hash of fixed length, which does not show the proof', () => {
    expect(parseAwsAssertion(good, NOW_MS).nonce).toMatch(/^[\w-]{43}$/);
  });
});

it('accepts or refuses any text without another error', () => {
  const anything = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.webUrl({ withQueryParameters: true, withFragments: true }),
    fc
      .array(fc.oneof(fc.constantFrom(...pairs), fc.string()), { maxLength: 12 })
      .map(list => `${start}?${list.join('&')}`),
  );
  fc.assert(
    fc.property(anything, text => {
      const proof = read(text);
      if (proof !== undefined) expect(proof.host.name).toBe(HOST);
    }),
    { numRuns: 5000 },
  );
});

it('refuses a megabyte before it is parsed', () => {
  const started = process.cpuUsage();
  for (const text of ['&', '%', '=', 'a=b&', '%2F', 'X-Amz-Date=']) {
    for (let round = 0; round < 100; round++)
      expect(read(`${start}?${text.repeat(1_000_000 / text.length)}`)).toBeUndefined();
  }
  expect(process.cpuUsage(started).user).toBeLessThan(2_000_000);
});
