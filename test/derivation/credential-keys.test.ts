import { createHmac } from 'node:crypto';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { fileCredentialKeys } from '../../lib/derivation/credential-keys.ts';

const encoded = (byte: number) => Buffer.alloc(32, byte).toString('base64url');
const TWO = { current: 'k2', keys: { k1: encoded(7), k2: encoded(8) } };

async function withContent(content: unknown, mode = 0o600): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'pullpass-test-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const path = join(directory, 'credential.json');
  await writeFile(path, JSON.stringify(content));
  await chmod(path, mode);
  return path;
}

describe('the credential keys of a file', () => {
  it('authenticate by HMAC-SHA-256 under the key that is named, old or current', async () => {
    const keys = fileCredentialKeys(await withContent(TWO));
    expect(keys.current).toBe('k2');
    for (const [name, byte] of [
      ['k1', 7],
      ['k2', 8],
    ] as const) {
      const mac = createHmac('sha256', Buffer.alloc(32, byte)).update('text').digest();
      expect(await keys.mac(name, 'text')).toEqual(mac);
    }
  });

  it.each(['k3', 'K1', '', 'toString', '__proto__', 'constructor'])(
    'say that there is no key %j',
    async name => {
      expect(await fileCredentialKeys(await withContent(TWO)).mac(name, 'text')).toBeUndefined();
    },
  );

  it.each(['K1', 'k_1', 'k-1', 'k.1', 'ninechars', 'ö'])(
    'have no name that has no place in a credential: %s',
    async name => {
      const path = await withContent({ current: 'k1', keys: { k1: encoded(7), [name]: encoded(8) } });
      expect(() => fileCredentialKeys(path)).toThrow(/1 to 8 small letters and digits/);
    },
  );

  it('are nobody else’s: a file that is open to others is refused', async () => {
    const path = await withContent(TWO, 0o640);
    expect(() => fileCredentialKeys(path)).toThrow(/open to others/);
  });

  it('show no key when they are printed', async () => {
    const keys = fileCredentialKeys(await withContent(TWO));
    expect(inspect(keys, { depth: 9, showHidden: true })).not.toContain(encoded(8));
  });
});
