/** Requests to DynamoDB by the SDK: for what administrators and schedules wait for. */
import {
  BatchGetItemCommand,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { DynamoOperation, DynamoTransport } from './dynamo-table.ts';

/** The commands take what the table writes; their types want each input by itself. */
type Command = new (input: never) => GetItemCommand;

const COMMANDS = {
  BatchGetItem: BatchGetItemCommand,
  DeleteItem: DeleteItemCommand,
  GetItem: GetItemCommand,
  PutItem: PutItemCommand,
  Query: QueryCommand,
  Scan: ScanCommand,
  UpdateItem: UpdateItemCommand,
} as unknown as Record<DynamoOperation, Command>;

export function sdkTransport(client: DynamoDBClient): DynamoTransport {
  return {
    bytes: 'raw',
    send: (operation, input, abortSignal) => {
      const command = new COMMANDS[operation](input as never);
      return client.send(command, abortSignal === undefined ? {} : { abortSignal });
    },
  };
}
