/** Posts over a pool of kept connections, within time limits. */

import * as http from 'node:http';
import * as https from 'node:https';
import { urlToHttpOptions } from 'node:url';

/** How long is waited, in milliseconds. */
export interface TimeLimits {
  /** For a new connection. */
  readonly connectionMs: number;
  /** For one request. */
  readonly requestMs: number;
}

export const TIME_LIMITS: TimeLimits = { connectionMs: 300, requestMs: 800 };

/** Requests that one call comes to, at most. */
export const ATTEMPTS = 2;

/** Connections, and calls under way: one that waited for a connection would spend its time limits waiting. */
export const MAX_CALLS = 50;

export interface Received {
  readonly status: number;
  readonly body: string;
}

/** Rejects when the answer does not arrive in full: with `TimeoutError` when a limit has passed. */
export type Post = (
  headers: Readonly<Record<string, string>>,
  body: string,
  signal: AbortSignal | undefined,
) => Promise<Received>;

/** Posts to one URL. A request whose connections are all taken waits for its turn before its time limits begin. */
export function connectionPool(url: URL, limits: TimeLimits = TIME_LIMITS): Post {
  const { Agent, request } = url.protocol === 'https:' ? https : http;
  const agent = new Agent({ keepAlive: true, maxSockets: MAX_CALLS });
  // Taken apart once: Node would do it again for every request.
  const target = { ...urlToHttpOptions(url), agent, method: 'POST' };
  return (headers, body, signal) => {
    const { promise, resolve, reject } = Promise.withResolvers<Received>();
    const options = { ...target, headers, ...(signal === undefined ? {} : { signal }) };
    const call = request(options, answer => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', reject);
      answer.once('end', () =>
        resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(chunks).toString() }),
      );
    });
    const endLimits = limitTime(call, limits, reject);
    call.on('error', reject).end(body);
    return promise.finally(endLimits);
  };
}

/** So long for a new connection, and from there so long for all of the answer: one that trickles is given up too. */
function limitTime(
  call: http.ClientRequest,
  { connectionMs, requestMs }: TimeLimits,
  reject: (error: Error) => void,
): () => void {
  let timer: NodeJS.Timeout | undefined;
  const begin = (ms: number) => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      reject(Object.assign(new Error(`no answer within ${ms} ms`), { name: 'TimeoutError' }));
      call.destroy();
    }, ms);
  };
  call.once('socket', socket => {
    begin(socket.connecting ? connectionMs : requestMs);
    if (!socket.connecting) return;
    socket.once('encrypted' in socket ? 'secureConnect' : 'connect', () => begin(requestMs));
  });
  return () => clearTimeout(timer);
}
