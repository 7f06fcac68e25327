/** The secret by which we authenticate at an IAM: read when it is needed, and rotated without a refused login. */
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { secretsManager } from '../../lib/aws/secrets.ts';
import { Secret } from '../../lib/domain/secret.ts';
import { type SecretStage, storedClientSecret } from '../../lib/iam/client-secret.ts';
import { identityVerifier } from '../../lib/iam/verifier.ts';
import type { IdentityVerifier } from '../../lib/ports/others.ts';
import { rejectionOf } from '../support/errors.ts';
import { LoopbackAws, refused } from '../support/loopback-aws.ts';
import { LoopbackIam, only } from './loopback-iam.ts';
import { NOW_MS, signToken, testKey } from './tokens.ts';

const ARN = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:iam/pullpass-AbC123';
const MINUTE = 60_000;
const key = testKey('k1');

let iam: LoopbackIam;
let stored: Partial<Record<SecretStage, string>>;
let reads: SecretStage[];
let fails: boolean;
let verifier: IdentityVerifier;
beforeEach(async () => {
  iam = await new LoopbackIam().open();
  iam.keys = [key.jwk];
  iam.exchange = async () => signToken(key);
  [stored, reads, fails] = [{ AWSCURRENT: 'one' }, [], false];
  iam.clientSecrets = ['one'];
  const client = { id: 'pullpass', secret: { arn: ARN, region: 'eu-central-1' } };
  verifier = identityVerifier({
    ...only(iam.issuer({ client })),
    randomBytes,
    readSecret: async ({ arn }, stage) => {
      expect(arn).toBe(ARN);
      reads.push(stage);
      if (fails) throw new Error('no answer');
      return stored[stage];
    },
  });
});
afterEach(() => iam.close());

/** Each with a refresh token of its own, so that the IAM is asked. */
let logins = 0;
const logIn = (nowMs = NOW_MS) =>
  verifier.identify({ kind: 'iamrefresh', secret: new Secret(`refresh-token-${logins++}`) }, nowMs);

describe('a client secret by its ARN', () => {
  it('is read at the first exchange that needs it, and again after five minutes beside one', async () => {
    await verifier
      .identify({ kind: 'iamapikey', secret: new Secret('an-api-key-of-alice') }, NOW_MS)
      .catch(() => undefined);
    expect(reads).toEqual([]);
    for (let i = 0; i < 5; i++) await logIn(NOW_MS + i * MINUTE);
    expect(reads).toEqual(['AWSCURRENT']);
    await logIn(NOW_MS + 5 * MINUTE);
    expect(reads).toEqual(['AWSCURRENT', 'AWSCURRENT']);
  });

  it.each([
    ['the store before the IAM', { AWSCURRENT: 'two', AWSPREVIOUS: 'one' }, ['one']],
    ['the IAM before the store', { AWSCURRENT: 'one', AWSPENDING: 'two' }, ['two']],
    ['both, and an instance has not read it yet', { AWSCURRENT: 'two', AWSPREVIOUS: 'one' }, ['two']],
    ['an IAM that takes both for a while', { AWSCURRENT: 'two', AWSPREVIOUS: 'one' }, ['one', 'two']],
  ])('is rotated while logins go on: %s', async (_, versions, taken) => {
    await logIn();
    stored = versions;
    iam.clientSecrets = taken;
    for (let minute = 0; minute < 30; minute++) await logIn(NOW_MS + minute * MINUTE);
  });

  it('that was accepted in place of the current one is tried first until another is current', async () => {
    [stored, iam.clientSecrets] = [{ AWSCURRENT: 'two', AWSPREVIOUS: 'one' }, ['one']];
    await logIn();
    const asked = iam.requests.token;
    await logIn(NOW_MS + MINUTE);
    expect(iam.requests.token).toBe(asked + 1);
    [stored, iam.clientSecrets] = [{ AWSCURRENT: 'three', AWSPREVIOUS: 'two' }, ['three']];
    for (let minute = 6; minute < 12; minute++) await logIn(NOW_MS + minute * MINUTE);
  });

  it('is used for hours while it cannot be read', async () => {
    const secret = storedClientSecret(async () => {
      if (fails) throw new Error('no answer');
      return 'one';
    });
    await secret.likely(NOW_MS);
    fails = true;
    for (let hour = 0; hour < 6; hour++)
      expect((await secret.likely(NOW_MS + hour * 60 * MINUTE)).reveal()).toBe('one');
    expect((await rejectionOf(secret.likely(NOW_MS + 6 * 60 * MINUTE))).code).toBe('unavailable');
  });

  it('that the IAM refuses in every version is our fault and not that of the login: 503, and nothing is remembered', async () => {
    iam.clientSecrets = [];
    const refresh = { kind: 'iamrefresh', secret: new Secret('a-good-refresh-token') } as const;
    expect(await rejectionOf(verifier.identify(refresh, NOW_MS))).toMatchObject({
      code: 'unavailable',
      details: { reason: 'the issuer refuses our client secret' },
    });
    iam.clientSecrets = ['one'];
    await verifier.identify(refresh, NOW_MS);
  });

  it('that the IAM refuses is looked up at most once in ten seconds', async () => {
    iam.clientSecrets = [];
    for (let i = 0; i < 50; i++) await logIn(NOW_MS + i * 200).catch(() => undefined);
    expect(reads).toHaveLength(1 + 3);
  });

  it('may be a member of an object, as the console of AWS makes them', async () => {
    stored = { AWSCURRENT: '{"client_id": "pullpass", "client_secret": "one"}\n' };
    await logIn();
  });

  it.each([['missing', undefined]])('that is %s makes the login unavailable', async (_, text) => {
    stored = text === undefined ? {} : { AWSCURRENT: text };
    expect((await rejectionOf(logIn())).code).toBe('unavailable');
  });

  it('is in no error', async () => {
    iam.clientSecrets = [];
    const error = await rejectionOf(logIn());
    expect(`${error.stack} ${JSON.stringify(error)} ${String(error.cause)}`).not.toContain('one"');
  });
});

it('a version of a secret is read by its label, and a missing one is none', async () => {
  const aws = await LoopbackAws.start();
  const { read } = secretsManager(aws.caller('secretsManager'), randomBytes);
  aws.instead = ({ input }) =>
    input.VersionStage === 'AWSPREVIOUS'
      ? { status: 200, body: { SecretString: 'one', VersionId: 'v' } }
      : refused('ResourceNotFoundException');
  expect([await read(ARN, 'AWSPREVIOUS'), await read(ARN, 'AWSPENDING')]).toEqual(['one', undefined]);
  expect(aws.requests.map(({ input }) => [input.SecretId, input.VersionStage])).toEqual([
    [ARN, 'AWSPREVIOUS'],
    [ARN, 'AWSPENDING'],
  ]);
  await aws.close();
});
