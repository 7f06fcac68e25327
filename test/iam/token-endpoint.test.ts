/** API keys exchanged at their issuer: what is remembered, and failures. */
import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Identity } from '../../lib/domain/identity.ts';
import { Secret } from '../../lib/domain/secret.ts';
import { identityVerifier } from '../../lib/iam/verifier.ts';
import { BREAKER_FAILURES, BREAKER_OPEN_MS } from '../../lib/limits/breaker.ts';
import { failureLimiter } from '../../lib/limits/rate-limiter.ts';
import type { IdentityVerifier } from '../../lib/ports/others.ts';
import { FAULTS, LoopbackIam, only } from './loopback-iam.ts';
import { goodClaims, NOW, NOW_MS, signToken, testKey } from './tokens.ts';

const API_KEY = 'api-key-of-a-build-farm';
const key = testKey('k1');
let iam: LoopbackIam;
let verifier: IdentityVerifier;

beforeEach(async () => {
  iam = await new LoopbackIam().open();
  iam.keys = [key.jwk];
  iam.exchange = async apiKey => (apiKey.startsWith('api-key-') ? signToken(key) : undefined);
  verifier = identityVerifier({ ...only(iam.issuer()), randomBytes });
});
afterEach(async () => iam.close().catch(() => undefined));

function identify(apiKey = API_KEY, nowMs = NOW_MS): Promise<Identity> {
  return verifier.identify({ kind: 'iamapikey', secret: new Secret(apiKey) }, nowMs);
}

describe('an API key', () => {
  it('is the identity that its issuer returns: strong, and without an end of its own', async () => {
    expect(await identify()).toEqual({
      kind: 'iamapikey',
      issuer: 'test',
      account: 'test:acct-1',
      subject: 'test:IBMid-270000001',
      strength: 'strong',
      expiresAt: null,
      nonce: null,
    });
  });

  it('gives a strong identity also without an audience, because we made the exchange', async () => {
    iam.exchange = async () => signToken(key, goodClaims({ aud: undefined }));
    verifier = identityVerifier({ ...only(iam.issuer({ audience: null })), randomBytes });
    expect(await identify()).toMatchObject({ strength: 'strong' });
  });

  it('reaches the issuer unchanged, with any printable character', async () => {
    const seen: string[] = [];
    iam.exchange = async apiKey => {
      seen.push(apiKey);
      return signToken(key);
    };
    const printable = String.fromCharCode(...Array.from({ length: 94 }, (_, n) => 0x21 + n));
    await identify(printable);
    expect(seen).toEqual([printable]);
  });

  it.each(['', 'short77', 'x'.repeat(257), 'with a space', 'line\nbreak', 'umlaut-ü-key', 'nul-\0-byte'])(
    'is refused without a request when it cannot be one: %j',
    async text => {
      await expect(identify(text)).rejects.toMatchObject({ code: 'unauthenticated' });
      expect(iam.requests.token).toBe(0);
    },
  );

  it('is exchanged once for a thousand callers at once', async () => {
    await Promise.all(Array.from({ length: 1000 }, () => identify()));
    expect(iam.requests.token).toBe(1);
  });

  it('is remembered for a minute', async () => {
    await identify();
    await identify(API_KEY, NOW_MS + 59_999);
    expect(iam.requests.token).toBe(1);
    await identify(API_KEY, NOW_MS + 60_000);
    expect(iam.requests.token).toBe(2);
  });

  it('is not remembered past the end of its token', async () => {
    iam.exchange = async () => signToken(key, goodClaims({ exp: NOW + 5 }));
    await identify();
    await identify(API_KEY, NOW_MS + 4999);
    expect(iam.requests.token).toBe(1);
    await identify(API_KEY, NOW_MS + 5000);
    expect(iam.requests.token).toBe(2);
  });

  it('is refused from memory for ten seconds, and then exchanged again', async () => {
    const known = iam.exchange;
    iam.exchange = async () => undefined;
    await expect(identify()).rejects.toMatchObject({ code: 'unauthenticated' });
    iam.exchange = known;
    await expect(identify(API_KEY, NOW_MS + 9999)).rejects.toMatchObject({ code: 'unauthenticated' });
    expect(iam.requests.token).toBe(1);
    expect(await identify(API_KEY, NOW_MS + 10_000)).toMatchObject({ subject: 'test:IBMid-270000001' });
  });

  it('is refused when its issuer answers with a token that does not verify', async () => {
    iam.exchange = async () => signToken(testKey('k1'));
    await expect(identify()).rejects.toMatchObject({ code: 'unauthenticated' });
    iam.exchange = async () => signToken(key, goodClaims({ account: {} }));
    await expect(identify()).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  it('never speaks for another issuer, even one that is configured', async () => {
    const other = iam.issuer({ key: 'other', issuer: 'https://other.example', tokenUrl: null });
    verifier = identityVerifier({ ...only(iam.issuer(), other), randomBytes });
    const foreign = signToken(key, goodClaims({ iss: other.issuer }));
    iam.exchange = async () => foreign;
    await expect(identify()).rejects.toMatchObject({ code: 'unauthenticated' });
    const bearer = verifier.identify({ kind: 'iambearer', secret: new Secret(foreign) }, NOW_MS);
    expect(await bearer).toMatchObject({ issuer: 'other' });
  });

  it("appears in no error, and neither does the issuer's answer", async () => {
    await identify();
    const error = await identify('junk-key-0123456789').catch((thrown: unknown) => thrown);
    const seen = inspect([verifier, error], { depth: 20, showHidden: true });
    for (const secret of [API_KEY, 'junk-key-0123456789', 'UPSTREAM-TEXT'])
      expect(seen).not.toContain(secret);
  });
});

describe('an answer of the issuer', () => {
  it.each([
    { expires_in: '3600' },
    { expires_in: undefined },
    { expires_in: 3599.5, refresh_token: '' },
    { expires_in: -1, refresh_token: null },
  ])('is accepted with %j, because the token itself says when it ends', async more => {
    iam.more = more;
    expect(await identify()).toMatchObject({ subject: 'test:IBMid-270000001' });
  });
});

describe('what the issuer is asked', () => {
  const client = { id: 'pull pass', secret: new Secret('s:e+c&r%t') };
  const encoded = Buffer.from('pull+pass:s%3Ae%2Bc%26r%25t').toString('base64');

  it.each([
    [
      'iamapikey',
      {
        form: { grant_type: 'urn:ibm:params:oauth:grant-type:apikey', apikey: 'secret-8' },
        authorization: undefined,
      },
    ],
    [
      'iamrefresh',
      { form: { grant_type: 'refresh_token', refresh_token: 'secret-8' }, authorization: `Basic ${encoded}` },
    ],
  ] as const)(
    'for %s has the secret, and our own only where the secret belongs to one client',
    async (kind, asked) => {
      iam.exchange = async () => signToken(key);
      verifier = identityVerifier({ ...only(iam.issuer({ client })), randomBytes });
      expect(await verifier.identify({ kind, secret: new Secret('secret-8') }, NOW_MS)).toMatchObject({
        kind,
        strength: 'strong',
        expiresAt: null,
      });
      expect(iam.exchanges).toEqual([asked]);
    },
  );

  it.each([
    ['iamapikey', 256],
    ['iamrefresh', 8192],
  ] as const)(
    'for %s has 8 to %i printable characters, or it is refused without a request',
    async (kind, longest) => {
      iam.exchange = async () => signToken(key);
      const ask = (secret: string) => verifier.identify({ kind, secret: new Secret(secret) }, NOW_MS);
      await ask('x'.repeat(8));
      await ask('x'.repeat(longest));
      expect(iam.requests.token).toBe(2);
      for (const secret of [
        'x'.repeat(7),
        'x'.repeat(longest + 1),
        'with a space',
        'xxxxxxxx\n',
        '\nxxxxxxxx',
      ]) {
        await expect(ask(secret)).rejects.toMatchObject({
          details: { reason: `not what ${kind} takes`, denial: 'misplaced' },
        });
      }
      expect(iam.requests.token).toBe(2);
    },
  );
});

describe('the log of an exchange', () => {
  it.each([
    ['429', 'the exchange was answered with status 429'],
    ['redirect', 'the exchange was answered with status 302'],
    ['500', 'the exchange was answered with status 500'],
    ['garbage', 'the exchange was answered with status 200'],
    ['oversize', 'the exchange failed'],
    ['refused', 'the exchange failed'],
    ['hang', 'the exchange was not over in time'],
  ] as const)('says of %s: %s', async (fault, reason) => {
    verifier = identityVerifier({ ...only(iam.issuer()), randomBytes, limits: { exchangeMs: 150 } });
    await iam.setFault('token', fault);
    await expect(identify()).rejects.toMatchObject({ code: 'unavailable', details: { reason } });
  });

  it('says of a secret that is refused with which status', async () => {
    await expect(identify('junk-key-0')).rejects.toMatchObject({
      details: { reason: 'the exchange was answered with status 400' },
    });
  });
});

it.each([
  ['429', 1],
  ['500', 2],
  ['redirect', 2],
  ['garbage', 2],
] as const)(
  'an issuer that ends in %s is asked about a key %i times within ten seconds',
  async (fault, times) => {
    await iam.setFault('token', fault);
    for (const nowMs of [NOW_MS, NOW_MS + 9999]) {
      await expect(identify(API_KEY, nowMs)).rejects.toMatchObject({ code: 'unavailable' });
    }
    expect(iam.requests.token).toBe(times);
  },
);

describe.each(FAULTS)('a token endpoint that ends in %s', fault => {
  it('is answered with 503 and Retry-After in time, and recovers without a restart', async () => {
    verifier = identityVerifier({ ...only(iam.issuer()), randomBytes, limits: { exchangeMs: 150 } });
    await iam.setFault('token', fault);
    const started = performance.now();
    const error = await identify().catch((thrown: unknown) => thrown);
    expect(performance.now() - started).toBeLessThan(1000);
    expect(error).toMatchObject({ code: 'unavailable', details: { retryAfterSeconds: 5 } });
    expect(inspect(error)).not.toContain('UPSTREAM-TEXT');
    await iam.setFault('token', undefined);
    expect(await identify(API_KEY, NOW_MS + 10_000)).toMatchObject({ issuer: 'test' });
    expect(iam.requests.elsewhere).toBe(0);
  });
});

describe('the time of an exchange', () => {
  it('includes the verification: an issuer whose keys hang is given up too', async () => {
    verifier = identityVerifier({ ...only(iam.issuer()), randomBytes, limits: { exchangeMs: 150 } });
    await iam.setFault('keys', 'hang');
    const started = performance.now();
    await expect(identify()).rejects.toMatchObject({ code: 'unavailable' });
    expect(performance.now() - started).toBeLessThan(1000);
  });
});

describe('the breaker', () => {
  async function fail(times: number): Promise<void> {
    for (let n = 0; n < times; n++) {
      await expect(identify(`api-key-${n}`)).rejects.toMatchObject({ code: 'unavailable' });
    }
  }

  it('stays closed for a hundred wrong keys, which are refused', async () => {
    for (let n = 0; n < 100; n++) {
      await expect(identify(`junk-key-${n}`)).rejects.toMatchObject({ code: 'unauthenticated' });
    }
    expect(iam.requests.token).toBe(100);
    expect(await identify()).toMatchObject({ issuer: 'test' });
  });

  it.each(['429', 'garbage', 'redirect', 'oversize'] as const)('stays closed for %s', async fault => {
    await iam.setFault('token', fault);
    await fail(BREAKER_FAILURES * 2);
    expect(iam.requests.token).toBe(BREAKER_FAILURES * 2);
  });

  it.each(['refused', 'reset', '500'] as const)(
    'opens for %s, lets one trial through, and closes',
    async fault => {
      await iam.setFault('token', fault);
      await fail(BREAKER_FAILURES);
      await iam.setFault('token', undefined);
      const before = iam.requests.token;
      const open = identify(API_KEY, NOW_MS + BREAKER_OPEN_MS - 1);
      await expect(open).rejects.toMatchObject({ code: 'unavailable', details: { retryAfterSeconds: 1 } });
      expect(iam.requests.token).toBe(before);
      const later = NOW_MS + BREAKER_OPEN_MS;
      const [trial, ...others] = await Promise.allSettled(
        Array.from({ length: 5 }, (_, n) => identify(`api-key-later-${n}`, later)),
      );
      expect(trial).toMatchObject({ status: 'fulfilled' });
      expect(others.every(({ status }) => status === 'rejected')).toBe(true);
      expect(await identify(API_KEY, later)).toMatchObject({ issuer: 'test' });
    },
  );

  it('opens again when the trial fails', async () => {
    await iam.setFault('token', '500');
    await fail(BREAKER_FAILURES);
    const later = NOW_MS + BREAKER_OPEN_MS;
    await expect(identify(API_KEY, later)).rejects.toMatchObject({ code: 'unavailable' });
    await expect(identify(API_KEY, later + BREAKER_OPEN_MS - 1)).rejects.toMatchObject({
      code: 'unavailable',
    });
    expect(iam.requests.token).toBe(BREAKER_FAILURES + 1);
  });

  it('does not stop keys that are remembered', async () => {
    await identify();
    await iam.setFault('token', '500');
    await fail(BREAKER_FAILURES);
    expect(await identify()).toMatchObject({ issuer: 'test' });
  });
});

describe('concurrent callers', () => {
  const JUNK = '198.51.100.1';
  const GOOD = '192.0.2.1';
  const from = (sourceAddress: string, apiKey: string, at = verifier) =>
    at.identify({ kind: 'iamapikey', secret: new Secret(apiKey), sourceAddress }, NOW_MS);
  const keys = (count: number, name: string) => Array.from({ length: count }, (_, n) => `${name}-${n}`);

  it('have so many exchanges in flight, in all and for each source; others wait, and too many get Retry-After', async () => {
    const limits = { atOnce: 3, atOncePerSource: 2, waiting: 2 };
    const bounded = identityVerifier({ ...only(iam.issuer()), randomBytes, limits });
    const gate = Promise.withResolvers<void>();
    iam.exchange = async () => {
      await gate.promise;
      return signToken(key);
    };
    const crowd = keys(5, 'api-key').map(each => from(JUNK, each, bounded));
    const outcomes = Promise.allSettled(crowd);
    await expect(crowd.at(-1)).rejects.toMatchObject({
      code: 'unavailable',
      details: { retryAfterSeconds: 1 },
    });
    const other = from(GOOD, 'api-key-of-another', bounded);
    await expect.poll(() => iam.requests.token).toBe(3);
    gate.resolve();
    expect(await other).toMatchObject({ issuer: 'test' });
    expect((await outcomes).filter(({ status }) => status === 'fulfilled')).toHaveLength(4);
  });

  it('with 60 junk keys at once refuse none of 30 good ones, from another source or the same', async () => {
    for (const good of [GOOD, JUNK]) {
      const busy = identityVerifier({ ...only(iam.issuer()), randomBytes });
      const junk = keys(60, 'junk-key').map(each => from(JUNK, each, busy));
      const crowd = keys(30, 'api-key').map(each => from(good, each, busy));
      const outcomes = await Promise.allSettled([...junk, ...crowd]);
      const accepted = outcomes.filter(({ status }) => status === 'fulfilled');
      expect([good, accepted.length]).toEqual([good, 30]);
    }
  });

  it('of a source that failed too often are refused before the issuer is asked; a remembered key passes', async () => {
    const failures = failureLimiter(2);
    const limits = { atOnce: 1, atOncePerSource: 1 };
    const guarded = identityVerifier({ ...only(iam.issuer()), randomBytes, limits, failures });
    await from(JUNK, 'api-key-known', guarded);
    const crowd = keys(5, 'junk-key').map(each =>
      from(JUNK, each, guarded).catch((error: unknown) => {
        failures.fail(JUNK, NOW_MS);
        throw error;
      }),
    );
    const codes = (await Promise.allSettled(crowd)).map(each => 'reason' in each && each.reason.code);
    expect(codes.slice(0, 2)).toEqual(['unauthenticated', 'unauthenticated']);
    expect(codes.slice(-2)).toEqual(['rate-limited', 'rate-limited']);
    const full = identityVerifier({
      ...{ ...only(iam.issuer()), randomBytes, failures },
      limits: { atOnce: 0, waiting: 0 },
    });
    await expect(from(GOOD, 'api-key-unknown', full)).rejects.toMatchObject({ code: 'unavailable' });
    await expect(from(JUNK, 'api-key-unknown', full)).rejects.toMatchObject({ code: 'rate-limited' });
    const { token: asked } = iam.requests;
    await expect(from(JUNK, 'api-key-unknown', guarded)).rejects.toMatchObject({
      code: 'rate-limited',
      details: {
        retryAfterSeconds: expect.any(Number),
        reason: 'too many failures to ask the issuer',
      },
    });
    expect(iam.requests.token).toBe(asked);
    expect(await from(JUNK, 'api-key-known', guarded)).toMatchObject({ issuer: 'test' });
    expect(await from(GOOD, 'api-key-unknown', guarded)).toMatchObject({ issuer: 'test' });
  });
});
