/** The table and its ledger: how they are reached, and whether the one may be served from. */
import { type AwsCall, counted } from '../aws/client.ts';
import { dynamoTableMarker } from '../ledger/dynamo-table-marker.ts';
import { fileLedger } from '../ledger/file-ledger.ts';
import { fileTableMarker } from '../ledger/file-table-marker.ts';
import { type Journaling, journaling } from '../ledger/journaling.ts';
import { tableLedger } from '../ledger/table-ledger.ts';
import type { Ledger, TableMarker } from '../ports/ledger.ts';
import { tableGuard } from '../usecases/table-guard.ts';
import type { Parts } from './world.ts';

export const TABLE_SETTINGS = ['table', 'ledger'] as const;

type TableParts = Parts<(typeof TABLE_SETTINGS)[number]>;

/** What a registry client waits for is read by the lean client. */
export function openLeanCall({ aws, metrics }: Pick<Parts, 'aws' | 'metrics'>): AwsCall {
  const call = aws('dynamodb');
  return (...request) => counted(metrics, () => call(...request));
}

export function openLedger({ config: { ledger }, aws }: Parts<'ledger'>): Ledger {
  if (ledger.kind === 'file') return fileLedger(ledger.path);
  return tableLedger({ call: aws('dynamodb', ledger.region), table: ledger.name });
}

/** The stores as a function that takes rights away has to use them. */
export function openJournaling(parts: Parts<'ledger'>): Journaling {
  return journaling({ ...parts, ledger: openLedger(parts) });
}

export function openTableMarker(parts: TableParts): TableMarker {
  const { config, aws, randomBytes } = parts;
  const { table, ledger } = config;
  const main = { call: openLeanCall(parts), table };
  if (ledger.kind === 'file') return fileTableMarker({ main, directory: ledger.path, randomBytes });
  return dynamoTableMarker({
    main,
    ledger: { call: aws('dynamodb', ledger.region), table: ledger.name },
  });
}

/** Every function that serves from the table asks this first. */
export function openTableGuard(parts: TableParts): () => Promise<void> {
  return tableGuard({ identity: openTableMarker(parts), clock: parts.clock });
}
