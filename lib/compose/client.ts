/** The SDK's client of DynamoDB, as a function reaches it; every call is counted. */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { counted } from '../aws/counted.ts';
import type { Metrics } from '../ports.ts';
import { createDynamoClient } from '../store/client.ts';

export function composeClient(metrics: Metrics): DynamoDBClient {
  const client = createDynamoClient();
  client.middlewareStack.add(next => args => counted(metrics, () => next(args)), {
    step: 'initialize',
    name: 'counted',
  });
  return client;
}
