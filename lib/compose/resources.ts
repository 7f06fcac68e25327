/** What the configuration refers to: the table, its ledger, and the keys, on one machine or on AWS. */

import type { AwsCall } from '../aws/client.ts';
import { secretsManager } from '../aws/secrets.ts';
import { fileDerivation, kmsDerivation } from '../derivation/derivation.ts';
import { fileKeySource, type KeySource, secretKeySource } from '../derivation/key-source.ts';
import { fileLedger } from '../ledger/file-ledger.ts';
import { type Journaling, journaling } from '../ledger/journaling.ts';
import { tableLedger } from '../ledger/table-ledger.ts';
import { dynamoTableMarker, fileTableMarker } from '../ledger/table-marker.ts';
import type { Derivation } from '../ports/keys.ts';
import type { Ledger, TableMarker } from '../ports/ledger.ts';
import type { Table } from '../ports/table.ts';
import { fileKeyStore, type KeyStore, secretKeyStore } from '../signing/key-store.ts';
import { countedTable } from '../store/calls.ts';
import { dynamoTable } from '../store/dynamo-table.ts';
import type { UpstreamLoginOptions } from '../upstream/login.ts';
import { tableGuard } from '../usecases/table-guard.ts';
import type { Parts } from './parts.ts';

export function openKeyStore({ config: { keys }, aws, randomBytes }: Parts<'keys'>): KeyStore {
  if (keys.kind === 'file') return fileKeyStore(keys.path);
  return secretKeyStore(secretsManager(aws('secretsManager', keys.region), randomBytes), keys.name);
}

export function openCredentialKeySource({
  config: { credentialKey: key },
  aws,
  randomBytes,
}: Parts<'credentialKey'>): KeySource {
  if (key.kind === 'file') return fileKeySource(key.path);
  return secretKeySource(secretsManager(aws('secretsManager', key.region), randomBytes), key.name);
}

export function openDerivation({ config: { derivationKey: key }, aws }: Parts<'derivationKey'>): Derivation {
  if (key.kind === 'file') return fileDerivation(key.path);
  return kmsDerivation(aws('kms', key.region), { keys: key.prefix, id: key.name });
}

export const TABLE_SETTINGS = ['table', 'ledger'] as const;

type TableParts = Parts<(typeof TABLE_SETTINGS)[number]>;

/** The world's table, or DynamoDB by the lean client: for what a registry client waits for, and for the cleanup. */
export function openTable(parts: Parts<'table'>): Table {
  const { table, config, aws, metrics } = parts;
  return countedTable(table ?? leanTable(config.table, aws('dynamodb')), metrics);
}

export function openLedger({ config: { ledger }, aws, ledger: ours }: Parts<'ledger'>): Ledger {
  if (ledger.kind === 'file') return ours ?? fileLedger(ledger.path);
  return tableLedger(leanTable(ledger.name, aws('dynamodb', ledger.region)));
}

/** The stores as a function that takes rights away has to use them. */
export function openJournaling(parts: Parts<'ledger'>): Journaling {
  return journaling({ ...parts, ledger: openLedger(parts) });
}

export function openTableMarker(parts: TableParts): TableMarker {
  const { config, aws, randomBytes } = parts;
  const { table, ledger } = config;
  if (ledger.kind === 'file') {
    return fileTableMarker({ table: openTable(parts), directory: ledger.path, randomBytes });
  }
  const call = aws('dynamodb');
  return dynamoTableMarker({
    main: openTable(parts),
    ledger: leanTable(ledger.name, aws('dynamodb', ledger.region)),
    describe: () => call('DescribeTable', { TableName: table }),
  });
}

/** Every function that serves from the table asks this first. */
export function openTableGuard(parts: TableParts): () => Promise<void> {
  return tableGuard({ identity: openTableMarker(parts), clock: parts.clock });
}

/** What logs us in at upstreams. A secret is named by its ARN, which may be of another account. */
export function openUpstreamSecrets({ aws, randomBytes, config: { stage } }: Parts): UpstreamLoginOptions {
  return {
    readSecret: arn => {
      const [, , , region] = arn.split(':');
      return secretsManager(aws('secretsManager', region), randomBytes).read(arn);
    },
    ecr: (region, credentials) => aws('ecr', region, credentials),
    sts: () => aws('sts'),
    sessionName: stage === undefined ? 'pullpass' : `pullpass-${stage}`,
  };
}

function leanTable(name: string, send: AwsCall): Table {
  return dynamoTable(name, { bytes: 'base64', send });
}
