/** What one machine takes at once, and how long it waits: every bound of npm start, with its default. */
import type { BulkheadLimits } from '../lib/limits/bulkhead.ts';

export interface GatewayLimits {
  /** Open connections. One more closes one of the source that has most: the one that waits for its client longest. */
  readonly connections: number;
  readonly connectionsPerSource: number;
  /** Requests of one connection that are not answered; one more ends the connection. */
  readonly pipelined: number;
  readonly headers: number;
  /** Bytes of bodies and answers that are held at once. More close the connection that has held some longest. */
  readonly bufferedBytes: number;
  readonly headersTimeoutMs: number;
  /** How long a client may take to send a whole request. */
  readonly requestTimeoutMs: number;
  /** How long a client may take to read an answer. */
  readonly readTimeoutMs: number;
  /** How long a client that is refused while it sends may go on, so that it reads why. */
  readonly lingerMs: number;
  readonly keepAliveMs: number;
  /** How long requests may go on while the gateway closes. */
  readonly closeMs: number;
}

export const GATEWAY_LIMITS: GatewayLimits = {
  connections: 4000,
  connectionsPerSource: 2000,
  pipelined: 16,
  headers: 100,
  bufferedBytes: 32 * 1024 * 1024,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  readTimeoutMs: 10_000,
  lingerMs: 1_000,
  keepAliveMs: 65_000,
  closeMs: 5_000,
};

/** Calls of one function: each has its own, so that a flood of logins leaves removal and revocation their room. */
export const FUNCTION_LIMITS: BulkheadLimits = {
  atOnce: 800,
  atOncePerSource: 400,
  waiting: 2000,
  waitMs: 5_000,
};

/** Twenty exchanges run at once: a quarter of their time, as on Lambda. */
export const IAM_LIMITS = { fruitlessMsPerMinute: 300_000 } as const;

/** Kept back from connections: for the store, the ledger, key files, and requests to issuers. */
const RESERVED_DESCRIPTORS = 100;

/** The limits for a process that may have so many descriptors. */
export function limitsWithin(descriptors: number): GatewayLimits {
  const { connections, connectionsPerSource } = GATEWAY_LIMITS;
  const most = Math.max(1, Math.min(connections, descriptors - RESERVED_DESCRIPTORS));
  return {
    ...GATEWAY_LIMITS,
    connections: most,
    connectionsPerSource: Math.min(connectionsPerSource, Math.ceil(most / 2)),
  };
}

/** How many descriptors this process may have, as `ulimit -n` says. */
export function descriptorLimit(): number {
  // Its look at the network may ask a name server.
  Object.assign(process.report, { excludeNetwork: true });
  const { userLimits } = process.report.getReport() as { userLimits?: { open_files?: { soft?: unknown } } };
  const soft = userLimits?.open_files?.soft;
  return typeof soft === 'number' ? soft : Number.POSITIVE_INFINITY;
}
