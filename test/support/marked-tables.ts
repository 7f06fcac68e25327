/** Tables with their markers beside a ledger, as on AWS, and copies of them as a restore makes them. */
import { randomUUID } from 'node:crypto';
import { type DynamoTableMarkerOptions, dynamoTableMarker } from '../../lib/ledger/table-marker.ts';
import type { Table } from '../../lib/ports/table.ts';
import type { MarkedTable } from '../contracts/table-marker.ts';
import { aToken } from './records.ts';
import { copyOf, memoryTable, storesOn } from './stores.ts';

/** The ledger of the stage. */
const LEDGER = 'pullpass-prod-ledger';

/** Opens an empty table. */
type Open = () => Promise<Table>;

const inMemory: Open = async () => memoryTable();

/** An empty table with an id of its own; with `ledger`, beside that one. */
export async function markerOptions(open: Open, ledger?: Table): Promise<DynamoTableMarkerOptions> {
  return optionsOf(await open(), ledger ?? (await open()));
}

/** A copy of the table, which has an id of its own, beside the same ledger. */
export async function copyOptions({ main, ledger }: DynamoTableMarkerOptions, open: Open = inMemory) {
  return optionsOf(await copyOf(main, open), ledger);
}

function optionsOf(main: Table, ledger: Table): DynamoTableMarkerOptions {
  const id = randomUUID();
  return { main, ledger, ledgerName: LEDGER, identify: async () => id };
}

export function markedTable(options: DynamoTableMarkerOptions, open: Open = inMemory): MarkedTable {
  return {
    marker: dynamoTableMarker(options),
    use: () => storesOn(options.main).tokens.add(aToken()),
    copy: async () => markedTable(await copyOptions(options, open), open),
    fresh: async () => markedTable(await markerOptions(open, options.ledger), open),
    unmarked: async () => {
      const copy = await copyOptions({ ...options, ledger: await open() }, open);
      await copy.main.update({ pk: 'table', sk: 'identity' }, { remove: ['id'] });
      return markedTable(copy, open);
    },
  };
}

/** A marked table in memory, beside an empty ledger. */
export async function memoryMarkedTable(): Promise<MarkedTable> {
  return markedTable(await markerOptions(inMemory));
}
