/** The software bill of materials (CycloneDX 1.6) of the function bundles: the packages that ship. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Bundle } from './bundle.ts';
import { LICENCES } from './licences.ts';

type Lock = Readonly<Record<string, { version?: string; license?: string; integrity?: string }>>;

/** As it is written, by the lockfile in `root`. */
export function sbomText(bundles: readonly Bundle[], root: string): string {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  return `${JSON.stringify(sbomOf(bundles, packages), null, 2)}\n`;
}

/** `lock` is `packages` of package-lock.json. The same bundles give the same document: no time, no serial number. */
export function sbomOf(bundles: readonly Bundle[], lock: Lock) {
  const paths = [...new Set(bundles.flatMap(({ installed }) => [...installed]))].sort();
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    components: paths.map(path => component(path, bundles, lock)),
  };
}

function component(path: string, bundles: readonly Bundle[], lock: Lock) {
  const { version, license, integrity } = lock[path] ?? {};
  if (version === undefined || license === undefined || integrity === undefined)
    throw new Error(`${path} is bundled, but package-lock.json lacks its version, licence or integrity`);
  if (!LICENCES.includes(license)) throw new Error(`${path} is bundled, and its licence is ${license}`);
  const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
  const content = Buffer.from(integrity.replace('sha512-', ''), 'base64').toString('hex');
  const users = bundles.filter(({ installed }) => installed.has(path)).map(bundle => bundle.name);
  return {
    type: 'library',
    'bom-ref': path,
    name,
    version,
    purl: `pkg:npm/${name.replace('@', '%40')}@${version}`,
    licenses: [{ license: { id: license } }],
    hashes: [{ alg: 'SHA-512', content }],
    properties: users.sort().map(value => ({ name: 'pullpass:function', value })),
  };
}
