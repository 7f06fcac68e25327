/** A server in DynamoDB's place. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { clientOf } from './tables.ts';

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
