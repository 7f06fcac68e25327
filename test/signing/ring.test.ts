/** Rings that are refused, and the directory of a service. */
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Service } from '../../lib/domain/service.ts';
import { directoryName } from '../../lib/signing/key-store.ts';
import { publicJwk, thumbprint, toPem } from '../../lib/signing/keys.ts';
import { type KeyDocument, type RingDocument, readRing } from '../../lib/signing/ring.ts';
import { maintainRing } from '../../lib/signing/ring-rotation.ts';
import { context, KID, KID_RSA, NOW, X5C } from './context.ts';

async function ringOf(service: Service): Promise<RingDocument> {
  const { directory, textOf } = await context([service]);
  await maintainRing(service, directory, NOW);
  return JSON.parse(await textOf(service, 'ring.json'));
}

function withKey(ring: RingDocument, change: Partial<KeyDocument>): string {
  return JSON.stringify({ ...ring, keys: ring.keys.map(key => ({ ...key, ...change })) });
}

const P384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey;
const RSA_1024 = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey;

describe('a ring is refused', () => {
  it('that holds a key under a name that is not its thumbprint', async () => {
    const ring = await ringOf(KID);
    expect(() => readRing(withKey(ring, { kid: 'another' }), KID)).toThrow(/does not match its name/);
  });

  it.for([
    ['P-384', KID, P384],
    ['RSA with 1024 bit', KID_RSA, RSA_1024],
  ] as const)('that holds a key of another kind: %s', async ([, service, key]) => {
    const ring = await ringOf(service);
    const kid = thumbprint(publicJwk(key));
    expect(() => readRing(withKey(ring, { kid, privateKey: toPem(key) }), service)).toThrow(
      /does not match its name/,
    );
  });

  it('whose certificate belongs to another key, or is missing, or is one too many', async () => {
    const [ring, other] = [await ringOf(X5C), await ringOf(X5C)];
    const own = ring.keys.flatMap(key => key.certificates);
    const foreign = other.keys.flatMap(key => key.certificates);
    expect(() => readRing(withKey(ring, { certificates: own }), X5C)).not.toThrow();
    for (const certificates of [foreign, [], [...own, ...foreign]]) {
      expect(() => readRing(withKey(ring, { certificates }), X5C)).toThrow(/does not match its name/);
    }
    const uncertified = withKey(await ringOf(KID), { certificates: own });
    expect(() => readRing(uncertified, KID)).toThrow(/does not match its name/);
  });

  it('of another profile or algorithm than the configured one', async () => {
    const text = JSON.stringify(await ringOf(KID));
    for (const other of [
      { ...KID, profile: 'x5c' },
      { ...KID, algorithm: 'RS256' },
    ] as Service[]) {
      expect(() => readRing(text, other)).toThrow(/of another profile or algorithm/);
    }
  });

  it('with a time that is not in whole seconds', async () => {
    const ring = await ringOf(KID);
    for (const useFrom of [1.5, -1, '0'] as number[]) {
      expect(() => readRing(withKey(ring, { useFrom }), KID)).toThrow(/not valid at keys\.0\.useFrom/);
    }
  });
});

describe('the directory of a service', () => {
  it('is always one name below the key directory', () => {
    expect(['localhost:5000', 'registry.example', '..', '.', '../x', 'a/b'].map(directoryName)).toEqual([
      'localhost%3A5000',
      'registry.example',
      '%2E.',
      '%2E',
      '%2E.%2Fx',
      'a%2Fb',
    ]);
  });
});
