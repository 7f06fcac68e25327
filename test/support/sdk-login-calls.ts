/** The calls of a login by the SDK: a second implementation, which the lean one has to agree with. */
import { BatchGetItemCommand, type DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { LoginCalls } from '../../lib/store/login-store.ts';

export function sdkLoginCalls(client: DynamoDBClient): LoginCalls {
  return {
    batchGetItem: input => client.send(new BatchGetItemCommand(input)),
    updateItem: (input, abortSignal) => client.send(new UpdateItemCommand(input), { abortSignal }),
  };
}
