/** The DynamoDB client of the SDK, which gives up soon. */
import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import pLimit from 'p-limit';
import { ATTEMPTS, MAX_CALLS, TIME_LIMITS, type TimeLimits } from '../aws/connections.ts';

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
  client.middlewareStack.add(next => args => inTurn(() => next(args)), {
    step: 'initialize',
    name: 'inTurn',
  });
  return client;
}
