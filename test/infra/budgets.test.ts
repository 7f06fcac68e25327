/** The rule that keeps bundles small: sizes, and which packages and files may be in them. */
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BUDGETS, type Budget, budgetProblems } from '../../infra/budgets.ts';
import type { Bundle } from '../../infra/bundle.ts';

it('every function has a budget', () => {
  const files = readdirSync(join(import.meta.dirname, '..', '..', 'functions'));
  expect(new Set(Object.keys(BUDGETS))).toEqual(new Set(files.map(file => basename(file, '.ts'))));
});

describe('the budget of a bundle', () => {
  const BUDGET: Budget = { startBytes: 100, totalBytes: 200, packages: ['jose', '@aws-sdk/*'] };
  const BUNDLE: Bundle = {
    name: 'login',
    startBytes: 100,
    totalBytes: 200,
    contents: contentsOf('jose'),
    installed: new Set(),
  };

  function contentsOf(...origins: string[]): Map<string, number> {
    return new Map(['lib/compose/login.ts', 'functions/login.ts', ...origins].map(origin => [origin, 1]));
  }

  it('allows a bundle that is exactly as large', () => expect(budgetProblems(BUNDLE, BUDGET)).toEqual([]));
  it.each<[what: string, facts: Partial<Bundle>, lines: string[]]>([
    ['a larger start', { startBytes: 101 }, ['login: a cold start reads 101 bytes, 1 too many']],
    ['a larger total', { totalBytes: 202 }, ['login: all files are 202 bytes, 2 too many']],
    ['a package that is not listed', { contents: contentsOf('left-pad') }, ['login: holds left-pad']],
    [
      'a package whose name only begins like a listed one',
      { contents: contentsOf('jose-x') },
      ['login: holds jose-x'],
    ],
    ['another scope', { contents: contentsOf('@aws-sdk/x', '@aws-sdkx/y') }, ['login: holds @aws-sdkx/y']],
    ...['local/main.ts', 'test/support/records.ts', 'cli/main.ts', 'infra/build.ts'].map(
      (file): [string, Partial<Bundle>, string[]] => [
        `the file ${file}`,
        { contents: contentsOf(file) },
        [`login: holds ${file}`],
      ],
    ),
  ])('refuses %s', (_, facts, lines) =>
    expect(budgetProblems({ ...BUNDLE, ...facts }, BUDGET)).toEqual(lines),
  );
});
