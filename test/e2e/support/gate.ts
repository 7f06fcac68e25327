/** Stands before a registry: notes what it is asked, and can hold requests or refuse connections, as a network does. */
import { createServer, type IncomingMessage, type ServerResponse, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream';

export interface Gate {
  readonly url: string;
  /** The paths that it was asked for. */
  readonly asked: string[];
  /** The signatures of AWS that it has seen: whose access key, and for which service. */
  readonly signed: { readonly accessKeyId: string; readonly service: string }[];
  /** Called before a request is passed on, which waits for it. */
  before: (path: string) => Promise<void>;
  /** While false, connections end without an answer. */
  isOpen: boolean;
  close(): Promise<void>;
}

/** A gate before the registry at `host:port`. */
export async function openGate(address: string): Promise<Gate> {
  const server = createServer((request, response) => void pass(gate, address, { request, response }));
  server.on('connection', socket => {
    if (!gate.isOpen) socket.destroy();
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const gate: Gate = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: [],
    signed: [],
    before: async () => undefined,
    isOpen: true,
    close: () => new Promise(resolve => server.close(() => resolve()).closeAllConnections()),
  };
  return gate;
}

const SIGNATURE = /^AWS4-HMAC-SHA256 Credential=(\w+)\/\d+\/[\w-]+\/(\w+)\//;

interface Arrival {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

async function pass(gate: Gate, address: string, { request, response }: Arrival): Promise<void> {
  const { method = '', url: path = '', headers } = request;
  if (!gate.isOpen) return void request.socket.destroy();
  gate.asked.push(path);
  const [, accessKeyId, service] = SIGNATURE.exec(headers.authorization ?? '') ?? [];
  if (accessKeyId !== undefined && service !== undefined) gate.signed.push({ accessKeyId, service });
  await gate.before(path);
  const call = send(`http://${address}${path}`, { method, headers }, answer => {
    response.writeHead(answer.statusCode ?? 0, answer.headers);
    pipeline(answer, response, () => undefined);
  });
  call.on('error', () => request.socket.destroy());
  pipeline(request, call, () => undefined);
}
