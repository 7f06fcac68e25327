/** Bundles every function as a deployment does, and logs in with the bundle of the login function. */
import { globSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUDGETS, type Budget, budgetProblems } from '../../infra/budgets.ts';
import { bundle } from '../../infra/bundle.ts';
import { type LoginWorld, loginEvent, loginWorld } from './support/login-bundle.ts';

let directory: string;
let world: LoginWorld;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pullpass-build-'));
  world = await loginWorld(directory);
});
afterAll(async () => {
  await world.close();
  await rm(directory, { recursive: true });
});

const NAMES = readdirSync(join(import.meta.dirname, '..', '..', 'functions')).map(file =>
  basename(file, '.ts'),
);
const budgets: Readonly<Record<string, Budget>> = BUDGETS;

describe('the bundle of', () => {
  it.each(NAMES)('%s is within its budget, and the same sources give the same bytes', async name => {
    const [first, second] = [join(directory, 'first'), join(directory, 'second')];
    const built = await bundle(name, first);
    await bundle(name, second);
    expect(budgetProblems(built, budgets[name] ?? { startBytes: 0, totalBytes: 0, packages: [] })).toEqual(
      [],
    );
    expect(filesOf(join(first, name))).toEqual(filesOf(join(second, name)));
  });

  it.each(NAMES)('%s loads of Node what it uses, and never all of a module', async name => {
    await bundle(name, directory);
    for (const [, text] of filesOf(join(directory, name))) {
      expect(text).not.toMatch(/\bfrom ?"(?:node:)?(?:crypto|fs|http|https|net|stream|tls|util)"/);
      // An export of node:http that makes Node load undici.
      expect(text).not.toContain('.CloseEvent');
    }
  });

  it('login answers a login with an access token, and a wrong token with 401', async () => {
    await bundle('login', directory);
    const index = join(directory, 'login', 'index.mjs');
    const { statusCode, body } = await world.invoke(index, loginEvent(world.value));
    expect(statusCode).toBe(200);
    expect(decodeJwt(JSON.parse(body).token)).toMatchObject({
      aud: 'registry.example',
      access: [{ type: 'repository', name: 'team-a/app', actions: ['pull'] }],
    });
    const refused = await world.invoke(index, loginEvent(`${world.value}x`));
    expect(refused.statusCode).toBe(401);
  });
});

function filesOf(path: string): [name: string, content: string][] {
  const files = globSync('**/*.mjs', { cwd: path }).sort();
  expect(files).toContain('index.mjs');
  return files.map(file => [file, readFileSync(join(path, file), 'utf8')]);
}
