/** Asks the registry behind the proxy, and answers what it said: its bytes, its redirects, and its errors in our words. */
import { hash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { isDigest, type RegistryPath, upstreamPathOf } from '../domain/distribution.ts';
import type { ErrorCode } from '../domain/error-codes.ts';
import { PullpassError, unavailable } from '../domain/errors.ts';
import { NO_UPSTREAM } from '../domain/registry-errors.ts';
import type { ProxiedService } from '../domain/service.ts';
import { parseForm, single } from '../http/form.ts';
import type { PullHead, Response } from '../http/request.ts';
import type { UpstreamRegistry, UpstreamResponse } from '../ports/others.ts';

export interface PassOnOptions {
  readonly upstream: UpstreamRegistry;
  readonly streams: boolean;
}

type Named = Exclude<RegistryPath, { kind: 'base' }>;

export interface PassedOn {
  readonly head: PullHead;
  readonly service: ProxiedService;
  readonly path: Named;
  readonly method: 'GET' | 'HEAD';
}

/** What a manifest may have: as much as registries take (distribution `registry/handlers/manifests.go`). */
const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;
/** What Lambda can answer, in base64. */
const MAX_BUFFERED_BYTES = 4 * 1024 * 1024;

/** Of the client's headers. */
const PASSED_UP = ['accept', 'range', 'if-none-match'] as const;
/** Of the upstream's headers; nothing else of them reaches a client. */
const PASSED_DOWN = [
  'content-type',
  'docker-content-digest',
  'etag',
  'content-range',
  'accept-ranges',
  'oci-filters-applied',
] as const;

export async function passOn(options: PassOnOptions, passed: PassedOn): Promise<Response> {
  try {
    return await answerOf(options, passed);
  } catch (error) {
    if (!(error instanceof PullpassError) || error.code !== 'unavailable') throw error;
    throw new PullpassError('unavailable', { detail: NO_UPSTREAM, ...error.details });
  }
}

async function answerOf({ upstream, streams }: PassOnOptions, passed: PassedOn): Promise<Response> {
  const { head, service, path, method } = passed;
  const prefix = service.upstream.prefix;
  const answer = await upstream.ask({
    upstream: service.upstream,
    method,
    path: `${upstreamPathOf(path, prefix)}${queryOf(path, head.rawQueryString)}`,
    repository: `${prefix}${path.repository}`,
    headers: Object.fromEntries(
      PASSED_UP.flatMap(name => (head.headers[name] === undefined ? [] : [[name, head.headers[name]]])),
    ),
  });
  try {
    return await responseTo(answer, passed, streams);
  } catch (error) {
    answer.body.destroy();
    throw error;
  }
}

async function responseTo(answer: UpstreamResponse, passed: PassedOn, streams: boolean): Promise<Response> {
  const { path, method, service } = passed;
  const { status, headers, body } = answer;
  if (status >= 300 && status < 400 && path.kind === 'blob') return redirect(answer, service);
  if (status !== 200 && status !== 206 && status !== 304) throw refusalOf(answer, path);
  const known = Object.fromEntries(
    PASSED_DOWN.flatMap(name => (headers[name] === undefined ? [] : [[name, headers[name]]])),
  );
  if (method === 'HEAD' || status === 304) {
    body.resume();
    return {
      status,
      headers: { ...known, ...lengthOf(headers) },
      ...(streams || status === 304 ? {} : counted(headers)),
    };
  }
  switch (path.kind) {
    case 'manifest':
      return { status, ...(await manifestOf(answer, path.reference)) };
    case 'blob':
      return { status, headers: { ...known, ...lengthOf(headers) }, ...(await blobOf(answer, streams)) };
    default:
      return {
        status,
        headers: { ...known, ...linkOf(headers.link, path) },
        ...(await listOf(answer, path)),
      };
  }
}

/**
 * An HTTP API counts what a function answers, and would tell clients that a manifest is empty: so there are as many bytes, which it
 * does not send after HEAD.
 */
function counted({ 'content-length': length }: UpstreamResponse['headers']): Pick<Response, 'bytes'> {
  const bytes = Number(length ?? 0);
  return bytes > 0 && bytes <= MAX_BUFFERED_BYTES ? { bytes: new Uint8Array(bytes) } : {};
}

/** As it came: the client fetches the bytes from the upstream's storage. */
function redirect(
  { headers: { location = '' }, body }: UpstreamResponse,
  { upstream }: ProxiedService,
): Response {
  body.resume();
  const target = URL.canParse(location, upstream.url) ? new URL(location, upstream.url) : undefined;
  if (target === undefined || !/^https?:$/.test(target.protocol))
    throw unavailable('upstream: a redirect to nowhere');
  return { status: 307, headers: { location: URL.canParse(location) ? location : target.href } };
}

/** Its bytes are what its digest says, or nothing is answered. */
async function manifestOf(
  { headers, body }: UpstreamResponse,
  reference: string,
): Promise<Pick<Response, 'bytes' | 'headers'>> {
  const bytes = await upTo(MAX_MANIFEST_BYTES, body);
  const expected = isDigest(reference) ? reference : headers['docker-content-digest'];
  const algorithm = expected?.startsWith('sha512:') === true ? 'sha512' : 'sha256';
  const digest = `${algorithm}:${hash(algorithm, bytes)}`;
  if (expected !== undefined && expected !== digest)
    throw unavailable(`upstream: the manifest ${reference} has the digest ${digest}, not ${expected}`);
  const type = headers['content-type'];
  return {
    bytes,
    headers: {
      ...(type === undefined ? {} : { 'content-type': type }),
      'docker-content-digest': digest,
      etag: `"${digest}"`,
    },
  };
}

async function blobOf(
  { headers, body }: UpstreamResponse,
  streams: boolean,
): Promise<Pick<Response, 'bytes' | 'stream'>> {
  if (streams) return { stream: body };
  const length = Number(headers['content-length'] ?? Number.NaN);
  if (length > MAX_BUFFERED_BYTES) throw new PullpassError('blob-too-large');
  return { bytes: await upTo(MAX_BUFFERED_BYTES, body, new PullpassError('blob-too-large')) };
}

/** The names in it are ours again. */
async function listOf({ body }: UpstreamResponse, path: Named): Promise<Pick<Response, 'bytes'>> {
  const bytes = await upTo(MAX_MANIFEST_BYTES, body);
  if (path.kind !== 'tags') return { bytes };
  const list = JSON.parse(bytes.toString('utf8'));
  return { bytes: Buffer.from(JSON.stringify({ ...list, name: path.repository })) };
}

async function upTo(
  most: number,
  body: Readable,
  error: Error = unavailable('upstream: an answer is too large'),
): Promise<Buffer> {
  let size = 0;
  body.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > most) body.destroy(error);
  });
  return buffer(body);
}

/** How long lists are cut into pages. Anything else in a query is the client's own business. */
const QUERY = { n: /^\d{1,5}$/, last: /^[\x21-\x7e]{1,512}$/, artifactType: /^[\w.+/-]{1,255}$/ } as const;

function queryOf({ kind }: Named, raw: string): string {
  const names = {
    tags: ['n', 'last'],
    referrers: ['n', 'last', 'artifactType'],
    manifest: [],
    blob: [],
  } as const;
  const query = parseForm(raw);
  const kept = names[kind].flatMap(name => {
    const value = single(query, name);
    if (value === undefined) return [];
    if (!QUERY[name].test(value))
      throw new PullpassError('invalid-request', { detail: `The parameter ${name} is not valid.` });
    return [`${name}=${encodeURIComponent(value)}`];
  });
  return kept.length === 0 ? '' : `?${kept.join('&')}`;
}

/** The next page, at our own path (RFC 8288). */
function linkOf(link: string | undefined, path: Named): Record<string, string> {
  const [, target] = /^<([^>]{1,2048})>/.exec(link ?? '') ?? [];
  if (target === undefined || !URL.canParse(target, 'https://upstream')) return {};
  const query = queryOf(path, new URL(target, 'https://upstream').search.slice(1));
  return { link: `<${upstreamPathOf(path, '')}${query}>; rel="next"` };
}

function lengthOf({ 'content-length': length }: UpstreamResponse['headers']): Record<string, string> {
  return length === undefined ? {} : { 'content-length': length };
}

const UNKNOWN: Readonly<Record<Named['kind'], ErrorCode>> = {
  manifest: 'manifest-unknown',
  blob: 'blob-unknown',
  tags: 'name-unknown',
  referrers: 'name-unknown',
};

/** What the upstream's refusal is to the client. Its own words stay with it. */
function refusalOf({ status, headers, body }: UpstreamResponse, path: Named): PullpassError {
  body.resume();
  if (status === 404) return new PullpassError(UNKNOWN[path.kind]);
  if (status === 416) return new PullpassError('range-not-satisfiable');
  if (status === 429) {
    const seconds = Number(headers['retry-after']);
    const detail = 'The registry behind this one is asked too often; try again later.';
    return new PullpassError('rate-limited', {
      detail,
      retryAfterSeconds: seconds > 0 ? Math.min(seconds, 3600) : 10,
    });
  }
  if (status === 400)
    return new PullpassError('invalid-request', {
      detail: 'The registry behind this one does not take this request.',
    });
  return unavailable(`upstream: answered with ${status}`);
}
