/** Rings in Secrets Manager: while it throttles, fails or hangs, logins work for as long as a ring is cached. */
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { secretsManager } from '../../lib/aws/secrets.ts';
import { type KeyStore, secretKeyStore } from '../../lib/signing/key-store.ts';
import { keyPublication } from '../../lib/signing/publication.ts';
import { cachedRings } from '../../lib/signing/ring.ts';
import { activateKey, maintainRing, replaceKeys } from '../../lib/signing/ring-rotation.ts';
import { accessTokenSigner } from '../../lib/signing/signer.ts';
import { LoopbackAws, refused } from '../support/loopback-aws.ts';
import { claimsFor, headerOf, NOW, X5C } from './context.ts';

let aws: LoopbackAws;
let directory: KeyStore;
beforeEach(async () => {
  aws = await LoopbackAws.start();
  directory = secretKeyStore(secretsManager(aws.caller('secretsManager'), randomBytes), 'pullpass-test');
  await maintainRing(X5C, directory, NOW);
});
afterEach(() => aws.close());

/** An instance of the login function, and one of discovery, that have been asked once. */
async function running(now = NOW) {
  const signer = accessTokenSigner({ services: [X5C], rings: cachedRings(directory) });
  const publication = keyPublication([X5C], directory);
  const signAt = (at: number) => signer.sign(claimsFor(X5C, at), at);
  const publishAt = (at: number) => publication.jwks(X5C.name, at);
  await signAt(now);
  await publishAt(now);
  return { signAt, publishAt };
}

describe('while Secrets Manager', () => {
  it.each([
    ['throttles', refused('ThrottlingException')],
    ['fails', refused('InternalServiceError', 500)],
    ['refuses', refused('AccessDeniedException')],
    ['does not find the secret', refused('ResourceNotFoundException')],
    ['answers nonsense', { status: 200, body: { SecretString: '{}', VersionId: 'x' } }],
  ])('%s, every login of half an hour succeeds, and the public documents are there', async (_, answer) => {
    const { signAt, publishAt } = await running();
    aws.instead = () => answer;
    for (let now = NOW; now < NOW + 1800; now += 30) {
      await signAt(now);
      await publishAt(now);
    }
    await expect(signAt(NOW + 1811)).rejects.toMatchObject({ code: 'unavailable' });
    await expect(publishAt(NOW + 1811)).rejects.toMatchObject({ code: 'unavailable' });
    aws.instead = () => undefined;
    await signAt(NOW + 1812);
    await publishAt(NOW + 1812);
  });

  it('fails, it is asked once in ten seconds, and twice each time', async () => {
    const { signAt } = await running();
    aws.requests.length = 0;
    aws.instead = () => refused('InternalServiceError', 500);
    for (const round of [1, 2, 3, 4, 5, 6]) {
      const now = NOW + 290 + 10 * round;
      for (let second = 0; second < 10; second++) await signAt(now + second);
      await vi.waitFor(() => expect(aws.requests).toHaveLength(2 * round));
    }
  });

  it('fails, maintenance changes nothing and says so', async () => {
    const before = aws.names.map(name => aws.textOf(name));
    aws.instead = () => refused('InternalServiceError', 500);
    const error = { name: 'InternalServiceError' };
    await expect(maintainRing(X5C, directory, NOW + 7 * 86_400)).rejects.toMatchObject(error);
    aws.instead = () => undefined;
    expect(aws.names.map(name => aws.textOf(name))).toEqual(before);
  });
});

it('a login reads nothing but the ring, discovery nothing but the public document', async () => {
  aws.requests.length = 0;
  await running();
  expect(aws.requests.map(({ input }) => input.SecretId)).toEqual([
    'pullpass-test/ring/registry.example',
    'pullpass-test/public/registry.example',
  ]);
});

it('the secrets are apart, and only ring and root hold private keys', () => {
  const kinds = ['public', 'ring', 'root'];
  expect(aws.names).toEqual(kinds.map(kind => `pullpass-test/${kind}/registry.example`));
  expect(aws.names.map(name => aws.textOf(name)?.includes('PRIVATE KEY'))).toEqual([false, true, true]);
});

it('a schedule and a deployment that change the keys at the same time lose nothing of each other', async () => {
  const others = Array.from({ length: 3 }, () =>
    secretKeyStore(secretsManager(aws.caller('secretsManager'), randomBytes), 'pullpass-test'),
  );
  const reports = await Promise.all(others.map(other => activateKey(X5C, other, NOW + 60)));
  const ring = JSON.parse(aws.textOf('pullpass-test/ring/registry.example') ?? '');
  const kids = ring.keys.map(({ kid }: { kid: string }) => kid);
  expect(kids).toEqual(expect.arrayContaining(reports.map(({ signs }) => signs)));
  expect(kids).toHaveLength(4);
  const { signAt, publishAt } = await running();
  const { kid } = headerOf(await signAt(NOW + 61));
  expect((await publishAt(NOW + 61)).keys.map(key => key.kid)).toContain(kid);
});

it('an operator who replaces keys while the schedule looks after them is not undone by it, nor it by the operator', async () => {
  const store = () =>
    secretKeyStore(secretsManager(aws.caller('secretsManager'), randomBytes), 'pullpass-test');
  const due = NOW + 7 * 86_400;
  const [replaced] = await Promise.all([
    replaceKeys(X5C, store(), due),
    maintainRing(X5C, store(), due),
    maintainRing(X5C, store(), due),
  ]);
  const roots = JSON.parse(aws.textOf('pullpass-test/root/registry.example') ?? '').certificates;
  expect(roots).toHaveLength(1);
  const { signAt, publishAt } = await running(due);
  const { kid } = headerOf(await signAt(due + 1));
  expect(kid).toBe(replaced.signs);
  expect((await publishAt(due + 1)).keys.map(key => key.kid)).toContain(kid);
  expect(await maintainRing(X5C, store(), due + 60)).toMatchObject({ signs: kid, removed: [] });
});
