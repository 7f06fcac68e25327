/**
 * The embedded store behind its guard: a port on loopback that answers only whoever knows this start's access-key
 * id. Without the guard every process and every web page on this machine could read and write the table.
 */
import { hash, randomBytes as systemRandomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RandomBytes } from '../lib/ports/system.ts';
import { type Dynamo, openDynamo } from './dynamo.ts';

export interface Engine {
  /** For `AWS_ENDPOINT_URL_DYNAMODB`. */
  readonly endpoint: string;
  /** The secret of the guard: random, new with every start. */
  readonly accessKeyId: string;
  /** Clients need one to sign with; the signature is not looked at. */
  readonly secretAccessKey: string;
  /** Ends all connections and closes the database. */
  close(): Promise<void>;
}

/** More than DynamoDB's largest item (400 KiB) takes in base64. */
const MAX_BODY_BYTES = 1024 * 1024;
const KEY_BYTES = 32;
const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([0-9a-f]+)\/[^\s,]+, ?SignedHeaders=[^\s,]+, ?Signature=[0-9a-f]{64}$/;

/** Starts the engine on the database under `path`. Throws when another process has it open. */
export async function startEngine(options: { path: string; randomBytes?: RandomBytes }): Promise<Engine> {
  const { path, randomBytes = systemRandomBytes } = options;
  const accessKeyId = Buffer.from(randomBytes(KEY_BYTES)).toString('hex');
  const dynamo = await openDynamo(path);
  const server = createServer((request, response) => {
    answer(request, response, { dynamo, accessKeyId }).catch(() => response.destroy());
  });
  const listening = Promise.withResolvers<void>();
  server.once('error', listening.reject).listen(0, '127.0.0.1', listening.resolve);
  await listening.promise;
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    accessKeyId,
    secretAccessKey: Buffer.from(randomBytes(KEY_BYTES)).toString('hex'),
    close: async () => {
      server.close();
      server.closeAllConnections();
      await dynamo.close();
    },
  };
}

interface Guarded {
  readonly dynamo: Dynamo;
  readonly accessKeyId: string;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { dynamo, accessKeyId }: Guarded,
): Promise<void> {
  if (!isOurs(request, accessKeyId)) {
    response.writeHead(403).end();
    return;
  }
  const target = String(request.headers['x-amz-target']);
  const { status, body } = await dynamo.execute(target, await readBody(request));
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(body));
}

/** A browser sends `Origin` with every POST to another site, so no page gets in even if it learned the key. */
function isOurs({ method, headers }: IncomingMessage, accessKeyId: string): boolean {
  const presented = AUTHORIZATION.exec(headers.authorization ?? '')?.[1] ?? '';
  const known = timingSafeEqual(digest(presented), digest(accessKeyId));
  return known && method === 'POST' && headers.origin === undefined;
}

function digest(text: string): Uint8Array {
  return hash('sha256', text, 'buffer');
}

/** The whole body. Throws when it is too long, and when the client goes away before its end. */
async function readBody(request: IncomingMessage): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > MAX_BODY_BYTES) throw new RangeError('The request is too long.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
