/** What `npm run package` leaves to be deployed. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUDGETS } from '../../infra/budgets.ts';
import { osls, type Package, PROJECT, packaged } from './support/packaged.ts';
import { type Entry, unzip } from './support/unzip.ts';

const PATIENCE_MS = 180_000;
/** What a fresh clone does not have: the registry proxy, which has a test of its own, and the prober. */
const OPTIONAL = ['prober', 'registry'];
const NAMES = readdirSync(join(PROJECT, 'functions'))
  .map(file => file.replace('.ts', ''))
  .filter(name => !OPTIONAL.includes(name));
/** The functions that read files of the deployment. */
const READERS: Readonly<Record<string, readonly string[]>> = {
  login: ['deployment/administrators.json', 'deployment/issuers.json', 'deployment/services.json'],
  credentials: ['deployment/administrators.json', 'deployment/issuers.json', 'deployment/services.json'],
  discovery: ['deployment/issuers.json', 'deployment/services.json'],
  management: ['deployment/administrators.json', 'deployment/issuers.json', 'deployment/services.json'],
  keys: ['deployment/services.json'],
};

let kept: Package;
const archives = new Map<string, Entry[]>();
beforeAll(async () => {
  kept = await packaged();
  for (const file of readdirSync(kept.directory)) {
    const [, name, digest] = /^([a-z]+)-([0-9a-f]{16})\.zip$/.exec(file) ?? [];
    if (name === undefined) continue;
    const bytes = readFileSync(join(kept.directory, file));
    expect(createHash('sha256').update(bytes).digest('hex').slice(0, 16)).toBe(digest);
    archives.set(name, unzip(bytes));
  }
}, PATIENCE_MS);

describe('the package', () => {
  const made: string[] = [];
  afterAll(() => Promise.all(made.map(directory => rm(dirname(directory), { recursive: true }))));

  it(
    'has the same bytes at each build, in any directory, with any clock',
    async () => {
      made.push(await osls(['package'], { TZ: 'Asia/Tokyo' }));
      made.push(await osls(['package'], { TZ: 'America/New_York', LANG: 'tr_TR.UTF-8' }));
      const [first, second] = made.map(digestsIn);
      expect(first?.size).toBe(NAMES.length + 4);
      expect(second).toEqual(first);
    },
    PATIENCE_MS,
  );

  it('deploys each archive under a name that is its content', () => {
    const functions = Object.values(kept.template.Resources).filter(
      ({ Type }) => Type === 'AWS::Lambda::Function',
    );
    const keys = functions.map(({ Properties }) => (Properties.Code as { S3Key: string }).S3Key);
    const files = readdirSync(kept.directory).filter(file => file.endsWith('.zip'));
    expect(new Set(keys.map(key => key.split('/').at(-1)))).toEqual(new Set(files));
    for (const key of keys)
      expect(key).toMatch(/^serverless\/pullpass\/dev\/1790000000000-2026-09-21T\d\d:\d\d:\d\d\.000Z\//);
  });

  it('holds an archive for every function, each with a budget', () => {
    expect(new Set(archives.keys())).toEqual(new Set(NAMES));
    expect(new Set(Object.keys(BUDGETS))).toEqual(new Set([...NAMES, ...OPTIONAL]));
  });

  it.each(NAMES)('of %s holds its bundle and the files that it reads, readable, without times', name => {
    const entries = archives.get(name) ?? [];
    const others = entries
      .map(entry => entry.name)
      .filter(file => !/^(?:index|[\w-]+-[A-Z0-9]{8})\.mjs$/.test(file));
    expect(entries.map(entry => entry.name)).toContain('index.mjs');
    expect(others).toEqual(READERS[name] ?? []);
    for (const { mode, time, content } of entries) {
      expect(mode).toBe(0o100644);
      expect(time).toBe(0x00210000);
      expect(content.length).toBeGreaterThan(0);
    }
  });
});

function digestsIn(directory: string): Map<string, string> {
  const files = readdirSync(directory);
  return new Map(
    files.map(file => [
      file,
      createHash('sha256')
        .update(readFileSync(join(directory, file)))
        .digest('hex'),
    ]),
  );
}
