/** The table as administrators and schedules reach it: by the SDK. */
import { counted } from '../aws/client.ts';
import type { StoreOptions } from '../store/calls.ts';
import { createDynamoClient } from '../store/client.ts';
import { dynamoTable } from '../store/dynamo-table.ts';
import { sdkTransport } from '../store/sdk-transport.ts';
import { accessOf, type Parts } from './parts.ts';
import { countedTable } from './tables.ts';

export function openSdkTable({ config, metrics, randomBytes, table }: Parts<'table'>): StoreOptions {
  if (table !== undefined) return { table: countedTable(table, metrics), randomBytes };
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
  client.middlewareStack.add(next => args => counted(metrics, () => next(args)), {
    step: 'initialize',
    name: 'counted',
  });
  return { table: dynamoTable(config.table, sdkTransport(client)), randomBytes };
}
