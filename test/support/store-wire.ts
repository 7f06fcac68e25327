/** What the functions ask of their store: every request is recorded, and any can be cut off. */
import { createServer, type IncomingMessage, type ServerResponse, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { unavailable } from '../../lib/domain/errors.ts';
import type { Table } from '../../lib/ports/table.ts';

export interface StoreRequest {
  /** As DynamoDB names it: `GetItem`, `BatchGetItem`, … */
  readonly operation: string;
  readonly body: string;
}

export interface StoreWire {
  /** What was asked, in order, except for the table's marker. */
  readonly requests: StoreRequest[];
  /** Reads of the table's marker, which come by the clock and not by the request. */
  readonly markerReads: StoreRequest[];
  /** Which requests are lost before the store sees them. */
  cut: (request: StoreRequest) => boolean;
  /** Which requests are applied, but their answer is lost; only on one machine. */
  lose: (request: StoreRequest) => boolean;
}

const OPERATIONS = {
  get: 'GetItem',
  batchGet: 'BatchGetItem',
  query: 'Query',
  scan: 'Scan',
  insert: 'ExecuteStatement',
  put: 'PutItem',
  update: 'UpdateItem',
  delete: 'DeleteItem',
} as const satisfies Record<keyof Table, string>;

export function newWire(): StoreWire {
  return { requests: [], markerReads: [], cut: () => false, lose: () => false };
}

/** The table behind the wire. */
export function wired(wire: StoreWire, table: Table): Table {
  const methods = Object.entries(OPERATIONS).map(([method, operation]) => [
    method,
    async (...args: unknown[]) => {
      const request = { operation, body: JSON.stringify(args) };
      pass(wire, request);
      const answer = await (table[method as keyof Table] as (...args: unknown[]) => Promise<unknown>)(
        ...args,
      );
      if (wire.lose(request)) throw unavailable('store: the answer was lost', { retryAfterSeconds: 1 });
      return answer;
    },
  ]);
  return Object.fromEntries(methods) as Table;
}

/** An engine with DynamoDB's interface behind the wire; answers where the functions reach it. */
export async function proxyTo(
  wire: StoreWire,
  target: string,
): Promise<{ readonly endpoint: string; close(): Promise<void> }> {
  const forward = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await buffer(request);
    const operation = String(request.headers['x-amz-target']).replace(/^.*\./, '');
    try {
      pass(wire, { operation, body: body.toString() });
    } catch {
      response.writeHead(500).end('{}');
      return;
    }
    const { method, headers } = request;
    const onward = send(target, { method, headers, agent: false }, answer => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy()).end(body);
  };
  const server = createServer((request, response) => {
    void forward(request, response).catch(() => response.destroy());
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    },
  };
}

function pass(wire: StoreWire, request: StoreRequest): void {
  (readsMarker(request) ? wire.markerReads : wire.requests).push(request);
  if (wire.cut(request))
    throw unavailable('store: cut off', { retryAfterSeconds: 1, cause: new Error('cut off') });
}

function readsMarker({ operation, body }: StoreRequest): boolean {
  return operation === 'DescribeTable' || (operation === 'GetItem' && /"identity"|attested#/.test(body));
}
