/** The table as the operator reaches it, by the SDK. */
import type { Table } from '../ports/table.ts';
import { countedTable, type StoreOptions } from '../store/calls.ts';
import { dynamoTable } from '../store/dynamo-table.ts';
import { createDynamoClient, sdkTransport } from '../store/sdk-transport.ts';
import { accessOf, type Parts } from './parts.ts';

export function openSdkTable(parts: Parts<'table'>): StoreOptions {
  const { metrics, randomBytes } = parts;
  return { table: countedTable(parts.table ?? sdkTable(parts), metrics), randomBytes };
}

function sdkTable({ config }: Parts<'table'>): Table {
  const { region, endpoint, credentials } = accessOf(config, 'dynamodb');
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  const client = createDynamoClient(region, {
    ...(endpoint === undefined ? {} : { endpoint }),
    credentials: {
      accessKeyId,
      secretAccessKey: secretAccessKey.reveal(),
      ...(sessionToken === undefined ? {} : { sessionToken: sessionToken.reveal() }),
    },
  });
  return dynamoTable(config.table, sdkTransport(client));
}
