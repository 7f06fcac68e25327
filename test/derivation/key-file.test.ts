/** Secrets derived with a key in a file, and how that file is made. */
import { createHmac } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { fileDerivation } from '../../lib/derivation/derivation.ts';
import { createKeyFile } from '../../lib/derivation/key-source.ts';

const KEY = Buffer.alloc(32, 7);
const OTHER = Buffer.alloc(32, 8);
const encoded = (key: Buffer) => key.toString('base64url');
const GOOD = { current: 'k2', keys: { k1: encoded(OTHER), k2: encoded(KEY) } };
const counting = () => {
  let next = 1;
  return (count: number) => Buffer.alloc(count, next++);
};

async function keyFile(): Promise<{ path: string; directory: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'pullpass-test-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return { path: join(directory, 'derivation.json'), directory };
}

async function withContent(text: string, mode = 0o600): Promise<string> {
  const { path } = await keyFile();
  await writeFile(path, text);
  await chmod(path, mode);
  return path;
}

describe('the derivation of a key file', () => {
  it('is HMAC-SHA-256 under the named key', async () => {
    const derivation = fileDerivation(await withContent(JSON.stringify(GOOD)));
    const message = Buffer.from('facts');
    expect(derivation.currentKey).toBe('k2');
    for (const [name, key] of [
      ['k1', OTHER],
      ['k2', KEY],
    ] as const) {
      expect(await derivation.derive(name, message)).toEqual(
        createHmac('sha256', key).update(message).digest(),
      );
    }
  });

  it.for(['k3', 'toString', '__proto__'])(
    'is unavailable for a key that it does not have: %s',
    async name => {
      const derivation = fileDerivation(await withContent(JSON.stringify(GOOD)));
      await expect(derivation.derive(name, Buffer.from('facts'))).rejects.toMatchObject({
        code: 'unavailable',
      });
    },
  );

  it.for([0o640, 0o604, 0o620, 0o601])('refuses a file that others may read: mode %o', async mode => {
    const path = await withContent(JSON.stringify(GOOD), mode);
    expect(() => fileDerivation(path)).toThrow(/open to others/);
  });

  it.for([
    ['no file content', ''],
    ['no JSON', `{"current": "SENTINEL`],
    ['null', 'null'],
    ['no keys', '{"current":"k1"}'],
    ['a current key that is missing', JSON.stringify({ ...GOOD, current: 'k3' })],
    ['a current key of the prototype', JSON.stringify({ ...GOOD, current: 'toString' })],
    ['a short key', JSON.stringify({ current: 'k1', keys: { k1: encoded(KEY.subarray(1)) } })],
    ['a long key', JSON.stringify({ current: 'k1', keys: { k1: encoded(Buffer.alloc(33)) } })],
    ['padding', JSON.stringify({ current: 'k1', keys: { k1: KEY.toString('base64') } })],
    ['junk in a key', JSON.stringify({ current: 'k1', keys: { k1: `${encoded(KEY)}!` } })],
    ['a number as a key', JSON.stringify({ current: 'k1', keys: { k1: 7 } })],
  ] as const)('refuses %s, without quoting it', async ([, text]) => {
    const path = await withContent(text);
    expect(() => fileDerivation(path)).toThrow(path);
    expect(() => fileDerivation(path)).not.toThrow(/SENTINEL|BwcHBwcH/);
  });

  it('prints no key', async () => {
    const derivation = fileDerivation(await withContent(JSON.stringify(GOOD)));
    const { inspect } = await import('node:util');
    expect(inspect(derivation, { depth: 9, showHidden: true })).not.toContain(encoded(KEY));
  });
});

describe('a new key file', () => {
  it('has mode 0600, and derives secrets', async () => {
    const { path, directory } = await keyFile();
    expect(await createKeyFile(path, counting())).toBe(true);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(directory)).toEqual(['derivation.json']);
    const derivation = fileDerivation(path);
    const secret = await derivation.derive(derivation.currentKey, Buffer.from('facts'));
    expect(secret).toEqual(createHmac('sha256', Buffer.alloc(32, 1)).update('facts').digest());
  });

  it('never replaces another file', async () => {
    const { path, directory } = await keyFile();
    const random = counting();
    const made = await Promise.all([1, 2, 3].map(() => createKeyFile(path, random)));
    expect(made.filter(Boolean)).toHaveLength(1);
    const text = await readFile(path, 'utf8');
    expect(await createKeyFile(path, random)).toBe(false);
    expect(await readFile(path, 'utf8')).toBe(text);
    expect(await readdir(directory)).toEqual(['derivation.json']);
  });
});
