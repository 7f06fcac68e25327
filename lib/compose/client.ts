/** The SDK's client of DynamoDB, as a function reaches it; every call is counted. */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { counted } from '../aws/client.ts';
import type { Metrics } from '../ports/system.ts';
import { createDynamoClient } from '../store/client.ts';

export function composeClient(metrics: Metrics): DynamoDBClient {
  const client = createDynamoClient();
  client.middlewareStack.add(next => args => counted(metrics, () => next(args)), {
    step: 'initialize',
    name: 'counted',
  });
  return client;
}
