/** What a data directory has had is missed when it is gone. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkManifest, recordManifest } from '../../local/manifest.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'pullpass-manifest-'));
});
afterEach(() => rm(root, { recursive: true }));

const FILES = [
  'administrator.apikey',
  'iam/signing-key.pem',
  'keys/credential.json',
  'keys/derivation.json',
  'keys/localhost%3A5000/ring.json',
  'keys/localhost%3A5000/root.json',
  'store.db',
];

async function write(...paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), 'x');
  }
}
const check = () => checkManifest(root, () => true);

describe('a data directory', () => {
  it('is taken as it is at its first start, also when an earlier first start was cut off', async () => {
    await check();
    await write('store.db');
    await check();
    await write('keys/derivation.json');
    await check();
  });

  it.each(FILES)('is refused when it has lost %s, and says so', async path => {
    await check();
    await write(...FILES);
    await recordManifest(root);
    await check();
    await rm(join(root, path));
    await expect(check()).rejects.toThrow(
      [
        `The data directory ${root} lacks files that it had:`,
        `  ${path}`,
        `Restore them from a backup. To begin anew without what they held, remove their lines from ${root}/manifest.json.`,
      ].join('\n'),
    );
  });

  it('begins anew without a file when its line is removed', async () => {
    await check();
    await write(...FILES);
    await recordManifest(root);
    await rm(join(root, 'keys/credential.json'));
    const manifest = join(root, 'manifest.json');
    const text = await readFile(manifest, 'utf8');
    await writeFile(manifest, text.replace(/\n.*credential\.json",/, ''));
    await check();
  });

  it('does not miss what the configuration no longer needs', async () => {
    await check();
    await write(...FILES);
    await recordManifest(root);
    await rm(join(root, 'iam'), { recursive: true });
    await checkManifest(root, path => !path.startsWith('iam/'));
  });

  it('does not note what is made anew at each start, or only for a moment', async () => {
    await check();
    await write(
      ...FILES,
      'store.db-wal',
      'registry/config.yml',
      'iam/issuers.json',
      'keys/credential.json.lock.3',
    );
    await recordManifest(root);
    expect(JSON.parse(await readFile(join(root, 'manifest.json'), 'utf8')).files).toEqual(FILES);
  });

  it('of a version without a manifest is taken when it is whole', async () => {
    await write('store/CURRENT', 'keys/credential.json', 'keys/derivation.json');
    await check();
  });

  it.each([
    ['store.db or store or store.db.partial', ['keys/credential.json', 'keys/derivation.json']],
    ['keys/derivation.json', ['store.db', 'keys/credential.json']],
    ['keys/credential.json', ['store/CURRENT', 'keys/derivation.json']],
  ])('of a version without a manifest is refused when it lacks %s', async (gone, paths) => {
    await write(...paths);
    await expect(check()).rejects.toThrow(`lacks files that it had:\n  ${gone}\n`);
  });

  it.each(['', '{', '{"version":1,"files":["a"', '{"version":2,"files":[]}', '[]'])(
    'is refused when its manifest is %j',
    async text => {
      await write(...FILES);
      await writeFile(join(root, 'manifest.json'), text);
      await expect(check()).rejects.toThrow(`${root}/manifest.json is damaged. Restore it from a backup.`);
    },
  );
});
