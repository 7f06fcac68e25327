import { globSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUDGETS, type Budget } from '../../infra/budgets.ts';
import { type Bundle, bundle } from '../../infra/bundle.ts';
import { excesses } from '../../infra/excesses.ts';
import { aGround, type Ground, loginEvent } from './ground.ts';

let directory: string;
let ground: Ground;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pullpass-build-'));
  ground = await aGround(directory);
});
afterAll(async () => {
  await ground.close();
  await rm(directory, { recursive: true });
});

const NAMES = readdirSync(join(import.meta.dirname, '..', '..', 'functions')).map(file =>
  basename(file, '.ts'),
);
const budgets: Readonly<Record<string, Budget>> = BUDGETS;

describe('the bundle of', () => {
  it('every function has a budget', () => expect(new Set(Object.keys(BUDGETS))).toEqual(new Set(NAMES)));

  it.each(NAMES)('%s keeps its budget, and the same sources give the same bytes', async name => {
    const [first, second] = [join(directory, 'first'), join(directory, 'second')];
    const built = await bundle(name, first);
    await bundle(name, second);
    expect(excesses(built, budgets[name] ?? { startBytes: 0, totalBytes: 0, packages: [] })).toEqual([]);
    expect(filesOf(join(first, name))).toEqual(filesOf(join(second, name)));
  });

  it('login logs in against the embedded engine', async () => {
    await bundle('login', directory);
    const index = join(directory, 'login', 'index.mjs');
    const { statusCode, body } = await ground.invoke(index, loginEvent(ground.value));
    expect(statusCode).toBe(200);
    expect(decodeJwt(JSON.parse(body).token)).toMatchObject({
      aud: 'registry.example',
      access: [{ type: 'repository', name: 'team-a/app', actions: ['pull'] }],
    });
    const refused = await ground.invoke(index, loginEvent(`${ground.value}x`));
    expect(refused.statusCode).toBe(401);
  });
});

function filesOf(path: string): [name: string, content: string][] {
  const files = globSync('**/*.mjs', { cwd: path }).sort();
  expect(files).toContain('index.mjs');
  return files.map(file => [file, readFileSync(join(path, file), 'utf8')]);
}

describe('a bundle exceeds its budget', () => {
  const BUDGET: Budget = { startBytes: 100, totalBytes: 200, packages: ['jose', '@aws-sdk/*'] };
  const KEPT: Bundle = { name: 'login', startBytes: 100, totalBytes: 200, contents: contentsOf('jose') };

  function contentsOf(...origins: string[]): Map<string, number> {
    return new Map(['lib/compose/login.ts', 'functions/login.ts', ...origins].map(origin => [origin, 1]));
  }

  it('not when it is as large as it may be', () => expect(excesses(KEPT, BUDGET)).toEqual([]));
  it.each<[why: string, facts: Partial<Bundle>, lines: string[]]>([
    ['when its start has grown', { startBytes: 101 }, ['login: a cold start reads 101 bytes, 1 too many']],
    ['when all of it has grown', { totalBytes: 202 }, ['login: all files are 202 bytes, 2 too many']],
    ['by the embedded engine', { contents: contentsOf('dynalite') }, ['login: holds dynalite']],
    [
      'by a name that only begins like a package',
      { contents: contentsOf('jose-x') },
      ['login: holds jose-x'],
    ],
    ['by another scope', { contents: contentsOf('@aws-sdk/x', '@aws-sdkx/y') }, ['login: holds @aws-sdkx/y']],
    ...['local/main.ts', 'test/support/records.ts', 'cli/main.ts', 'infra/build.ts'].map(
      (file): [string, Partial<Bundle>, string[]] => [
        `by ${file}`,
        { contents: contentsOf(file) },
        [`login: holds ${file}`],
      ],
    ),
  ])('%s', (_, facts, lines) => expect(excesses({ ...KEPT, ...facts }, BUDGET)).toEqual(lines));
});
