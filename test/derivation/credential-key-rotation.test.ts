/** Credential keys come and go so that every credential is good for all of its life. */
import { randomBytes } from 'node:crypto';
import { chmod, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { secretsManager } from '../../lib/aws/secrets.ts';
import { credentialKeyRotation, credentialKeys } from '../../lib/derivation/credential-keys.ts';
import { fileKeySource, type KeySource, secretKeySource } from '../../lib/derivation/key-source.ts';
import { CREDENTIAL_LIFE_SECONDS } from '../../lib/domain/credential.ts';
import { temporaryDirectory } from '../signing/context.ts';
import { LoopbackAws } from '../support/loopback-aws.ts';
import { NOW } from '../support/records.ts';

const MINUTE = 60;
const [LEAD, KNOWN] = [25 * MINUTE, CREDENTIAL_LIFE_SECONDS.max + 5 * MINUTE];

const PLACES: Record<string, () => Promise<() => KeySource>> = {
  'a file': async () => {
    const path = join(await temporaryDirectory(), 'credential.json');
    return () => fileKeySource(path);
  },
  'a secret': async () => {
    const aws = await LoopbackAws.start();
    onTestFinished(() => aws.close());
    return () => secretKeySource(secretsManager(aws.caller('secretsManager'), randomBytes), 'p/credential');
  },
};

const rotationOf = (source: KeySource) => credentialKeyRotation(source, randomBytes);

describe.each(Object.entries(PLACES))('the credential keys in %s', (_, fresh) => {
  it('begin with one key that is used at once, and do not change by themselves', async () => {
    const source = (await fresh())();
    const first = await rotationOf(source).maintain(NOW);
    expect(first).toEqual({ current: 'k1', next: null, added: ['k1'], removed: [] });
    const text = await source.read();
    for (const later of [0, 60, 86_400, 900 * 86_400]) await rotationOf(source).maintain(NOW + later);
    expect(await source.read()).toBe(text);
  });

  it('get a successor that every process has read before it is used', async () => {
    const source = (await fresh())();
    await rotationOf(source).maintain(NOW);
    // Read just before the rotation, and unreadable from then on: no process works with anything older.
    let readable = true;
    const oldest = credentialKeys({
      name: source.name,
      read: () => (readable ? source.read() : Promise.reject(new Error('no answer'))),
    });
    await oldest.current(NOW);
    readable = false;
    const report = await rotationOf(source).rotate(NOW + 1);
    const useFrom = NOW + 1 + LEAD;
    expect(report).toEqual({ current: 'k1', next: { name: 'k2', useFrom }, added: ['k2'], removed: [] });
    for (let now = NOW; now < useFrom; now += 10) {
      expect(await oldest.current(now).catch(() => 'unavailable')).toMatch(/^k1$|^unavailable$/);
    }
    await expect(oldest.current(useFrom)).rejects.toMatchObject({ code: 'unavailable' });
    const early = credentialKeys(source);
    expect(await early.current(useFrom - 1)).toBe('k1');
    expect(await early.current(useFrom)).toBe('k2');
  });

  it('verify until their last credential has expired, and are then removed', async () => {
    const source = (await fresh())();
    await rotationOf(source).maintain(NOW);
    await rotationOf(source).rotate(NOW);
    const last = NOW + LEAD - 1;
    const end = last + CREDENTIAL_LIFE_SECONDS.max;
    expect((await rotationOf(source).maintain(end)).removed).toEqual([]);
    expect(await credentialKeys(source).mac('k1', 'text', end)).toBeDefined();
    expect(await rotationOf(source).maintain(NOW + LEAD + KNOWN)).toEqual({
      current: 'k2',
      next: null,
      added: [],
      removed: ['k1'],
    });
  });

  it('are not rotated again before the new key is in use', async () => {
    const source = (await fresh())();
    await rotationOf(source).maintain(NOW);
    await rotationOf(source).rotate(NOW);
    const text = await source.read();
    expect(await rotationOf(source).rotate(NOW + 60)).toMatchObject({ added: [], next: { name: 'k2' } });
    expect(await source.read()).toBe(text);
    expect(await rotationOf(source).rotate(NOW + LEAD)).toMatchObject({ current: 'k2', added: ['k3'] });
  });

  it('are added once when several processes start at the same time', async () => {
    const open = await fresh();
    const reports = await Promise.all([1, 2, 3].map(() => rotationOf(open()).maintain(NOW)));
    expect(reports.flatMap(({ added }) => added)).toEqual(['k1']);
  });

  it('are not changed when they cannot be read', async () => {
    const source = (await fresh())();
    await rotationOf(source).maintain(NOW);
    await source.transaction(async held => {
      await held.read();
      await held.write('SENTINEL');
    });
    await expect(rotationOf(source).maintain(NOW)).rejects.toThrow(/not a JSON object/);
    await expect(rotationOf(source).rotate(NOW)).rejects.not.toThrow(/SENTINEL/);
    expect(await source.read()).toBe('SENTINEL');
  });
});

describe('the file of credential keys', () => {
  const KEY = Buffer.alloc(32, 7).toString('base64url');
  const OLD = JSON.stringify({ current: 'k1', keys: { k1: KEY } });

  it('has mode 0600, and is refused when others may read it', async () => {
    const path = join(await temporaryDirectory(), 'credential.json');
    await rotationOf(fileKeySource(path)).maintain(NOW);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await writeFile(path, OLD, { mode: 0o644 });
    await chmod(path, 0o640);
    await expect(rotationOf(fileKeySource(path)).maintain(NOW)).rejects.toThrow(/open to others/);
  });

  it('of an earlier version does not change until a key is added, and loses no key', async () => {
    const path = join(await temporaryDirectory(), 'credential.json');
    await writeFile(path, OLD, { mode: 0o600 });
    const source = fileKeySource(path);
    await rotationOf(source).maintain(NOW);
    expect(await source.read()).toBe(OLD);
    const before = await credentialKeys(source).mac('k1', 'text', NOW);
    await rotationOf(source).rotate(NOW);
    expect(await credentialKeys(source).mac('k1', 'text', NOW)).toEqual(before);
    expect(await credentialKeys(source).current(NOW)).toBe('k1');
    expect(await credentialKeys(source).current(NOW + LEAD)).toBe('k2');
  });
});
