/** The rules of the architecture, over a map of paths to sources. Each gives one line for every violation. */
import { posix } from 'node:path';
import { type Import, type Module, readModule } from './module.ts';
import {
  CLIENT_MAKERS,
  CLOCK_OWNERS,
  ENVIRONMENT_READERS,
  LAYERS,
  type Layer,
  layerOf,
  MAX_LINES,
} from './table.ts';

export interface Report {
  readonly files: number;
  /** Imports of one of our files by another. */
  readonly edges: ReadonlyMap<string, readonly string[]>;
  readonly violations: readonly string[];
}

/** A file of data imports nothing and does nothing, and may be as long as it has to be. */
const DATA: Module = { lines: 0, imports: [], members: new Set(), constructed: new Set() };

/** Holds every source against every rule. */
export function check(sources: ReadonlyMap<string, string>): Report {
  const violations: string[] = [];
  const edges = new Map<string, string[]>();
  for (const [path, source] of sources) {
    const layer = layerOf(path);
    if (layer === undefined) violations.push(`${path}: its folder has no row in the table`);
    const module = path.endsWith('.json') ? DATA : readModule(source);
    violations.push(...habits(path, module).map(text => `${path}: ${text}`));
    for (const found of module.imports) {
      const fault = faultOf({ found, from: layer, target: resolve(path, found.specifier), sources });
      if (fault !== undefined) violations.push(`${path}: ${fault}`);
    }
    const targets = module.imports.map(({ specifier }) => resolve(path, specifier) ?? specifier);
    edges.set(
      path,
      targets.filter(target => sources.has(target)),
    );
  }
  violations.push(...circles(edges).map(circle => `circle: ${circle.join(' → ')}`));
  return { files: sources.size, edges, violations };
}

/** A comment that says what the file is for, not what its first declaration does: imports or an empty line follow it. */
const HEADER = /^\/\*\*(?:(?!\*\/).)*\*\/\n(?:\n|\/\/|import\b|export (?:\*|(?:type )?\{))/s;

/** The sources that do not open with a header comment. */
export function withoutHeader(sources: ReadonlyMap<string, string>): string[] {
  return [...sources]
    .filter(([path, source]) => !path.endsWith('.json') && !HEADER.test(source))
    .map(([path]) => path);
}

/** What the table allows and no source does: a row that promises more than it must. */
export function staleAllowances(sources: ReadonlyMap<string, string>): string[] {
  const modules = [...sources]
    .filter(([path]) => !path.endsWith('.json'))
    .map(([path, source]) => ({ path, module: readModule(source) }));
  const used = new Set(
    modules.flatMap(({ path, module }) => module.imports.flatMap(found => usesOf(path, found))),
  );
  const rows = Object.entries(LAYERS).flatMap(([layer, { imports, npm, node }]) =>
    [...imports, ...(npm ?? []), ...(node ?? []).map(part => `node:${part}`)]
      .filter(allowed => !used.has(`${layer} ${allowed}`))
      .map(allowed => `${layer} is allowed ${allowed}`),
  );
  const lists = Object.entries({ ENVIRONMENT_READERS, CLIENT_MAKERS, CLOCK_OWNERS }).flatMap(
    ([list, paths]) =>
      paths
        .filter(path => !modules.some(module => module.path === path && needs(list, module.module)))
        .map(path => `${list} names ${path}`),
  );
  return [...rows, ...lists];
}

/** The allowances that an import makes use of, as `<layer> <allowance>`. */
function usesOf(path: string, { specifier, names }: Import): string[] {
  const from = layerOf(path) ?? '?';
  const target = resolve(path, specifier);
  if (target !== undefined) return [`${from} ${layerOf(target) ?? '?'}`];
  if (!specifier.startsWith('node:')) return [`${from} ${packageOf(specifier)}`];
  return [`${from} ${specifier}`, ...names.map(name => `${from} ${specifier}.${name}`)];
}

function needs(list: string, { members, constructed }: Module): boolean {
  if (list === 'ENVIRONMENT_READERS') return ENVIRONMENT.some(name => members.has(name));
  if (list === 'CLIENT_MAKERS') return [...constructed].some(name => name.endsWith('Client'));
  return [...CLOCK, ...CHANCE].some(name => members.has(name)) || constructed.has('Date()');
}

function resolve(path: string, specifier: string): string | undefined {
  return specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier) : undefined;
}

interface Edge {
  readonly found: Import;
  readonly from: string | undefined;
  /** The path of a relative import. */
  readonly target: string | undefined;
  readonly sources: ReadonlyMap<string, string>;
}

function faultOf({ found, from, target, sources }: Edge): string | undefined {
  const layer = LAYERS[from ?? ''];
  if (layer === undefined || from === undefined) return undefined;
  if (target === undefined) {
    return mayUse(layer, found) ? undefined : `${from} may not use ${found.specifier}`;
  }
  if (!sources.has(target)) return `${found.specifier} is not a file of this project`;
  const to = layerOf(target) ?? target;
  return to === from || layer.imports.includes(to)
    ? undefined
    : `${from} may not import ${to} (${found.specifier})`;
}

function mayUse({ npm, node }: Layer, { specifier, names }: Import): boolean {
  if (!specifier.startsWith('node:')) return isAllowedPackage(packageOf(specifier), npm);
  const part = specifier.slice('node:'.length);
  return node === null || node.includes(part) || names.every(name => node.includes(`${part}.${name}`));
}

function isAllowedPackage(name: string, npm: Layer['npm']): boolean {
  return npm === null ? !name.includes('?') : npm.includes(name);
}

/** The package of `@scope/name/file` and `name/file`. */
function packageOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

const ENVIRONMENT = ['process.env', 'process.*'];
const CLOCK = ['Date.now', 'performance.now', 'process.hrtime', 'process.uptime'];
const CHANCE = [
  'Math.random',
  'crypto.randomBytes',
  'crypto.randomUUID',
  'crypto.getRandomValues',
  'crypto.randomInt',
  'crypto.*',
];

function habits(path: string, { lines, members, constructed }: Module): string[] {
  const found = [];
  const ours = /^(?:lib|functions)\//.test(path);
  if (lines > MAX_LINES) found.push(`${lines} lines are more than ${MAX_LINES}`);
  const reads = !path.startsWith('local/') && ENVIRONMENT.some(name => members.has(name));
  if (reads && !ENVIRONMENT_READERS.includes(path)) {
    found.push('reads process.env');
  }
  if (ours && !CLIENT_MAKERS.includes(path)) {
    found.push(
      ...[...constructed].filter(name => name.endsWith('Client')).map(name => `constructs a ${name}`),
    );
  }
  if (ours && !CLOCK_OWNERS.includes(path)) {
    found.push(...[...CLOCK, ...CHANCE].filter(name => members.has(name)).map(name => `takes ${name}`));
    if (constructed.has('Date()')) found.push('takes the time by new Date()');
  }
  return found;
}

/** Every circle of imports, each once, from where the walk first came upon it. */
function circles(edges: ReadonlyMap<string, readonly string[]>): string[][] {
  const found: string[][] = [];
  const done = new Set<string>();
  const walk = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) found.push([...trail.slice(start), path]);
    if (start >= 0 || done.has(path)) return;
    for (const target of edges.get(path) ?? []) walk(target, [...trail, path]);
    done.add(path);
  };
  for (const path of edges.keys()) walk(path, []);
  return found;
}
