/** `npm run package` in a copy of what it needs, as a fresh clone has it, with no AWS credentials in the environment. */
import { execFile } from 'node:child_process';
import { hash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { access, cp, mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
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

/** A services file whose first services the registry proxy serves, with every kind of login at upstreams. */
export const PROXIED_SERVICES = [
  {
    name: 'pull.example.com',
    upstream: {
      url: 'https://111122223333.dkr.ecr.eu-west-1.amazonaws.com',
      prefix: 'customers/',
      authentication: 'ecr',
    },
  },
  {
    name: 'partner.example.com',
    upstream: {
      url: 'https://444455556666.dkr.ecr.us-east-1.amazonaws.com',
      authentication: {
        kind: 'ecr',
        roleArn: 'arn:aws:iam::444455556666:role/pullpass-pull',
        externalId: 'partner-7',
      },
    },
  },
  {
    name: 'hosted',
    registry: 'hosted.example.com',
    upstream: {
      url: 'https://registry.provider.example',
      prefix: 'acme/',
      authentication: {
        username: 'robot',
        password: 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:hosted',
      },
    },
  },
  {
    name: 'public.example.com',
    upstream: { url: 'https://registry-1.docker.io', tokenHost: 'auth.docker.io' },
  },
  { name: 'registry.example.com' },
] as const;

export interface Package {
  /** What osls has left in `.serverless`. */
  readonly directory: string;
  readonly template: Template;
}

/** What a deployment has in its files; absent: what a fresh clone has, without upstreams and parameters. */
interface Files {
  readonly services?: readonly object[];
  readonly parameters?: object;
}

/**
 * Runs osls in a copy of the sources, which is the caller's to remove, with nothing in the environment but what is given. Answers
 * where the artifacts are.
 */
export async function osls(
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
  { services, parameters }: Files = {},
): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), 'pullpass-package-'));
  for (const source of SOURCES) await cp(join(PROJECT, source), join(copy, source), { recursive: true });
  if (services !== undefined)
    await writeFile(join(copy, 'deployment', 'services.json'), JSON.stringify(services));
  if (parameters !== undefined)
    await writeFile(join(copy, 'deployment', 'dev.json'), JSON.stringify(parameters));
  await symlink(join(PROJECT, 'node_modules'), join(copy, 'node_modules'));
  const program = join(copy, 'node_modules', 'osls', 'bin', 'serverless.js');
  const path = [dirname(process.execPath), process.env.PATH].join(delimiter);
  const env = { PATH: path, HOME: copy, SOURCE_DATE_EPOCH: '1790000000', ...environment };
  await promisify(execFile)(process.execPath, [program, ...args], { cwd: copy, env });
  return join(copy, '.serverless');
}

/** The package of the sources as they are: made once, and kept as long as nothing in them changes. */
export async function packaged(files: Files = {}): Promise<Package> {
  const directory = join(PROJECT, '.build', 'packaged', hashOfSources(files));
  if (!(await exists(directory))) {
    const fresh = await osls(['package'], {}, files);
    await mkdir(dirname(directory), { recursive: true });
    // Another test file may have been faster; it has made the same bytes.
    await cp(fresh, `${directory}.${process.pid}`, { recursive: true });
    await rename(`${directory}.${process.pid}`, directory).catch(() =>
      rm(`${directory}.${process.pid}`, { recursive: true }),
    );
    await rm(dirname(fresh), { recursive: true });
  }
  return { directory, template: JSON.parse(readFileSync(join(directory, TEMPLATE), 'utf8')) };
}

function hashOfSources(given: Files): string {
  const files = SOURCES.flatMap(source => globSync([source, `${source}/**/*.*`], { cwd: PROJECT })).sort();
  const contents = files
    .filter(file => /\.\w+$/.test(file))
    .map(file => `${file} ${hash('sha256', readFileSync(join(PROJECT, file)))}\n`);
  return hash('sha256', `${contents.join('')}${JSON.stringify(given)}`);
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
