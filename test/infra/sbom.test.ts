/** The bill of materials names exactly the packages that are bundled, each with a licence that we may ship. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bundle } from '../../infra/bundle.ts';
import { LICENCES } from '../../infra/licences.ts';
import { sbomOf } from '../../infra/sbom.ts';

test('the bill of materials of a bundle names its packages and no other, with version, licence and hash', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'sbom-'));
  try {
    const built = await Promise.all(['credentials', 'keys'].map(name => bundle(name, directory)));
    const { packages } = JSON.parse(
      await readFile(join(import.meta.dirname, '../../package-lock.json'), 'utf8'),
    );
    const { components } = sbomOf(built, packages);
    const bundled = built
      .flatMap(({ contents }) => [...contents.keys()])
      .filter(origin => !origin.endsWith('.ts'));
    expect(new Set(components.map(({ name }) => name))).toEqual(new Set(bundled));
    expect(components.length).toBeGreaterThan(3);
    for (const { name, version, licenses, hashes } of components) {
      expect(version, name).toMatch(/^\d+\.\d+\.\d+/);
      expect(LICENCES, name).toContain(licenses[0]?.license.id);
      expect(hashes[0]?.content, name).toMatch(/^[0-9a-f]{128}$/);
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});

test('a bundled package that package-lock.json does not describe, or whose licence we may not ship, is refused', () => {
  const built = {
    name: 'x',
    startBytes: 0,
    totalBytes: 0,
    contents: new Map(),
    installed: new Set(['node_modules/a']),
  };
  expect(() => sbomOf([built], {})).toThrow('node_modules/a is bundled');
  const lock = { 'node_modules/a': { version: '1.0.0', license: 'AGPL-3.0', integrity: 'sha512-AA==' } };
  expect(() => sbomOf([built], lock)).toThrow('its licence is AGPL-3.0');
});
