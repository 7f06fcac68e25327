/** DynamoDB by the AWS SDK, for the restore, which an operator waits for. */
import {
  BatchGetItemCommand,
  DeleteItemCommand,
  DynamoDBClient,
  type DynamoDBClientConfig,
  ExecuteStatementCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import pLimit from 'p-limit';
import { ATTEMPTS } from '../aws/client.ts';
import { MAX_CALLS, TIME_LIMITS, type TimeLimits } from '../aws/connections.ts';
import type { DynamoOperation, DynamoTransport } from './dynamo-table.ts';

/**
 * A client of the region (absent: the environment's). Endpoint and credentials come from the environment as the SDK
 * reads it (`AWS_ENDPOINT_URL_DYNAMODB`), unless `given` holds them. One call takes at most two requests, each within
 * the time limits, once it is its turn; connections are kept and used again.
 */
export function createDynamoClient(
  region?: string,
  given: Pick<DynamoDBClientConfig, 'endpoint' | 'credentials'> = {},
  { connectionMs, requestMs }: TimeLimits = TIME_LIMITS,
): DynamoDBClient {
  const client = new DynamoDBClient({
    ...given,
    ...(region === undefined ? {} : { region }),
    maxAttempts: ATTEMPTS,
    retryMode: 'standard',
    requestHandler: new NodeHttpHandler({
      connectionTimeout: connectionMs,
      requestTimeout: requestMs,
      // Without this the SDK only warns, and a dead endpoint would hold the request until the function ends.
      throwOnRequestTimeout: true,
      // The request's timeout ends with the first byte of the answer; this one covers the rest.
      socketTimeout: requestMs,
    }),
  });
  const inTurn = pLimit(MAX_CALLS);
  client.middlewareStack.add(next => args => inTurn(() => next(args)));
  return client;
}

/** The commands take what the table writes; their types want each input by itself. */
type Command = new (input: never) => GetItemCommand;

const COMMANDS = {
  BatchGetItem: BatchGetItemCommand,
  DeleteItem: DeleteItemCommand,
  ExecuteStatement: ExecuteStatementCommand,
  GetItem: GetItemCommand,
  PutItem: PutItemCommand,
  Query: QueryCommand,
  Scan: ScanCommand,
  UpdateItem: UpdateItemCommand,
} as unknown as Record<DynamoOperation, Command>;

export function sdkTransport(client: DynamoDBClient): DynamoTransport {
  return {
    bytes: 'raw',
    send: (operation, input, abortSignal) =>
      client.send(new COMMANDS[operation](input as never), abortSignal && { abortSignal }),
  };
}
