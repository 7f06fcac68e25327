/** Ways in which the network treats a client, and what the client sent. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { clientOf } from './engine.ts';

/** The operations that the client carries out from now on, by name and input, each once however often it is sent. */
export function recordCalls(client: DynamoDBClient): { readonly name: string; readonly input: object }[] {
  const calls: { name: string; input: object }[] = [];
  client.middlewareStack.add(
    (next, { commandName = '' }) =>
      args => {
        calls.push({ name: commandName, input: args.input });
        return next(args);
      },
    { step: 'initialize' },
  );
  return calls;
}

/**
 * The next request of the operation is carried out, and then its answer is lost, so that the SDK sends it again;
 * `meanwhile` runs in between.
 */
export function loseAnswer(
  client: DynamoDBClient,
  commandName: string,
  meanwhile: () => Promise<unknown> = async () => undefined,
): void {
  let lost = false;
  client.middlewareStack.add(
    (next, context) => async args => {
      const answer = await next(args);
      if (lost || context.commandName !== commandName) return answer;
      lost = true;
      await meanwhile();
      throw Object.assign(new Error('The answer did not arrive.'), { name: 'TimeoutError' });
    },
    { step: 'deserialize', priority: 'high' },
  );
}

/** A server in DynamoDB's place, and a client of it. */
export async function withServer(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const server = createServer(answer);
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = clientOf({ endpoint, accessKeyId: 'id', secretAccessKey: 'secret' });
  const close = async () => {
    client.destroy();
    server.closeAllConnections();
    await new Promise(resolve => server.close(resolve));
  };
  return { client, table: 'pullpass', close };
}
