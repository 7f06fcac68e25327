/** A front of moto, which runs functions only with docker: every function that is asked says that it can serve, and all else reaches moto. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';

const INVOCATION = /^\/2015-03-31\/functions\/([^/]+)\/invocations/;

/** A request as it was sent. */
export interface Sent {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Front {
  readonly endpoint: string;
  /** Everything that was asked, in order. */
  readonly sent: readonly Sent[];
  /** The functions that were asked, in order. */
  readonly asked: readonly string[];
  stop(): void;
}

export async function healthyFunctions(moto: string): Promise<Front> {
  const asked: string[] = [];
  const sent: Sent[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', chunk => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      sent.push({ method, url, headers, body: Buffer.concat(chunks).toString() });
    });
    const [, name] = INVOCATION.exec(request.url ?? '') ?? [];
    if (name !== undefined) {
      asked.push(name);
      response.end('{"status":"ok"}');
      return;
    }
    const { method, headers } = request;
    const forwarded = send(new URL(request.url ?? '/', moto), { method, headers }, answer => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    forwarded.on('error', () => response.destroy());
    request.pipe(forwarded);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    sent,
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
