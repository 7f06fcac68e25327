/** `npm run build:cli`: builds the package of the command line in .build/cli, and packs it next to that. */
import { execFileSync } from 'node:child_process';
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BuildOptions, build } from 'esbuild';
import project from '../package.json' with { type: 'json' };
import { licencesOf } from './licences.ts';

const ROOT = join(import.meta.dirname, '..');
const OUTPUT = join(ROOT, '.build');
const PACKAGE = join(OUTPUT, 'cli');
const COMMANDS = ['pullpass', 'docker-credential-pullpass', 'pullpass-kubelet-provider'];
/** A file of its own, which the commands read only behind a proxy or a private authority: it is as large as they are. */
const APART = 'undici';

/** What users of the command read: its help names the first, which names the others. */
const PAGES = ['cli.md', 'api.md', 'build-farm.md'];

/** The oldest Node that the command runs on. */
const NODE = { major: 20, minor: 19 };

/** The first lines of each file, in syntax that every Node reads: an older one gets a message instead of a syntax error. */
const PROLOGUE = `#!/usr/bin/env node
var node = process.versions.node.split('.').map(Number);
if (node[0] < ${NODE.major} || (node[0] === ${NODE.major} && node[1] < ${NODE.minor})) {
  console.error('Pullpass needs Node ${NODE.major}.${NODE.minor} or newer; this is ' + process.versions.node + '.');
  process.exit(1);
}`;

await rm(PACKAGE, { recursive: true, force: true });
await mkdir(PACKAGE, { recursive: true });
const inputs = [...(await bundleCommands()), ...(await bundleApart())];
await writeFile(join(PACKAGE, 'THIRD-PARTY-LICENCES'), await licencesOf(inputs, ROOT));
await writeFile(join(PACKAGE, 'package.json'), `${JSON.stringify(manifest(), null, 2)}\n`);
await copyFile(join(ROOT, 'LICENSE'), join(PACKAGE, 'LICENSE'));
await copyFile(join(ROOT, 'cli', 'README.md'), join(PACKAGE, 'README.md'));
await mkdir(join(PACKAGE, 'docs'));
for (const page of PAGES) await copyFile(join(ROOT, 'docs', page), join(PACKAGE, 'docs', page));
pack();

/**
 * One file for each command, with all its dependencies; the same sources give the same bytes. CommonJS, so that an older
 * Node reaches the version check, and late imports are evaluated late although there is one file. Returns the paths of
 * everything that was bundled.
 */
function bundleCommands(): Promise<string[]> {
  return bundle({
    entryPoints: COMMANDS.map(name => `cli/${name}.ts`),
    banner: { js: PROLOGUE },
    plugins: [
      {
        name: 'apart',
        setup: ({ onResolve }) =>
          onResolve({ filter: new RegExp(`^${APART}$`) }, () => ({ path: `./${APART}.cjs`, external: true })),
      },
    ],
  });
}

function bundleApart(): Promise<string[]> {
  return bundle({ entryPoints: [APART] });
}

async function bundle(options: BuildOptions): Promise<string[]> {
  const { metafile } = await build({
    ...options,
    absWorkingDir: ROOT,
    outdir: PACKAGE,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    minify: true,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    mainFields: ['module', 'main'],
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
  });
  const used = Object.values(metafile.outputs).flatMap(({ inputs }) => Object.entries(inputs));
  return used.filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([path]) => path);
}

function manifest(): object {
  const { name, version, description, license } = project;
  return {
    name,
    version,
    description,
    license,
    bin: Object.fromEntries(COMMANDS.map(command => [command, `${command}.cjs`])),
    engines: { node: `>=${NODE.major}.${NODE.minor}` },
  };
}

function pack(): void {
  const args = ['pack', PACKAGE, '--pack-destination', OUTPUT, '--ignore-scripts', '--loglevel', 'error'];
  console.log(`.build/${execFileSync('npm', args, { encoding: 'utf8' }).trim()}`);
}
