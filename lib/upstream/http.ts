/** Requests to a registry: time for a connection and for the first byte, kept connections, one repetition, a breaker, no redirect followed. */
import http from 'node:http';
import https from 'node:https';
import { unavailable } from '../domain/errors.ts';
import { Breaker } from '../limits/breaker.ts';
import type { UpstreamResponse } from '../ports/others.ts';

/** Times are in milliseconds. */
export interface UpstreamLimits {
  readonly connectMs: number;
  readonly firstByteMs: number;
  /** How long a body may stand still. */
  readonly idleMs: number;
  /** How long a host that does not answer is left alone: longer than two connections and a first byte may take. */
  readonly openMs: number;
}

export const UPSTREAM_LIMITS: UpstreamLimits = {
  connectMs: 1000,
  firstByteMs: 5000,
  idleMs: 30_000,
  openMs: 10_000,
};

export interface RegistryHttpRequest {
  readonly url: URL;
  readonly method: 'GET' | 'HEAD';
  readonly headers: Readonly<Record<string, string>>;
  readonly nowMs: number;
}

export type SendRequest = (request: RegistryHttpRequest) => Promise<UpstreamResponse>;

const ATTEMPTS = 2;

/** What a proxy in front of a registry answers when the registry does not. Other failures a client might bring about for all. */
const NO_ANSWER: ReadonlySet<number> = new Set([502, 503, 504]);

/** Throws `unavailable` without an answer in time, and at once while the host is left alone. */
export function registryHttp(limits: UpstreamLimits = UPSTREAM_LIMITS): SendRequest {
  const agents = {
    'http:': new http.Agent({ keepAlive: true }),
    'https:': new https.Agent({ keepAlive: true }),
  };
  // One for each host of the configuration: a challenge leads to no other.
  const breakers = new Map<string, Breaker>();
  return async request => {
    const { origin } = request.url;
    const breaker = breakers.get(origin) ?? new Breaker(limits.openMs);
    breakers.set(origin, breaker);
    breaker.enter(request.nowMs);
    try {
      const answer = await attempted(request, agents, limits);
      if (NO_ANSWER.has(answer.status)) breaker.failed(request.nowMs);
      else breaker.answered();
      return answer;
    } catch (cause) {
      breaker.failed(request.nowMs);
      throw noResponse(request, cause);
    }
  };
}

async function attempted(
  request: RegistryHttpRequest,
  agents: Agents,
  limits: UpstreamLimits,
): Promise<UpstreamResponse> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await send(request, agents, limits);
    } catch (cause) {
      // Reading twice changes nothing, and a kept connection may have ended while the function was frozen.
      if (attempt === ATTEMPTS || !isConnectionError(cause)) throw cause;
    }
  }
}

type Agents = Readonly<Record<'http:' | 'https:', http.Agent>>;

function send({ url, method, headers }: RegistryHttpRequest, agents: Agents, limits: UpstreamLimits) {
  const { promise, resolve, reject } = Promise.withResolvers<UpstreamResponse>();
  const isTls = url.protocol === 'https:';
  const { request } = isTls ? https : http;
  const call = request(
    url,
    {
      method,
      headers: { 'user-agent': 'pullpass', 'accept-encoding': 'identity', ...headers },
      agent: agents[isTls ? 'https:' : 'http:'],
    },
    answer => {
      clearTimeout(timer);
      answer.setTimeout(limits.idleMs, () => answer.destroy(new Error('the upstream stopped in the middle')));
      resolve({ status: answer.statusCode ?? 0, headers: singleHeaders(answer.headers), body: answer });
    },
  );
  let timer: NodeJS.Timeout | undefined;
  const begin = (ms: number, error: Error) => {
    clearTimeout(timer);
    timer = setTimeout(() => call.destroy(error), ms);
  };
  const awaitResponse = () =>
    begin(limits.firstByteMs, new Error(`no answer within ${limits.firstByteMs} ms`));
  call.once('socket', socket => {
    if (!socket.connecting) return awaitResponse();
    begin(limits.connectMs, new NoConnection(limits.connectMs));
    socket.once(isTls ? 'secureConnect' : 'connect', awaitResponse);
  });
  call.once('error', error => {
    clearTimeout(timer);
    reject(error);
  });
  call.end();
  return promise;
}

class NoConnection extends Error {
  readonly code = 'ETIMEDOUT';

  constructor(ms: number) {
    super(`no connection within ${ms} ms`);
  }
}

/** A header that came more than once counts as absent: which of its values holds is not defined. */
function singleHeaders(headers: http.IncomingHttpHeaders): UpstreamResponse['headers'] {
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

function noResponse({ url }: RegistryHttpRequest, cause: unknown) {
  const why = cause instanceof Error ? cause.message : 'no answer';
  return unavailable(`upstream ${url.host}: ${why}`, { retryAfterSeconds: 5, cause });
}
