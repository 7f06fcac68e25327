/** Tables that fail as a network does, and what was asked of a table. */

import { unavailable } from '../../lib/domain/errors.ts';
import type { Table } from '../../lib/ports/table.ts';
import { type Around, stepped } from './steps.ts';

type Method = keyof Table;

/** The table, every call of which goes through `around` as `table.<method>`. */
export function watchedTable(table: Table, around: Around): Table {
  return stepped({ table }, ['table'], around).table;
}

/**
 * The next call of the method is applied, but its answer is lost, so that it is sent again as a client does; `meanwhile`
 * runs in between.
 */
export function losingAnswer(
  table: Table,
  method: Method,
  meanwhile: () => Promise<unknown> = async () => undefined,
): Table {
  let isLost = false;
  return watchedTable(table, async (name, step) => {
    const answer = await step();
    if (isLost || name !== `table.${method}`) return answer;
    isLost = true;
    await meanwhile();
    return step();
  });
}

/** A table that never answers: every call fails. */
export function unreachableTable(table: Table): Table {
  return watchedTable(table, () => Promise.reject(unavailable('store: unreachable')));
}

/** The table, and the calls that were made of it since. */
export function recordedTable(table: Table): {
  readonly table: Table;
  readonly calls: { readonly method: string; readonly args: readonly unknown[] }[];
} {
  const calls: { method: string; args: readonly unknown[] }[] = [];
  const recorded = Object.entries(table).map(([method, call]) => [
    method,
    (...args: unknown[]) => {
      calls.push({ method, args });
      return call(...args);
    },
  ]);
  return { table: Object.fromEntries(recorded) as Table, calls };
}
