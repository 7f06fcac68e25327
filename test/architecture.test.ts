/** Checks the directions of imports and the rules of the code over every source, and checks that the check finds faults. */
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { check, staleAllowances, withoutHeader } from './architecture/rules.ts';
import { LAYERS } from './architecture/table.ts';

const ROOT = join(import.meta.dirname, '..');
const SCANNED = '{lib,functions,local,cli}/**/*.{ts,mts,mjs,js,json}';
/** Raise these as the code grows: a scan that finds less does not see all of it. */
const FEWEST = { files: 210, edges: 950, domainFiles: 24 };

function read(root: string, pattern = SCANNED): Map<string, string> {
  return new Map(
    globSync(pattern, { cwd: root }).map(path => [path, readFileSync(join(root, path), 'utf8')]),
  );
}

describe('the source', () => {
  const sources = read(ROOT);
  const report = check(sources);

  it('has imports that run one way, and keeps the rules', () => {
    expect(report.violations).toEqual([]);
  });
  it('uses everything that the table allows', () => {
    expect(staleAllowances(sources)).toEqual([]);
  });
  it('opens each file with a comment that says what it is for', () => {
    const infrastructure = read(ROOT, 'infra/**/*.ts');
    expect(infrastructure.size).toBeGreaterThan(20);
    expect(withoutHeader(new Map([...sources, ...infrastructure]))).toEqual([]);
  });
  it('is scanned as a whole', () => {
    const edges = [...report.edges.values()].reduce((sum, targets) => sum + targets.length, 0);
    expect(report.files).toBeGreaterThanOrEqual(FEWEST.files);
    expect(edges).toBeGreaterThanOrEqual(FEWEST.edges);
    const domain = [...sources.keys()].filter(path => path.startsWith('lib/domain/'));
    expect(domain.length).toBeGreaterThanOrEqual(FEWEST.domainFiles);
    expect(report.edges.get('lib/domain/registry-token.ts')).toContain('lib/domain/secret.ts');
    expect(report.edges.get('lib/ports/stores.ts')).toContain('lib/domain/token-record.ts');
  });
});

/** A small project in which everything is allowed. */
const CLEAN = {
  'lib/domain/a.ts':
    "import { hash } from 'node:crypto';\nimport { isIP } from 'node:net';\nexport const a = [hash, isIP];",
  'lib/ports/stores.ts': "import type { a } from '../domain/a.ts';\nexport type P = typeof a;",
  'lib/usecases/u.ts': "import type { P } from '../ports/stores.ts';\nexport type U = P;",
  'lib/store/sdk-transport.ts':
    "import { DynamoDBClient } from '@aws-sdk/client-dynamodb';\nexport const c = new DynamoDBClient({});",
  'lib/config/config.ts': 'export const config = 1;',
  'lib/compose/world.ts':
    "import { c } from '../store/sdk-transport.ts';\nexport const world = { c, env: process.env, clock: () => Date.now() };",
  'functions/f.ts': "import { world } from '../lib/compose/world.ts';\nexport const handler = () => world;",
  'local/main.ts':
    "import { world } from '../lib/compose/world.ts';\nimport x from 'lru-cache';\nexport { world, x };",
};

function violationsWith(planted: Record<string, string>): readonly string[] {
  return check(new Map(Object.entries({ ...CLEAN, ...planted }))).violations;
}

it('an allowance that no source uses is stale', () => {
  const stale = staleAllowances(new Map(Object.entries(CLEAN)));
  expect(stale).toEqual(
    expect.arrayContaining([
      'iam is allowed jose',
      'local is allowed files',
      'domain is allowed node:crypto.timingSafeEqual',
      'ENVIRONMENT_READERS names cli/io.ts',
      'CLOCK_OWNERS names lib/files/atomic-file.ts',
    ]),
  );
  expect(stale).not.toContain('ports is allowed domain');
  expect(stale).not.toContain('domain is allowed node:crypto.hash');
});

describe('the check fails on', () => {
  const other = 'export const other = 1;';
  const PLANTED: Record<string, [files: Record<string, string>, violation: RegExp]> = {
    'an arrow up, from the domain': [
      { 'lib/domain/b.ts': "import type { P } from '../ports/stores.ts';\nexport type B = P;" },
      /^lib\/domain\/b.ts: domain may not import ports/,
    ],
    'an adapter that imports its neighbour': [
      { 'lib/iam/i.ts': "import { c } from '../store/sdk-transport.ts';\nexport { c };" },
      /^lib\/iam\/i.ts: iam may not import store/,
    ],
    'an export from a neighbour': [
      { 'lib/signing/s.ts': "export { c } from '../store/sdk-transport.ts';" },
      /signing may not import store/,
    ],
    'an export of everything from a neighbour': [
      { 'lib/signing/s.ts': "export * from '../store/sdk-transport.ts';" },
      /signing may not import store/,
    ],
    'a type of a neighbour': [
      { 'lib/usecases/v.ts': "export type C = typeof import('../store/sdk-transport.ts').c;" },
      /usecases may not import store/,
    ],
    'a dynamic import of a neighbour': [
      { 'lib/api/a.ts': "export const late = () => import('../store/sdk-transport.ts');" },
      /api may not import store/,
    ],
    'an import for its effect': [
      { 'lib/http/h.ts': "import '../config/config.ts';" },
      /http may not import config/,
    ],
    'a path that is computed at run time': [
      { 'lib/http/h.ts': 'export const late = (name: string) => import(name);' },
      /http may not use \?/,
    ],
    'a package that is computed at run time': [
      { 'local/x.ts': `export const late = (name: string) => import(\`\${name}/x.js\`);` },
      /local may not use \?\/x.js/,
    ],
    'a function that skips compose': [
      { 'functions/g.ts': "export { c } from '../lib/store/sdk-transport.ts';" },
      /functions may not import store/,
    ],
    'the library that imports local': [
      {
        'local/x.ts': other,
        'lib/compose/world.ts': "export * from '../../local/x.ts';\nexport const world = 1;",
      },
      /compose may not import local/,
    ],
    'a package in the domain': [{ 'lib/domain/b.ts': "import 'jose';" }, /domain may not use jose/],
    'the SDK in a use case': [
      { 'lib/usecases/v.ts': "import type { X } from '@aws-sdk/client-dynamodb';\nexport type Y = X;" },
      /usecases may not use @aws-sdk\/client-dynamodb/,
    ],
    'a file inside a package that the layer may not use': [
      { 'lib/store/s.ts': "import 'jose/errors';" },
      /store may not use jose\/errors/,
    ],
    'another part of Node in the domain': [
      { 'lib/domain/b.ts': "import { readFileSync } from 'node:fs';\nexport { readFileSync };" },
      /domain may not use node:fs/,
    ],
    'another part of Node in the domain, for its effect': [
      { 'lib/domain/b.ts': "import 'node:fs';" },
      /domain may not use node:fs/,
    ],
    'another name of an allowed part': [
      { 'lib/domain/b.ts': "import { gzipSync } from 'node:zlib';\nexport { gzipSync };" },
      /domain may not use node:zlib/,
    ],
    'a folder without a row': [{ 'lib/util/x.ts': other }, /^lib\/util\/x.ts: its folder has no row/],
    'a file that does not exist': [
      { 'lib/usecases/v.ts': "export * from '../domain/nowhere.ts';" },
      /nowhere.ts is not a file of this project/,
    ],
    'a circle of types': [
      {
        'lib/domain/b.ts': "import type { C } from './c.ts';\nexport type B = C | 1;",
        'lib/domain/c.ts': "import type { B } from './b.ts';\nexport type C = B | 2;",
      },
      /^circle: lib\/domain\/b.ts → lib\/domain\/c.ts → lib\/domain\/b.ts/,
    ],
    'a file that imports itself': [
      { 'lib/domain/b.ts': "import * as me from './b.ts';\nexport const b = () => me;" },
      /^circle: lib\/domain\/b.ts → lib\/domain\/b.ts/,
    ],
    'the environment': [
      { 'functions/g.ts': 'export const g = process.env.X;' },
      /^functions\/g.ts: reads process.env/,
    ],
    'the environment of the command': [
      { 'cli/c.ts': 'export const c = process.env.X;' },
      /^cli\/c.ts: reads process.env/,
    ],
    'the environment by another way': [
      { 'lib/http/h.ts': "export const h = globalThis.process['env'];" },
      /reads process.env/,
    ],
    'the environment taken apart': [
      { 'lib/iam/i.ts': 'export const { env } = process;' },
      /reads process.env/,
    ],
    'the environment imported': [
      { 'lib/iam/i.ts': "import { env } from 'node:process';\nexport { env };" },
      /reads process.env/,
    ],
    'the environment imported under another name': [
      { 'lib/iam/i.ts': "import p from 'node:process';\nexport const i = p['env'];" },
      /reads process.env/,
    ],
    'a client made elsewhere': [
      {
        'lib/store/s.ts':
          "import { DynamoDBClient } from '@aws-sdk/client-dynamodb';\nexport const s = new DynamoDBClient({});",
      },
      /^lib\/store\/s.ts: constructs a DynamoDBClient/,
    ],
    'a clock in the domain': [{ 'lib/domain/b.ts': 'export const b = () => Date.now();' }, /takes Date.now/],
    'a clock that is taken apart': [
      { 'lib/usecases/v.ts': 'export const { now } = Date;' },
      /takes Date.now/,
    ],
    'new Date() without an argument': [
      { 'lib/domain/b.ts': 'export const b = () => new Date();' },
      /takes the time by new Date\(\)/,
    ],
    'randomness in the domain': [
      { 'lib/domain/b.ts': 'export const b = () => Math.random();' },
      /takes Math.random/,
    ],
    'a random UUID in the domain, of the global kind': [
      { 'lib/domain/b.ts': 'export const b = () => crypto.randomUUID();' },
      /takes crypto.randomUUID/,
    ],
    'random bytes under another name': [
      { 'lib/store/s.ts': "import { randomBytes as r } from 'node:crypto';\nexport const s = r(1);" },
      /takes crypto.randomBytes/,
    ],
    'random bytes in the store': [
      { 'lib/store/s.ts': "import { randomBytes } from 'node:crypto';\nexport const s = randomBytes(1);" },
      /takes crypto.randomBytes/,
    ],
    'all of node:crypto': [
      { 'lib/store/s.ts': "import * as crypto from 'node:crypto';\nexport const s = crypto;" },
      /takes crypto.\*/,
    ],
    'a file that is too long': [
      { 'lib/domain/b.ts': `${other}${'\n'.repeat(251)}` },
      /251 lines are more than 250/,
    ],
  };
  it.each(Object.entries(PLANTED))('%s', (_, [files, violation]) => {
    const violations = violationsWith(files);
    expect(violations).toHaveLength(1);
    expect(violations[0]).toMatch(violation);
  });

  it('a file without a header comment', () => {
    const planted = {
      'lib/http/bare.ts': "import './a.ts';",
      'lib/http/late.ts': "import './a.ts';\n/** Late. */\nimport './b.ts';",
      'lib/http/declaration.ts':
        '/** The first declaration. */\nexport const first = 1;\n\n/** The next. */\n\n',
      'lib/http/data.json': '{}',
      'lib/http/import.ts': "/** What it is for. */\nimport './a.ts';",
      'lib/http/list.ts': "/** What it is for. */\nexport { a } from './a.ts';",
      'lib/http/none.ts': '/**\n * What it is for.\n */\n\nexport const first = 1;',
    };
    expect(withoutHeader(new Map(Object.entries(planted)))).toEqual([
      'lib/http/bare.ts',
      'lib/http/late.ts',
      'lib/http/declaration.ts',
    ]);
  });

  it('nothing that is allowed', () => expect(violationsWith({})).toEqual([]));
  it('nothing that only a comment or a string says', () => {
    const text =
      "/** import x from 'jose'; process.env */ export const b = \"import 'jose'; Date.now()\"; // new XClient()";
    expect(violationsWith({ 'lib/domain/b.ts': text })).toEqual([]);
  });
  it('no file of a known package that is computed at run time', () => {
    const text = `export const late = (name: string) => import(\`lru-cache/\${name}.js\`);`;
    expect(violationsWith({ 'local/x.ts': text })).toEqual([]);
  });
  it('no file of 250 lines, nor a date of given seconds', () => {
    expect(violationsWith({ 'lib/domain/b.ts': `${other}${'\n'.repeat(250)}` })).toEqual([]);
    expect(violationsWith({ 'lib/domain/b.ts': 'export const b = (s: number) => new Date(s);' })).toEqual([]);
  });

  it('data of another layer, as any other file there', () => {
    const data = { 'lib/api/d.json': '{"process.env": "import"}' };
    const importer = "import d from '../api/d.json' with { type: 'json' };\nexport { d };";
    expect(violationsWith({ ...data, 'lib/api/a.ts': importer.replace('../api', '.') })).toEqual([]);
    expect(violationsWith({ ...data, 'lib/http/h.ts': importer })).toEqual([
      'lib/http/h.ts: http may not import api (../api/d.json)',
    ]);
  });

  it('a file on the disk', () => {
    const root = mkdtempSync(join(tmpdir(), 'architecture-'));
    try {
      const planted = { ...CLEAN, 'lib/domain/deep/b.ts': "import '../../ports/stores.ts';" };
      for (const [path, source] of Object.entries(planted)) {
        mkdirSync(dirname(join(root, path)), { recursive: true });
        writeFileSync(join(root, path), source);
      }
      expect(check(read(root)).violations).toEqual([
        'lib/domain/deep/b.ts: domain may not import ports (../../ports/stores.ts)',
      ]);
    } finally {
      rmSync(root, { recursive: true });
    }
  });
});

it('the adapters never import each other, and share only the ways to AWS and to files, the cache and limits', () => {
  for (const name of ['iam', 'store', 'signing', 'derivation', 'ledger', 'aws']) {
    const common = LAYERS[name]?.imports.filter(
      layer => !['aws', 'cache', 'files', 'limits', 'network'].includes(layer),
    );
    expect(common).toEqual(['domain', 'ports']);
  }
});

it('docs/architecture.md has the same table', () => {
  const document = readFileSync(join(ROOT, 'docs', 'architecture.md'), 'utf8');
  const [, table = ''] = document.split('| layer | what is in it | imports | npm packages |\n') as string[];
  const rows = (table.split('\n\n')[0] ?? '').split('\n').slice(1);
  const documented = rows.map(row => {
    const [, layer = '', , imports = '', npm = ''] = row
      .split('|')
      .map(cell => cell.replaceAll('`', '').trim());
    return [layer, imports, npm];
  });
  const known = Object.entries(LAYERS).map(([layer, { imports, npm }]) => [
    layer,
    imports.join(', '),
    npm === null ? 'any' : npm.join(', '),
  ]);
  expect(documented).toEqual(known);
});
