/** Credentials and their keys: only what we wrote is read, in the one spelling that it has. */
import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Credential } from '../../lib/domain/credential.ts';
import { Secret } from '../../lib/domain/secret.ts';
import type { CredentialKeys } from '../../lib/ports/keys.ts';
import { signCredential, verifyCredential } from '../../lib/usecases/secret-values.ts';
import { NOW } from '../support/records.ts';

const CREDENTIAL: Credential = {
  jti: 'AAECAwQFBgcICQoLDA0ODw',
  handle: '0123456789abcdEF',
  parent: { kind: 'token', id: '017f22e2-79b0-7cc3-98c4-dc0c0c07398f', generation: 1 },
  service: 'localhost:5000',
  access: 'pull',
  repositories: ['team/app'],
  alsoPull: [],
  endsAt: 1_795_248_000,
};

/** Keys that are their own names. */
function keysOf(current: string, ...older: string[]): CredentialKeys {
  const names = [current, ...older];
  return {
    current: async () => current,
    mac: async (name, text) =>
      names.includes(name) ? createHmac('sha256', name).update(text).digest() : undefined,
  };
}

async function closed(keys: CredentialKeys, credential = CREDENTIAL): Promise<string> {
  return (await signCredential(keys, credential, NOW))?.reveal() ?? '';
}
const opened = (keys: CredentialKeys, value: string) => verifyCredential(keys, new Secret(value), NOW);

describe('a credential', () => {
  it('is opened as it was closed', async () => {
    expect(await opened(keysOf('k1'), await closed(keysOf('k1')))).toEqual(CREDENTIAL);
  });

  it('is still opened after another key has become the current one, and not once its own is gone', async () => {
    const old = await closed(keysOf('k1'));
    expect(await opened(keysOf('k2', 'k1'), old)).toEqual(CREDENTIAL);
    expect(await opened(keysOf('k2'), old)).toBeUndefined();
    expect(await closed(keysOf('k2', 'k1'))).toMatch(/^plc_k2\./);
  });

  it('has one spelling: with any character in the place of another it is nothing', async () => {
    const value = await closed(keysOf('k1'));
    for (let at = 0; at < value.length; at++) {
      for (const other of 'Aa0-_.=') {
        if (value[at] === other) continue;
        const near = value.slice(0, at) + other + value.slice(at + 1);
        expect([near, await opened(keysOf('k1', 'ka', 'k0'), near)]).toEqual([near, undefined]);
      }
    }
    for (const near of [value.slice(0, -1), value.slice(1), `${value}A`, `${value}=`, ` ${value}`]) {
      expect(await opened(keysOf('k1'), near)).toBeUndefined();
    }
  });

  it('is not opened when it was closed under the name of a key with another', async () => {
    const value = await closed(keysOf('k1'));
    expect(await opened(keysOf('k1', 'k2'), value.replace('plc_k1', 'plc_k2'))).toBeUndefined();
  });

  it('whose MAC is right says nothing that this version does not write', async () => {
    const body = `plc_k1.${Buffer.from('["from","the","future"]').toString('base64url')}`;
    const mac = createHmac('sha256', 'k1').update(body).digest('base64url');
    expect(await opened(keysOf('k1'), body + mac)).toBeUndefined();
  });

  it('that would be too long is none', async () => {
    const repositories = Array.from({ length: 32 }, (_, i) => `team/${'x'.repeat(40)}${i}`);
    expect(await signCredential(keysOf('k1'), { ...CREDENTIAL, repositories }, NOW)).toBeUndefined();
  });

  it('is not closed without a key', async () => {
    const broken: CredentialKeys = { current: async () => 'k1', mac: async () => undefined };
    await expect(signCredential(broken, CREDENTIAL, NOW)).rejects.toThrow('credential key k1 is missing');
  });
});
