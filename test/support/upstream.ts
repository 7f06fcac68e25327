/** A registry behind the proxy, with the answers that a test needs, which records its requests. */
import { hash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
}

export interface TestUpstream {
  readonly url: string;
  readonly asked: Asked[];
  /** What is answered; by default the manifest for every path. */
  answer: (request: IncomingMessage, response: ServerResponse) => void;
  close(): Promise<void>;
}

export const MANIFEST = JSON.stringify({
  schemaVersion: 2,
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  config: {
    mediaType: 'application/vnd.oci.image.config.v1+json',
    digest: `sha256:${'a'.repeat(64)}`,
    size: 2,
  },
  layers: [],
});
export const DIGEST = `sha256:${hash('sha256', MANIFEST)}`;

export async function openUpstream(): Promise<TestUpstream> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const { method = '', url = '', headers } = request;
    asked.push({ method, url, headers });
    upstream.answer(request, response);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const upstream: TestUpstream = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    answer: answerManifest,
    close: () => new Promise(resolve => server.close(() => resolve()).closeAllConnections()),
  };
  return upstream;
}

export function answerManifest(_: IncomingMessage, response: ServerResponse): void {
  const type = 'application/vnd.oci.image.manifest.v1+json';
  response.writeHead(200, { 'content-type': type, 'docker-content-digest': DIGEST, 'x-secret': 'upstream' });
  response.end(MANIFEST);
}
