/** In place of AWS: canned answers of DynamoDB, and secrets by name, each after the time that a region takes. */

import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { reportReady } from './serve.ts';

const [canned = '{}'] = process.argv.slice(2);
const { answers, secrets, delayMs, tls } = JSON.parse(canned) as {
  readonly answers: Readonly<Record<string, object>>;
  readonly secrets: Readonly<Record<string, string>>;
  readonly delayMs: number;
  readonly tls: { readonly key: string; readonly cert: string };
};

const server = createServer(tls, async (request, response) => {
  const [, operation = ''] = String(request.headers['x-amz-target']).split('.');
  const { SecretId } = JSON.parse(await text(request));
  await sleep(delayMs);
  const secret = { Name: SecretId, VersionId: 'v', SecretString: secrets[SecretId] };
  const body = JSON.stringify(operation === 'GetSecretValue' ? secret : answers[operation]);
  const headers = { 'content-type': 'application/x-amz-json-1.1', 'content-length': Buffer.byteLength(body) };
  response.writeHead(200, headers).end(body);
});
server.listen(0, '127.0.0.1', () => reportReady((server.address() as AddressInfo).port));
