/** What the configuration refers to: the table, its ledger, and the keys, on one machine or on AWS. */

import type { AwsCall } from '../aws/client.ts';
import { type MadeSecrets, secretCopies, secretsManager } from '../aws/secrets.ts';
import type { ArnReference } from '../config/values.ts';
import { fileDerivation, kmsDerivation } from '../derivation/derivation.ts';
import { fileKeySource, type KeySource, secretKeySource } from '../derivation/key-source.ts';
import {
  type AttestationOptions,
  attestedIdentity,
  attestTable,
  type Describe,
  describedIdentity,
} from '../ledger/attestation.ts';
import { fileLedger } from '../ledger/file-ledger.ts';
import { type Journaling, journaling } from '../ledger/journaling.ts';
import { tableLedger } from '../ledger/table-ledger.ts';
import { dynamoTableMarker, fileTableMarker } from '../ledger/table-marker.ts';
import type { Derivation, KeyCopies, KeyRetirement } from '../ports/keys.ts';
import type { Ledger, TableMarker } from '../ports/ledger.ts';
import type { Table } from '../ports/table.ts';
import {
  fileKeyStore,
  type KeyStore,
  type SecretKeyStore,
  secretKeyStore,
  secretNames,
} from '../signing/key-store.ts';
import { keyRetirement } from '../signing/retirement.ts';
import { countedTable } from '../store/calls.ts';
import { dynamoTable } from '../store/dynamo-table.ts';
import type { UpstreamLoginOptions } from '../upstream/login.ts';
import { tableGuard } from '../usecases/table-guard.ts';
import type { Parts } from './parts.ts';

/** `made`: what secrets get that this function makes. */
export function openKeyStore(parts: Parts<'keys'>, made?: MadeSecrets): KeyStore {
  const { keys } = parts.config;
  return keys.kind === 'file' ? fileKeyStore(keys.path) : openSecretKeys(parts, keys, made);
}

function openSecretKeys(
  parts: Parts,
  { region, name }: ArnReference<'secrets'>,
  made?: MadeSecrets,
): SecretKeyStore {
  return secretKeyStore(secretsManager(parts.aws('secretsManager', region), parts.randomBytes, made), name);
}

export function openCredentialKeySource(parts: Parts<'credentialKey'>, made?: MadeSecrets): KeySource {
  const { aws, randomBytes, config } = parts;
  const { credentialKey: key } = config;
  if (key.kind === 'file') return fileKeySource(key.path);
  return secretKeySource(secretsManager(aws('secretsManager', key.region), randomBytes, made), key.name);
}

/** On one machine, and without a region for them, there are none. */
export function openCopies(parts: Parts<'keys' | 'credentialKey'>, { copy }: MadeSecrets): KeyCopies {
  const { keys, credentialKey } = parts.config;
  if (copy === undefined || keys.kind === 'file' || credentialKey.kind === 'file')
    return { names: () => [], ensure: async () => undefined };
  const { ensure } = secretCopies(parts.aws('secretsManager', keys.region), copy);
  return {
    names: services => [...services.flatMap(({ name }) => secretNames(keys.name, name)), credentialKey.name],
    ensure,
  };
}

/** On one machine the keys of a service that was removed stay in its directory. */
export function openRetirement(parts: Parts<'keys' | 'ledger'>, made?: MadeSecrets): KeyRetirement {
  const { keys, ledger } = parts.config;
  if (keys.kind === 'file' || ledger.kind === 'file') return { retire: async () => [] };
  return keyRetirement(
    leanTable(ledger.name, parts.aws('dynamodb', ledger.region)),
    openSecretKeys(parts, keys, made),
  );
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

/** How a function learns which table it serves from: by the ledger, or by the control plane, which no request may wait for. */
export type Identification = 'attested' | 'described';

export function openTableMarker(parts: TableParts, by: Identification): TableMarker {
  const { ledger } = parts.config;
  const main = openTable(parts);
  if (ledger.kind === 'file') {
    return fileTableMarker({ table: main, directory: ledger.path, randomBytes: parts.randomBytes });
  }
  const attestation = attestationOf(parts, ledger);
  const identify = by === 'attested' ? attestedIdentity(attestation) : describedIdentity(describing(parts));
  return dynamoTableMarker({ main, ledger: attestation.ledger, ledgerName: ledger.name, identify });
}

/** Stores which table the control plane says it is; on one machine there is none. */
export function openAttesting(parts: TableParts): () => Promise<void> {
  const { ledger } = parts.config;
  if (ledger.kind === 'file') return async () => undefined;
  return () => attestTable(attestationOf(parts, ledger), describing(parts));
}

function attestationOf(
  { config, aws, clock }: TableParts,
  ledger: ArnReference<'table'>,
): AttestationOptions {
  return { ledger: leanTable(ledger.name, aws('dynamodb', ledger.region)), name: config.table, clock };
}

function describing({ config, aws }: TableParts): Describe {
  const call = aws('dynamodb');
  return () => call('DescribeTable', { TableName: config.table });
}

/** Every function that serves from the table asks this first. */
export function openTableGuard(parts: TableParts): () => Promise<void> {
  return tableGuard({ identity: openTableMarker(parts, 'attested'), clock: parts.clock });
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
