/** The wire between the functions and their store: every request on it is noted, and it can be cut. */
import { createServer, type IncomingMessage, type ServerResponse, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { Engine } from '../../local/engine.ts';

export interface StoreRequest {
  /** `GetItem`, `BatchGetItem`, … */
  readonly operation: string;
  readonly body: string;
}

export interface StoreWire {
  readonly endpoint: string;
  /** What came along, in order, but for the looks. */
  readonly requests: StoreRequest[];
  /** The looks at the identity of the table, which come by the clock and not by the request. */
  readonly looks: StoreRequest[];
  /** Which requests are lost before the store sees them. */
  cut: (request: StoreRequest) => boolean;
  close(): Promise<void>;
}

export async function storeWire(engine: Engine): Promise<StoreWire> {
  const server = createServer((request, response) => {
    void forward(request, response).catch(() => response.destroy());
  });
  const forward = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await buffer(request);
    const operation = String(request.headers['x-amz-target']).replace(/^.*\./, '');
    const noted = { operation, body: body.toString() };
    (isLook(noted) ? wire.looks : wire.requests).push(noted);
    if (wire.cut(noted)) {
      response.writeHead(500).end('{}');
      return;
    }
    const { method, headers } = request;
    const onward = send(engine.endpoint, { method, headers, agent: false }, answer => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy()).end(body);
  };
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const wire: StoreWire = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: [],
    looks: [],
    cut: () => false,
    close: async () => {
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    },
  };
  return wire;
}

function isLook({ operation, body }: StoreRequest): boolean {
  return operation === 'DescribeTable' || (operation === 'GetItem' && body.includes('"identity"'));
}
