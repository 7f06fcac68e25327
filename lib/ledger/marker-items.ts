/** What a table says of itself: which it is, when it was last in use, and how far the ledger was replayed into it. */
import { compare, type Key, type Table, type Value } from '../ports/table.ts';

/** What a table says it is; `id` undefined: nothing. */
export interface Marker {
  readonly id: string | undefined;
  /** Milliseconds since 1970. */
  readonly usedAt: number | undefined;
}

const MARKER: Key = { pk: 'table', sk: 'identity' };
const PROGRESS: Key = { pk: 'table', sk: 'replay' };

export async function readMarker(table: Table): Promise<Marker> {
  const item = await table.get(MARKER);
  return { id: textOf(item?.id), usedAt: numberOf(item?.usedAt) };
}

/** Without an id the table differs from every one that the ledger knows. */
export async function writeMarker(table: Table, { id, usedAt }: Marker): Promise<void> {
  const known = { ...(id === undefined ? {} : { id }), ...(usedAt === undefined ? {} : { usedAt }) };
  await table.put({ ...MARKER, ...known });
}

/** Stores that the table is in use, unless its marker has changed meanwhile. */
export async function touchMarker(table: Table, id: string, nowMs: number): Promise<void> {
  await table.update(MARKER, { set: { usedAt: nowMs } }, compare('id', '=', id));
}

export async function isEmpty(table: Table): Promise<boolean> {
  return (await table.scan({ limit: 1 })).items.length === 0;
}

export async function readProgress(table: Table): Promise<string | undefined> {
  return textOf((await table.get(PROGRESS))?.next);
}

export async function writeProgress(table: Table, next: string | undefined): Promise<void> {
  await (next === undefined ? table.delete(PROGRESS) : table.put({ ...PROGRESS, next }));
}

export function textOf(value: Value | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

export function numberOf(value: Value | undefined): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
