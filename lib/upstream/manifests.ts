/** Manifests by digest, kept in memory: their bytes never change, and some registries limit or bill each GET. */
import { hash } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { LRUCache } from 'lru-cache';
import { isYounger, type Moment, momentAt } from '../cache/refreshing.ts';
import type { UpstreamRegistry, UpstreamRequest, UpstreamResponse } from '../ports/others.ts';
import type { Clock } from '../ports/system.ts';

export interface ManifestCacheOptions {
  readonly upstream: UpstreamRegistry;
  readonly clock: Clock;
  /** How long one is used that was removed upstream, in milliseconds. */
  readonly forMs?: number;
  /** Of all together, with their names. */
  readonly maxBytes?: number;
}

interface Kept {
  readonly headers: UpstreamResponse['headers'];
  readonly bytes: Buffer;
  readonly at: Moment;
}

const FOR_MS = 60_000;
const MAX_BYTES = 16 * 1024 * 1024;
/** Larger ones are passed through: a manifest of an image has a few kilobytes. */
const MAX_KEPT_BYTES = 256 * 1024;

const BY_DIGEST = /\/manifests\/sha256:(?<digest>[0-9a-f]{64})$/;

/** Is asked after a request was authorised, and keeps what was answered for the same repository and the same types. */
export function manifestCache({
  upstream,
  clock,
  forMs = FOR_MS,
  maxBytes = MAX_BYTES,
}: ManifestCacheOptions): UpstreamRegistry {
  const kept = new LRUCache<string, Kept>({
    maxSize: maxBytes,
    sizeCalculation: ({ bytes }, name) => bytes.length + name.length + 1,
  });
  return {
    async ask(request) {
      const digest = cacheable(request);
      if (digest === undefined) return upstream.ask(request);
      const { accept = '' } = request.headers;
      const name = `${request.upstream.url}${request.path} ${accept}`;
      const known = kept.get(name);
      if (known !== undefined && isYounger(known.at, forMs, clock())) return answerOf(known);
      const at = momentAt(clock());
      const answer = await upstream.ask(request);
      const length = Number(answer.headers['content-length'] ?? Number.NaN);
      if (answer.status !== 200 || !(length <= MAX_KEPT_BYTES)) return answer;
      const fresh = { headers: answer.headers, bytes: await buffer(answer.body), at };
      if (hash('sha256', fresh.bytes) === digest) kept.set(name, fresh);
      return answerOf(fresh);
    },
  };
}

/** The digest of what is asked for as a whole and unconditionally. */
function cacheable({ method, path, headers }: UpstreamRequest): string | undefined {
  if (method !== 'GET' || 'range' in headers || 'if-none-match' in headers) return undefined;
  return BY_DIGEST.exec(path)?.groups?.digest;
}

function answerOf({ headers, bytes }: Kept): UpstreamResponse {
  return { status: 200, headers, body: Readable.from([bytes]) };
}
