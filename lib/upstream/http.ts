/** Requests to a registry: time for a connection and for the first byte, kept connections, one repetition, no redirect followed. */
import * as http from 'node:http';
import * as https from 'node:https';
import { isIP } from 'node:net';
import { unavailable } from '../domain/errors.ts';
import type { UpstreamAnswer } from '../ports/others.ts';

/** Times are in milliseconds. */
export interface UpstreamLimits {
  readonly connectMs: number;
  readonly firstByteMs: number;
  /** How long a body may stand still. */
  readonly idleMs: number;
}

const UPSTREAM_LIMITS: UpstreamLimits = { connectMs: 1000, firstByteMs: 5000, idleMs: 30_000 };

export interface RegistryHttpRequest {
  readonly url: URL;
  readonly method: 'GET' | 'HEAD';
  readonly headers: Readonly<Record<string, string>>;
}

export type SendRequest = (request: RegistryHttpRequest) => Promise<UpstreamAnswer>;

const ATTEMPTS = 2;

/** Throws `unavailable` without an answer in time. */
export function registryHttp(limits: UpstreamLimits = UPSTREAM_LIMITS): SendRequest {
  const agents = {
    'http:': new http.Agent({ keepAlive: true }),
    'https:': new https.Agent({ keepAlive: true }),
  };
  return async request => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await send(request, agents, limits);
      } catch (cause) {
        // Reading twice changes nothing, and a kept connection may have ended while the function was frozen.
        if (attempt === ATTEMPTS || !isConnectionError(cause)) throw noAnswer(request, cause);
      }
    }
  };
}

type Agents = Readonly<Record<'http:' | 'https:', http.Agent>>;

function send({ url, method, headers }: RegistryHttpRequest, agents: Agents, limits: UpstreamLimits) {
  const { promise, resolve, reject } = Promise.withResolvers<UpstreamAnswer>();
  const isTls = url.protocol === 'https:';
  const { request } = isTls ? https : http;
  const call = request(
    url,
    {
      method,
      headers: { 'user-agent': 'pullpass', 'accept-encoding': 'identity', ...headers },
      agent: agents[isTls ? 'https:' : 'http:'],
      ...(isTls && isIP(url.hostname) === 0 ? { servername: url.hostname } : {}),
    },
    answer => {
      clearTimeout(timer);
      answer.setTimeout(limits.idleMs, () => answer.destroy(new Error('the upstream stopped in the middle')));
      resolve({ status: answer.statusCode ?? 0, headers: singleHeaders(answer.headers), body: answer });
    },
  );
  let timer: NodeJS.Timeout | undefined;
  const begin = (ms: number, what: string) => {
    clearTimeout(timer);
    timer = setTimeout(() => call.destroy(new Error(`no ${what} within ${ms} ms`)), ms);
  };
  call.once('socket', socket => {
    begin(
      socket.connecting ? limits.connectMs : limits.firstByteMs,
      socket.connecting ? 'connection' : 'answer',
    );
    if (!socket.connecting) return;
    socket.once(isTls ? 'secureConnect' : 'connect', () => begin(limits.firstByteMs, 'answer'));
  });
  call.once('error', error => {
    clearTimeout(timer);
    reject(error);
  });
  call.end();
  return promise;
}

/** A header that came more than once counts as absent: which of its values holds is not defined. */
function singleHeaders(headers: http.IncomingHttpHeaders): UpstreamAnswer['headers'] {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, typeof value === 'string' ? value : undefined]),
  );
}

function isConnectionError(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    /^(?:ECONNRESET|ECONNREFUSED|EPIPE|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH)$/.test(String(error.code))
  );
}

function noAnswer({ url }: RegistryHttpRequest, cause: unknown) {
  const why = cause instanceof Error ? cause.message : 'no answer';
  return unavailable(`upstream ${url.host}: ${why}`, { retryAfterSeconds: 5, cause });
}
