/** The registry behind the proxy. */
import type { Readable } from 'node:stream';
import type { Upstream } from '../domain/service.ts';

export interface UpstreamRequest {
  readonly upstream: Upstream;
  readonly method: 'GET' | 'HEAD';
  /** Made by `upstreamPathOf`, with a query of ours. */
  readonly path: string;
  /** The repository as it is named upstream, for the scope of the token protocol. */
  readonly repository: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface UpstreamAnswer {
  readonly status: number;
  /** By their names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Must be read or destroyed. */
  readonly body: Readable;
}

/** Asks a registry as the operator configured it. A redirect is answered, never followed. */
export interface UpstreamRegistry {
  /** Throws `unavailable` without an answer in time, `upstream-refused` when it refuses our own credentials. */
  ask(request: UpstreamRequest): Promise<UpstreamAnswer>;
}
