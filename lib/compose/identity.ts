import { type AwsCall, counted } from '../aws/client.ts';
import type { Config } from '../config/config.ts';
import { dynamoTableMarker } from '../ledger/dynamo-table-marker.ts';
import { type FileTableMarker, fileTableMarker } from '../ledger/file-table-marker.ts';
import type { TableMarker } from '../ports/ledger.ts';
import type { Metrics } from '../ports/system.ts';
import { tableGuard } from '../usecases/table-guard.ts';
import { composeAws } from './aws.ts';
import { clock, randomBytes } from './system.ts';

export const TABLE_SETTINGS = ['region', 'table', 'ledger'] as const;
type IdentityConfig = Config<(typeof TABLE_SETTINGS)[number]>;

export function composeTableMarker(config: IdentityConfig, metrics?: Metrics): TableMarker {
  const { region, table, ledger } = config;
  const ask = composeAws('dynamodb', region);
  const call: AwsCall = metrics === undefined ? ask : (...request) => counted(metrics, () => ask(...request));
  const main = { call, table };
  if (ledger.kind === 'file') return fileTableMarker({ main, directory: ledger.path, randomBytes });
  const ledgerCall = composeAws('dynamodb', ledger.region);
  return dynamoTableMarker({ main, ledger: { call: ledgerCall, table: ledger.table } });
}

/** The identity as one machine keeps it, which begins and leaves. */
export function composeFileTableMarker(config: IdentityConfig, directory: string): FileTableMarker {
  return fileTableMarker({
    main: { call: composeAws('dynamodb', config.region), table: config.table },
    directory,
    randomBytes,
  });
}

/** What every function that uses the table asks before it does. */
export function composeTableGuard(config: IdentityConfig, metrics: Metrics): () => Promise<void> {
  return tableGuard({ identity: composeTableMarker(config, metrics), clock });
}
