/** Bundles one function for Node 24 on Lambda, and reports its size and contents. */
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { build, type Metafile, type Plugin } from 'esbuild';

/** Sizes in bytes, minified. */
export interface Bundle {
  readonly name: string;
  readonly startBytes: number;
  readonly totalBytes: number;
  /** Bytes by package, or by file for our own. */
  readonly contents: ReadonlyMap<string, number>;
  /** The paths of the packages in it, as in package-lock.json. */
  readonly installed: ReadonlySet<string>;
}

const ROOT = join(import.meta.dirname, '..');
const ENTRY = 'index.mjs';
/** From the first node_modules on: it may be a link to that of another directory. */
const INSTALLED = /(?:^|\/)(node_modules\/(?:.*\/node_modules\/)?(?:@[^/]+\/)?[^/]+)\//;
const PACKAGE = /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//;

/**
 * Writes functions/<name>.ts with all its dependencies to `<directory>/<name>/index.mjs`. The same sources give the same
 * bytes. A cold start parses only static imports: late imports, such as the SDK's credential providers, become chunks.
 */
export async function bundle(name: string, directory: string): Promise<Bundle> {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: [{ in: `functions/${name}.ts`, out: 'index' }],
    outdir: join(directory, name),
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    mainFields: ['module', 'main'],
    metafile: true,
    logLevel: 'warning',
    plugins: [BUILTINS],
  });
  return describeBundle(name, metafile);
}

const BUILTIN = new RegExp(
  `^(?:node:)?(?:${builtinModules.filter(name => !name.startsWith('_')).join('|')})$`,
);

/**
 * Node's own modules by `process.getBuiltinModule`, and of each what is used: an `import` reads every export of a module, also those
 * that Node loads only when they are asked for. Of `node:http` that is undici, which takes longer than the start of Node itself.
 */
const BUILTINS: Plugin = {
  name: 'builtins',
  setup(building) {
    building.onResolve({ filter: BUILTIN }, ({ path, kind }) => ({
      path,
      namespace: kind === 'import-statement' ? 'builtin' : 'whole-builtin',
      sideEffects: false,
    }));
    building.onLoad({ filter: /./, namespace: 'whole-builtin' }, ({ path }) => ({
      contents: `module.exports = ${builtin(path)};`,
    }));
    building.onLoad({ filter: /./, namespace: 'builtin' }, ({ path }) => ({ contents: exportsOf(path) }));
  },
};

function builtin(name: string): string {
  return `/* @__PURE__ */ process.getBuiltinModule(${JSON.stringify(name)})`;
}

/**
 * Each export by itself, so that esbuild leaves out those that nothing imports. A source that imports a builtin as a whole, and chooses
 * from it while it runs, would have all of them.
 */
function exportsOf(name: string): string {
  const module = Object(process.getBuiltinModule(name)) as Readonly<Record<string, unknown>>;
  const names = Object.getOwnPropertyNames(module).filter(each => each !== 'default');
  const isLate = (each: string) => LATE.test(name) && typeof module[each] === 'function';
  const access = (each: string) =>
    isLate(each)
      ? `(...parameters) => ${builtin(name)}.${each}(...parameters)`
      : `/* @__PURE__ */ (() => whole.${each})()`;
  return [
    `const whole = ${builtin(name)};`,
    'export default whole;',
    ...names.map(each => `export const ${each} = ${access(each)};`),
  ].join('\n');
}

/** Functions of these are called only where keys are files, on one machine. */
const LATE = /^(?:node:)?(?:fs\/promises|os)$/;

/** Size and contents of a bundle, from esbuild's metafile. */
function describeBundle(name: string, { outputs }: Metafile): Bundle {
  const contents = new Map<string, number>();
  const installed = new Set<string>();
  for (const { inputs } of Object.values(outputs)) {
    for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
      if (/^(?:whole-)?builtin:/.test(path)) continue;
      const origin = PACKAGE.exec(path)?.[1] ?? path;
      const directory = INSTALLED.exec(path)?.[1];
      if (directory !== undefined) installed.add(directory);
      contents.set(origin, (contents.get(origin) ?? 0) + bytesInOutput);
    }
  }
  return {
    name,
    startBytes: sizeOf(readAtStart(outputs), outputs),
    totalBytes: sizeOf(Object.keys(outputs), outputs),
    contents,
    installed,
  };
}

function readAtStart(outputs: Metafile['outputs']): Set<string> {
  const found = new Set(Object.keys(outputs).filter(path => path.endsWith(`/${ENTRY}`)));
  for (const path of found) {
    const imports = outputs[path]?.imports ?? [];
    for (const { path: target, kind } of imports)
      if (kind === 'import-statement' && target in outputs) found.add(target);
  }
  return found;
}

function sizeOf(paths: Iterable<string>, outputs: Metafile['outputs']): number {
  return [...paths].reduce((sum, path) => sum + (outputs[path]?.bytes ?? 0), 0);
}
