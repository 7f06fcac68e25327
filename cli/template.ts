/** The part of Go templates that `--format` takes: text, fields, and `table` before them, as docker has it. */
import { UsageError } from './failure.ts';
import { printable } from './text.ts';

export interface Field<T> {
  /** In the first line of a table. */
  readonly heading: string;
  /** Of its column: lists are written as they come, so no row can wait for a longer one. */
  readonly width: number;
  readonly of: (item: T) => string;
}

export type Fields<T> = Readonly<Record<string, Field<T>>>;

export interface Template<T> {
  /** The first line; undefined: there is none. */
  readonly heading: string | undefined;
  readonly render: (item: T) => string;
}

/** A literal text, or a field. */
type Part<T> = string | Field<T>;

const TABLE = /^table\s+/;
const ACTION = /\{\{(.*?)\}\}/s;
const FIELD = /^\s*\.([A-Za-z]+)\s*$/;
const GAP = '   ';

/** Throws UsageError for whatever it does not know: a template that is half understood shows the wrong thing. */
export function parseTemplate<T>(text: string, fields: Fields<T>): Template<T> {
  const isTable = TABLE.test(text);
  const body = text.replace(TABLE, '').replaceAll('\\t', '\t').replaceAll('\\n', '\n');
  const parts = partsOf(body, fields);
  if (!isTable) return { heading: undefined, render: item => write(parts, item) };
  const columns = columnsOf(parts);
  return {
    heading: align(columns, cell =>
      cell.map(part => (typeof part === 'string' ? part : part.heading)).join(''),
    ),
    render: item => align(columns, cell => write(cell, item)),
  };
}

function partsOf<T>(body: string, fields: Fields<T>): Part<T>[] {
  // A split by a pattern with one group gives texts and groups in turn.
  return body.split(ACTION).map((piece, i) => (i % 2 === 0 ? literal(piece) : fieldOf(piece, fields)));
}

function literal(text: string): string {
  if (text.includes('{{')) throw new UsageError('The format opens {{ without closing it.');
  return text;
}

function fieldOf<T>(action: string, fields: Fields<T>): Field<T> {
  const name = FIELD.exec(action)?.[1] ?? '';
  const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (field !== undefined) return field;
  const known = Object.keys(fields).map(field => `{{.${field}}}`);
  throw new UsageError(`The format cannot show {{${action}}}, only ${known.join(', ')}.`);
}

/** The cells of a table: what stands between tabs. */
function columnsOf<T>(parts: readonly Part<T>[]): Part<T>[][] {
  const columns: Part<T>[][] = [[]];
  for (const part of parts) {
    const [first = '', ...rest] = typeof part === 'string' ? part.split('\t') : [part];
    columns.at(-1)?.push(first);
    columns.push(...rest.map(text => [text]));
  }
  return columns;
}

function align<T>(columns: readonly Part<T>[][], write: (cell: Part<T>[]) => string): string {
  const cells = columns.map((cell, i) => {
    const last = i === columns.length - 1;
    return last ? write(cell) : write(cell).padEnd(widthOf(cell));
  });
  return cells.join(GAP).trimEnd();
}

function widthOf<T>(cell: readonly Part<T>[]): number {
  return cell.reduce((sum, part) => sum + (typeof part === 'string' ? part.length : part.width), 0);
}

function write<T>(parts: readonly Part<T>[], item: T): string {
  return parts.map(part => (typeof part === 'string' ? part : printable(part.of(item)))).join('');
}
