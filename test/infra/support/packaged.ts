/** `npm run package` in a copy of what it needs, as a fresh clone has it, with no AWS credentials in the environment. */
import { execFile } from 'node:child_process';
import { hash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { access, cp, mkdir, mkdtemp, rename, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Template } from '../../../infra/template.ts';

export const PROJECT = join(import.meta.dirname, '../../..');
/** All that the package is made of. Its tests and its documents are not. */
export const SOURCES = [
  'deployment',
  'functions',
  'infra',
  'lib',
  'package.json',
  'package-lock.json',
  'serverless.yml',
];
const TEMPLATE = 'cloudformation-template-update-stack.json';

export interface Package {
  /** What osls has left in `.serverless`. */
  readonly directory: string;
  readonly template: Template;
  /** What serverless.yml says itself. */
  readonly parameters: Readonly<Record<string, unknown>>;
}

/**
 * Runs osls in a copy of the sources, which is the caller's to remove, with nothing in the environment but what is given. Answers
 * where the artifacts are.
 */
export async function osls(args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), 'pullpass-package-'));
  for (const source of SOURCES) await cp(join(PROJECT, source), join(copy, source), { recursive: true });
  await symlink(join(PROJECT, 'node_modules'), join(copy, 'node_modules'));
  const program = join(copy, 'node_modules', 'osls', 'bin', 'serverless.js');
  const path = [dirname(process.execPath), process.env.PATH].join(delimiter);
  const env = { PATH: path, HOME: copy, SOURCE_DATE_EPOCH: '1790000000', ...environment };
  await promisify(execFile)(process.execPath, [program, ...args], { cwd: copy, env });
  return join(copy, '.serverless');
}

/** The package of the sources as they are: made once, and kept as long as nothing in them changes. */
export async function packaged(): Promise<Package> {
  const directory = join(PROJECT, '.build', 'packaged', hashOfSources());
  if (!(await exists(directory))) {
    const fresh = await osls(['package']);
    await mkdir(dirname(directory), { recursive: true });
    // Another test file may have been faster; it has made the same bytes.
    await cp(fresh, `${directory}.${process.pid}`, { recursive: true });
    await rename(`${directory}.${process.pid}`, directory).catch(() =>
      rm(`${directory}.${process.pid}`, { recursive: true }),
    );
    await rm(dirname(fresh), { recursive: true });
  }
  const { service } = JSON.parse(readFileSync(join(directory, 'serverless-state.json'), 'utf8'));
  return {
    directory,
    template: JSON.parse(readFileSync(join(directory, TEMPLATE), 'utf8')),
    parameters: service.initialServerlessConfig.params.default,
  };
}

function hashOfSources(): string {
  const files = SOURCES.flatMap(source => globSync([source, `${source}/**/*.*`], { cwd: PROJECT })).sort();
  const contents = files
    .filter(file => /\.\w+$/.test(file))
    .map(file => `${file} ${hash('sha256', readFileSync(join(PROJECT, file)))}\n`);
  return hash('sha256', contents.join(''));
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
