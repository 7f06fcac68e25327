/** What every server of the bench does: listen on loopback, report the port, end with the process that started it. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Listener = (request: IncomingMessage, response: ServerResponse) => Promise<void> | void;

export function serve(listener: Listener): void {
  const server = createServer((request, response) => {
    Promise.resolve(listener(request, response)).catch((error: unknown) => {
      console.error(error);
      response.destroy();
    });
  });
  server.listen(0, '127.0.0.1', () => reportReady((server.address() as AddressInfo).port));
}

export function reportReady(port: number): void {
  process.once('disconnect', () => process.exit());
  process.send?.({ port });
}

export function answerJson(response: ServerResponse, body: object, type = 'application/json'): void {
  const text = JSON.stringify(body);
  response.writeHead(200, { 'content-type': type, 'content-length': Buffer.byteLength(text) }).end(text);
}
