/** The DynamoDB client: it gives up soon, because a login that waits is a build that waits. */
import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import pLimit from 'p-limit';

const CONNECTION_MS = 300;
const REQUEST_MS = 800;
const ATTEMPTS = 2;
/** As many as the handler has connections: a call that waited for one would spend its time limits waiting. */
const MAX_CALLS = 50;

/**
 * A client of the region (absent: the environment's). Endpoint and credentials come from the environment as the SDK
 * reads it (`AWS_ENDPOINT_URL_DYNAMODB` for the embedded engine), unless `given` holds them. One call takes at most
 * two requests of 800 ms each, once it is its turn; connections are kept and used again.
 */
export function createDynamoClient(
  region?: string,
  given: Pick<DynamoDBClientConfig, 'endpoint' | 'credentials'> = {},
): DynamoDBClient {
  const client = new DynamoDBClient({
    ...given,
    ...(region === undefined ? {} : { region }),
    maxAttempts: ATTEMPTS,
    retryMode: 'standard',
    requestHandler: new NodeHttpHandler({
      connectionTimeout: CONNECTION_MS,
      requestTimeout: REQUEST_MS,
      // Without this the SDK only warns, and a dead endpoint would hold the request until the function ends.
      throwOnRequestTimeout: true,
      // The request's timeout ends with the first byte of the answer; this one covers the rest.
      socketTimeout: REQUEST_MS,
    }),
  });
  const inTurn = pLimit(MAX_CALLS);
  client.middlewareStack.add(next => args => inTurn(() => next(args)), {
    step: 'initialize',
    name: 'inTurn',
  });
  return client;
}
