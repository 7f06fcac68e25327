/** Reads one TypeScript module: what it imports, what it names, what it constructs. */
import { parseAst } from 'vitest/node';

export interface Import {
  readonly specifier: string;
  /** The names taken; `*` for all of them. */
  readonly names: readonly string[];
}

export interface Module {
  readonly lines: number;
  readonly imports: readonly Import[];
  /** Every `object.member` in the text, however it was reached: `process.env`, `Date.now`. */
  readonly members: ReadonlySet<string>;
  /** Every class behind a `new`; `Date()` for a `new Date()` that reads the clock. */
  readonly constructed: ReadonlySet<string>;
}

type Node = { readonly type: string } & Readonly<Record<string, unknown>>;

/** Reads a module; throws what the parser throws on text that is no TypeScript. */
export function readModule(source: string): Module {
  const imports: Import[] = [];
  const members = new Set<string>();
  const constructed = new Set<string>();
  for (const node of nodesOf(parseAst(source, { lang: 'ts' }))) {
    const found = importOf(node);
    if (found !== undefined) imports.push(found);
    for (const member of membersOf(node)) members.add(member);
    if (node.type === 'NewExpression') constructed.add(classOf(node));
  }
  return { lines: source.split('\n').length - 1, imports, members, constructed };
}

function* nodesOf(value: unknown): Generator<Node> {
  if (Array.isArray(value)) for (const item of value) yield* nodesOf(item);
  else if (isNode(value)) {
    yield value;
    for (const child of Object.values(value)) yield* nodesOf(child);
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

const IMPORTING = new Set([
  ...['ImportDeclaration', 'ExportNamedDeclaration', 'ExportAllDeclaration'],
  ...['ImportExpression', 'TSImportType', 'TSExternalModuleReference'],
]);

function importOf(node: Node): Import | undefined {
  if (!IMPORTING.has(node.type)) return undefined;
  const source = node.source ?? node.expression;
  if (!isNode(source)) return undefined;
  const specifiers = Array.isArray(node.specifiers) ? node.specifiers.filter(isNode) : [];
  return {
    specifier: specifierOf(source),
    names: specifiers.length === 0 ? ['*'] : specifiers.map(takenName),
  };
}

/** What is computed at run time is written `?`: of `pkg/${file}` the package is still known. */
function specifierOf(source: Node): string {
  if (typeof source.value === 'string') return source.value;
  if (!Array.isArray(source.quasis)) return '?';
  return source.quasis.map(({ value }: { value: { raw: string } }) => value.raw).join('?');
}

/** The name in the module that is imported, not the one that it gets here. */
function takenName(specifier: Node): string {
  if (specifier.type === 'ImportSpecifier') return nameOf(specifier.imported) ?? '*';
  if (specifier.type === 'ExportSpecifier') return nameOf(specifier.local) ?? '*';
  return '*';
}

function* membersOf(node: Node): Generator<string> {
  if (node.type === 'MemberExpression') yield `${lastName(node.object)}.${nameOf(node.property)}`;
  if (node.type === 'VariableDeclarator' && isNode(node.id) && Array.isArray(node.id.properties)) {
    for (const property of node.id.properties.filter(isNode)) {
      yield `${lastName(node.init)}.${nameOf(property.key)}`;
    }
  }
  const found = importOf(node);
  if (found?.specifier.startsWith('node:')) {
    for (const name of found.names) yield `${found.specifier.slice('node:'.length)}.${name}`;
  }
}

function classOf(node: Node): string {
  const name = lastName(node.callee);
  const bare = Array.isArray(node.arguments) && node.arguments.length === 0;
  return name === 'Date' && bare ? 'Date()' : name;
}

/** Of `globalThis.process` it is `process`. */
function lastName(node: unknown): string {
  if (!isNode(node)) return '?';
  return nameOf(node.type === 'MemberExpression' ? node.property : node) ?? '?';
}

function nameOf(node: unknown): string | undefined {
  if (!isNode(node)) return undefined;
  const name = node.name ?? node.value;
  return typeof name === 'string' ? name : undefined;
}
