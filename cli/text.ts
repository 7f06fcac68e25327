/** Text for people: safe on a terminal, in tables and listings, by templates of `--format`; and what things are known by. */

import type { Policy, Token, TokenUse, Trust } from '../lib/api/responses.ts';
import type { Access } from '../lib/domain/access.ts';
import { HOUR_SECONDS, MINUTE_SECONDS } from '../lib/domain/time.ts';
import { UsageError } from './errors.ts';

const GAP = '   ';

/** Controls, formatting such as bidi controls, line and paragraph separators, and lone surrogates. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/**
 * Escapes what a terminal would obey or a reader would not see: text from elsewhere could move the cursor, rewrite a line
 * or reverse what is read. The escapes are those of JSON, so JSON stays valid and means the same.
 */
export function printable(text: string): string {
  return text.replace(UNSAFE, character => {
    const units = Array.from({ length: character.length }, (_, i) => character.charCodeAt(i));
    return units.map(unit => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
  });
}

/** JSON for a file, with the same escapes as on a terminal: people look into files, too. */
export function jsonText(value: unknown, indent = '  '): string {
  // Raw tabs are only there where lines are indented.
  const safe = (line: string) => line.split('\t').map(printable).join('\t');
  return `${JSON.stringify(value, null, indent).split('\n').map(safe).join('\n')}\n`;
}

/** The lines of a table, its columns as wide as they must be. */
export function tableOf(headings: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const cells = [headings, ...rows.map(row => row.map(printable))];
  const widths = headings.map((_, column) => Math.max(...cells.map(row => (row[column] ?? '').length)));
  return cells.map(row =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join(GAP)
      .trimEnd(),
  );
}

/** Names and values, a line each. */
export function listingOf(entries: readonly (readonly [name: string, value: string])[]): string[] {
  const width = Math.max(...entries.map(([name]) => name.length));
  return entries.map(([name, value]) => `${name.padEnd(width)}${GAP}${value}`);
}

/** The repositories of a token, policy or trust. */
export function repositoriesText(repositories: readonly string[] | null): string {
  return repositories?.join(' ') ?? 'all namespaces of the account';
}

/** `2026-11-21T07:00:00Z from 192.0.2.1 by docker/28.2.2 for registry.example`, as far as it is known. */
export function usedText({ at, address, client, service }: TokenUse): string {
  const parts = [
    ['from', address],
    ['by', client],
    ['for', service],
  ].map(([word, what]) => (what == null ? '' : ` ${word} ${what}`));
  return `${at}${parts.join('')}`;
}

export function isEmpty(labels: Readonly<Record<string, string>>): boolean {
  return Object.keys(labels).length === 0;
}

/** `env=test team=builds`. */
export function labelsText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .sort()
    .join(' ');
}

/** The access of a token or trust. */
export function accessText(access: Access): string {
  return access === 'push' ? 'pull and push' : 'pull';
}

export interface Field<T> {
  readonly heading: string;
  /** Fixed, as rows are printed as they come and cannot wait for a longer one. */
  readonly width: number;
  readonly of: (item: T) => string;
}

export type Fields<T> = Readonly<Record<string, Field<T>>>;

export interface Template<T> {
  /** The first line of a table; undefined for any other template. */
  readonly heading: string | undefined;
  readonly render: (item: T) => string;
}

/** A literal text, or a field. */
type Part<T> = string | Field<T>;

const TABLE = /^table\s+/;
const ACTION = /\{\{(.*?)\}\}/s;
const FIELD = /^\s*\.([A-Za-z]+)\s*$/;

/**
 * The part of Go templates that `--format` takes: text, fields, and `table` before them, as docker has it. Throws
 * UsageError for anything else: a template that is half understood shows the wrong thing.
 */
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
  if (text.includes('{{')) throw new UsageError('The format opens {{ and does not close it.');
  return text;
}

function fieldOf<T>(action: string, fields: Fields<T>): Field<T> {
  const name = FIELD.exec(action)?.[1] ?? '';
  const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (field !== undefined) return field;
  const known = Object.keys(fields).map(field => `{{.${field}}}`);
  throw new UsageError(`The format cannot show {{${action}}}; it can show ${known.join(', ')}.`);
}

/** The cells of a table, which tabs separate. */
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

/** A life in its two largest units: `11h 58m`, `1m 8s`. */
export function lifeText(seconds: number): string {
  const parts = [
    [Math.floor(seconds / HOUR_SECONDS), 'h'],
    [Math.floor((seconds % HOUR_SECONDS) / MINUTE_SECONDS), 'm'],
    [Math.floor(seconds % MINUTE_SECONDS), 's'],
  ] as const;
  const first = parts.findIndex(([count]) => count > 0);
  const shown = parts.slice(Math.max(0, first), first + 2).filter(([count]) => count > 0);
  return shown.map(([count, unit]) => `${count}${unit}`).join(' ') || '0s';
}

type Described<T, K extends keyof T> = Pick<T, K>;

/** `"build farm", to pull in team-a/app`. */
export function tokenText(token: Described<Token, 'access' | 'description' | 'repositories'>): string {
  const { description, access, repositories } = token;
  const what = `to ${accessText(access)} in ${repositoriesText(repositories)}`;
  return description === '' ? what : `${JSON.stringify(description)}, ${what}`;
}

/** `writer of team-a/* for dev:carol`. */
export function policyText(policy: Described<Policy, 'repositories' | 'role' | 'subject'>): string {
  return `${policy.role} of ${repositoriesText(policy.repositories)} for ${policy.subject}`;
}

/** `github repository_id=74, to pull in team-a/app`. */
export function trustText(trust: Described<Trust, 'access' | 'claims' | 'issuer' | 'repositories'>): string {
  const { issuer, claims, access, repositories } = trust;
  return `${issuer} ${claimsText(claims)}, to ${accessText(access)} in ${repositoriesText(repositories)}`;
}

/** `repository_id=74 ref=refs/heads/main`. */
export function claimsText(claims: Trust['claims']): string {
  return Object.entries(claims)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}
