/** Callers verified by AWS STS: the identity, the request that is sent, and failures. */
import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AwsCallers, awsCallers } from '../../lib/iam/aws-sts.ts';
import { BREAKER_FAILURES, BREAKER_OPEN_MS } from '../../lib/limits/breaker.ts';
import { isSignedBy } from '../support/presigned.ts';
import {
  ACCOUNT,
  ALICE,
  FARM,
  FARM_PRINCIPAL,
  HOST,
  LoopbackSts,
  PUBLIC_URL,
  proofOf,
  STS_FAULTS,
} from './loopback-sts.ts';
import { NOW, NOW_MS } from './tokens.ts';

const FARM_SUBJECT = `aws:arn:aws:iam::${ACCOUNT}:role/builder`;
let sts: LoopbackSts;
let callers: AwsCallers;

beforeEach(async () => {
  sts = await new LoopbackSts().open();
  callers = awsCallers({ publicUrl: PUBLIC_URL, endpoint: sts.url, cacheKey: randomBytes(32) });
});
afterEach(async () => sts.close().catch(() => undefined));

/** A good proof that differs from every other. */
function proofNumber(n: number): Promise<string> {
  return proofOf(FARM, { expiresIn: 300 + n });
}

describe('an AWS caller', () => {
  it('is the role, never the session, with a strong identity that ends when the proof is five minutes old', async () => {
    expect(await callers.identify(await proofOf(), NOW_MS)).toEqual({
      kind: 'awsiam',
      issuer: 'aws',
      account: `aws:aws:${ACCOUNT}`,
      subject: FARM_SUBJECT,
      strength: 'strong',
      expiresAt: NOW + 300,
      nonce: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
      uniqueId: expect.stringMatching(/^A[A-Z0-9]+(:|$)/),
    });
  });

  it('is the user whose key signed', async () => {
    expect(await callers.identify(await proofOf(ALICE), NOW_MS)).toMatchObject({
      subject: `aws:arn:aws:iam::${ACCOUNT}:user/ops/alice`,
    });
  });

  it('ends with its proof, when that is valid for less than five minutes', async () => {
    const proof = await proofOf(FARM, { expiresIn: 60 });
    expect(await callers.identify(proof, NOW_MS + 59_999)).toMatchObject({ expiresAt: NOW + 60 });
    await expect(callers.identify(proof, NOW_MS + 60_000)).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  it.each([
    ['four minutes and 59 seconds after it signed', NOW_MS + 299_999],
    ['half a minute before, by a clock that is ahead', NOW_MS - 30_000],
  ])('is known %s', async (_, nowMs) => {
    expect(await callers.identify(await proofOf(FARM, { expiresIn: 900 }), nowMs)).toMatchObject({
      subject: FARM_SUBJECT,
    });
  });

  it('is verified by a request with its signature, which adds only our URL', async () => {
    await callers.identify(await proofOf(), NOW_MS);
    const [request] = sts.requests;
    expect(sts.requests).toHaveLength(1);
    expect(request).toMatchObject({
      method: 'GET',
      headers: { accept: 'application/json', host: HOST, 'x-pullpass-server-id': PUBLIC_URL },
    });
    expect(new Set(Object.keys(request?.headers ?? {}))).toEqual(
      new Set(['accept', 'connection', 'host', 'x-pullpass-server-id']),
    );
    expect(await isSignedBy(FARM, request ?? { url: '', headers: {} })).toBe(true);
  });

  it.each([
    ['another deployment', { headers: { 'x-pullpass-server-id': 'https://other.example' } }],
    ['this deployment with a slash', { headers: { 'x-pullpass-server-id': `${PUBLIC_URL}/` } }],
    ['an empty audience', { headers: { 'x-pullpass-server-id': '' } }],
  ])('that signed for %s is refused by AWS', async (_, differing) => {
    const proof = await proofOf(FARM, differing);
    await expect(callers.identify(proof, NOW_MS)).rejects.toMatchObject({ code: 'unauthenticated' });
    expect(sts.requests).toHaveLength(1);
  });

  it.each([
    ['with another secret', async () => proofOf({ ...FARM, secretAccessKey: 'a-guess' })],
    [
      'with a key that AWS does not know',
      async () => proofOf({ ...FARM, accessKeyId: 'AKIAUNKNOWNUNKNOWN12' }),
    ],
    ['for another moment', async () => (await proofOf()).replace('T141320Z', 'T141321Z')],
    ['for another life', async () => (await proofOf()).replace('Expires=300', 'Expires=301')],
    ['for another session', async () => (await proofOf()).replace('AAAA', 'AAAB')],
    ['for another host', async () => (await proofOf()).replaceAll('eu-central-1', 'eu-west-1')],
    [
      'with a digit changed',
      async () => (await proofOf()).replace(/.$/, digit => (digit === '0' ? '1' : '0')),
    ],
  ])('that signed %s is refused by AWS', async (_, forge) => {
    const proof = await forge();
    expect(proof).not.toBe(await proofOf());
    await expect(callers.identify(proof, NOW_MS)).rejects.toMatchObject({
      code: 'unauthenticated',
      details: { reason: 'AWS STS answered with status 403' },
    });
    expect(sts.requests).toHaveLength(1);
  });

  it('appears in no error, and neither does the answer of AWS', async () => {
    const proof = await proofOf({ ...FARM, secretAccessKey: 'a-guess' });
    const refusal = await callers.identify(proof, NOW_MS).catch((thrown: unknown) => thrown);
    await sts.setFault('reset');
    const failure = await callers.identify(await proofNumber(1), NOW_MS).catch((thrown: unknown) => thrown);
    const seen = inspect([callers, refusal, failure], { depth: 20, showHidden: true });
    for (const secret of ['UPSTREAM-TEXT', FARM.sessionToken ?? '', proof.slice(-64), 'X-Amz-Signature=']) {
      expect(seen).not.toContain(secret);
    }
  });
});

describe('the answer of AWS', () => {
  it('is requested once for a thousand callers at once', async () => {
    const proof = await proofOf();
    await Promise.all(Array.from({ length: 1000 }, () => callers.identify(proof, NOW_MS)));
    expect(sts.connections).toBe(1);
  });

  it('is remembered for a minute, however the proof is written', async () => {
    const proof = await proofOf();
    const [start = '', query = ''] = proof.split('?');
    await callers.identify(proof, NOW_MS);
    await callers.identify(`${start}?${query.split('&').reverse().join('&')}`, NOW_MS + 59_999);
    expect(sts.connections).toBe(1);
    await callers.identify(proof, NOW_MS + 60_000);
    expect(sts.connections).toBe(2);
  });

  it('is not remembered past the end of the proof', async () => {
    const proof = await proofOf();
    await callers.identify(proof, NOW_MS + 299_000);
    await expect(callers.identify(proof, NOW_MS + 300_000)).rejects.toMatchObject({
      code: 'unauthenticated',
    });
  });

  it('is remembered for ten seconds when it refuses, and then requested again', async () => {
    sts.known.delete(FARM.accessKeyId);
    const proof = await proofOf();
    await expect(callers.identify(proof, NOW_MS)).rejects.toMatchObject({ code: 'unauthenticated' });
    sts.known.set(FARM.accessKeyId, [FARM, FARM_PRINCIPAL]);
    await expect(callers.identify(proof, NOW_MS + 9999)).rejects.toMatchObject({ code: 'unauthenticated' });
    expect(sts.connections).toBe(1);
    expect(await callers.identify(proof, NOW_MS + 10_000)).toMatchObject({ subject: FARM_SUBJECT });
  });
});

describe.each(STS_FAULTS)('an STS that ends in %s', fault => {
  it('is answered with 503 and Retry-After in time, and recovers without a restart', async () => {
    const limits = { exchangeMs: 150 };
    callers = awsCallers({ publicUrl: PUBLIC_URL, endpoint: sts.url, cacheKey: randomBytes(32), limits });
    await sts.setFault(fault);
    const proof = await proofOf();
    const started = performance.now();
    const error = await callers.identify(proof, NOW_MS).catch((thrown: unknown) => thrown);
    expect(performance.now() - started).toBeLessThan(1000);
    expect(error).toMatchObject({ code: 'unavailable', details: { retryAfterSeconds: 5 } });
    expect(inspect(error)).not.toContain('UPSTREAM-TEXT');
    await sts.setFault(undefined);
    expect(await callers.identify(proof, NOW_MS + 10_000)).toMatchObject({ subject: FARM_SUBJECT });
    expect(sts.requests.map(({ url }) => url)).not.toContain('/elsewhere');
  });
});

it.each([
  ['400', 1],
  ['429', 1],
  ['500', 2],
  ['redirect', 2],
] as const)(
  'an STS that says %s is asked about a proof %i times within ten seconds',
  async (fault, times) => {
    await sts.setFault(fault);
    const proof = await proofOf();
    const reason = expect.stringContaining(
      `AWS STS answered with status ${fault === 'redirect' ? 302 : fault}`,
    );
    for (const nowMs of [NOW_MS, NOW_MS + 9999]) {
      await expect(callers.identify(proof, nowMs)).rejects.toMatchObject({
        code: 'unavailable',
        details: { reason },
      });
    }
    expect(sts.connections).toBe(times);
  },
);

describe('the breaker', () => {
  it('stays closed for fifty forged proofs, which are refused', async () => {
    const proof = await proofOf();
    for (let n = 0; n < 50; n++) {
      const forged = proof.slice(0, -4) + n.toString(16).padStart(4, '0');
      await expect(callers.identify(forged, NOW_MS)).rejects.toMatchObject({ code: 'unauthenticated' });
    }
    expect(sts.connections).toBe(50);
    expect(await callers.identify(await proofNumber(1), NOW_MS)).toMatchObject({ subject: FARM_SUBJECT });
  });

  it('opens for an STS that fails, lets one trial through, and closes', async () => {
    await sts.setFault('500');
    for (let n = 0; n < BREAKER_FAILURES + 3; n++) {
      await expect(callers.identify(await proofNumber(n), NOW_MS)).rejects.toMatchObject({
        code: 'unavailable',
      });
    }
    expect(sts.connections).toBe(BREAKER_FAILURES);
    await sts.setFault(undefined);
    const later = NOW_MS + BREAKER_OPEN_MS;
    expect(await callers.identify(await proofNumber(50), later)).toMatchObject({ subject: FARM_SUBJECT });
    expect(await callers.identify(await proofNumber(51), later)).toMatchObject({ subject: FARM_SUBJECT });
  });
});

describe('concurrent callers', () => {
  it('have so many requests in flight, in all and for each source; others wait, and too many get Retry-After', async () => {
    const bounded = awsCallers({
      ...{ publicUrl: PUBLIC_URL, endpoint: sts.url, cacheKey: randomBytes(32) },
      limits: { atOnce: 3, atOncePerSource: 2, waiting: 2 },
    });
    const gate = Promise.withResolvers<void>();
    sts.gate = gate.promise;
    const [first, ...proofs] = await Promise.all([0, 1, 2, 3, 4, 5].map(proofNumber));
    const crowd = proofs.map(proof => bounded.identify(proof, NOW_MS, '198.51.100.1'));
    const outcomes = Promise.allSettled(crowd);
    await expect(crowd.at(-1)).rejects.toMatchObject({
      code: 'unavailable',
      details: { retryAfterSeconds: 1 },
    });
    const other = bounded.identify(first ?? '', NOW_MS, '192.0.2.1');
    await expect.poll(() => sts.connections).toBe(3);
    gate.resolve();
    expect(await other).toMatchObject({ subject: FARM_SUBJECT });
    expect((await outcomes).filter(({ status }) => status === 'fulfilled')).toHaveLength(4);
  });
});
