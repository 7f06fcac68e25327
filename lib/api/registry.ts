/** The registry proxy: the pull half of the distribution API (OCI distribution specification 1.1), in front of a registry that does not trust us. */

import { isDigest, parseRegistryPath, type RegistryPath } from '../domain/distribution.ts';
import { PullpassError } from '../domain/errors.ts';
import type { Secret } from '../domain/secret.ts';
import type { ProxiedService } from '../domain/service.ts';
import { parseAuthorization } from '../http/credentials.ts';
import type { HandlerOf, PullHead, RequestEvent, Response } from '../http/request.ts';
import type { UpstreamRegistry } from '../ports/others.ts';
import type { Metrics } from '../ports/system.ts';
import { authorizePull, countPull, type PullPorts } from '../usecases/pulls.ts';
import { passOn } from './pass-on.ts';

export interface RegistryHandlerOptions {
  readonly pulling: PullPorts;
  readonly upstream: UpstreamRegistry;
  /** Those with an upstream. */
  readonly services: readonly ProxiedService[];
  /** `PULLPASS_URL`. */
  readonly url: string;
  /** Whether an answer can be streamed: Lambda buffers it. */
  readonly streams: boolean;
  readonly metrics: Metrics;
}

/** Which version of the API this is; old clients look for it. */
const VERSION = { 'docker-distribution-api-version': 'registry/2.0' } as const;

export function registryHandlers(options: RegistryHandlerOptions) {
  const serve = (head: PullHead) => pull(options, head);
  return { checkVersion: serve, pull: serve } satisfies Record<string, HandlerOf['pull']>;
}

async function pull(options: RegistryHandlerOptions, head: PullHead): Promise<Response> {
  const service = serviceAt(head.headers.host, options.services);
  const path = parseRegistryPath(head.rawPath);
  const repository = typeof path === 'string' || path.kind === 'base' ? undefined : path.repository;
  const puller = await authorized(options, { head, service, repository });
  if (typeof path === 'string') throw new PullpassError(path);
  if (head.method !== 'GET' && head.method !== 'HEAD')
    throw new PullpassError('pull-only', { allow: ['GET', 'HEAD'] });
  if (path.kind === 'base') return { status: 200, json: {}, headers: VERSION };
  const passed = await passOn(options, { head, service, path, method: head.method });
  const response = { ...passed, headers: { ...VERSION, ...passed.headers } };
  if (path.kind !== 'manifest' || !isPull(head, passed)) return response;
  await countPull(options.pulling, puller, path.repository);
  options.metrics.count('Pulls');
  return { ...response, event: pulledEvent({ head, service, path, subject: puller.subject }) };
}

/** The only one, or the one that clients reach under this host. */
function serviceAt(host: string | undefined, services: readonly ProxiedService[]): ProxiedService {
  const [only, ...others] = services;
  const named = services.find(({ registry }) => registry.toLowerCase() === host?.toLowerCase());
  const found = named ?? (others.length === 0 ? only : undefined);
  if (found === undefined)
    throw new PullpassError('not-found', { detail: 'There is no registry at this host.' });
  return found;
}

interface Asked {
  readonly head: PullHead;
  readonly service: ProxiedService;
  readonly repository: string | undefined;
}

/** Whose the access token is. Every refusal says where to log in, and what for. */
async function authorized({ pulling, url }: RegistryHandlerOptions, asked: Asked) {
  const { head, service, repository } = asked;
  const { sourceAddress, headers } = head;
  try {
    const source = { sourceAddress, client: headers['user-agent'] };
    return await authorizePull(pulling, { ...source, service, repository, token: bearerIn(head) });
  } catch (error) {
    if (!(error instanceof PullpassError)) throw error;
    throw withChallenge(error, challengeOf({ service, repository, url }));
  }
}

function bearerIn({ headers }: PullHead): Secret {
  const authorization = parseAuthorization(headers.authorization);
  if (authorization?.scheme !== 'bearer') throw new PullpassError('login-needed');
  return authorization.token;
}

/** RFC 6750 section 3, and distribution `docs/content/spec/auth/token.md`. */
function challengeOf({ service, repository, url }: Omit<Asked, 'head'> & { readonly url: string }): string {
  const scope = repository === undefined ? '' : `,scope="repository:${repository}:pull"`;
  return `Bearer realm="${url}/oauth/token",service="${service.name}"${scope}`;
}

const RFC6750: Readonly<Partial<Record<string, string>>> = {
  unauthenticated: 'invalid_token',
  'insufficient-scope': 'insufficient_scope',
};

function withChallenge({ code, details }: PullpassError, challenge: string): PullpassError {
  const why = RFC6750[code];
  const full = why === undefined ? challenge : `${challenge},error="${why}"`;
  // A token that is over is no attempt to guess one: its client logs in again.
  const isOver = code === 'unauthenticated' && details.denial === 'expired';
  return new PullpassError(isOver ? 'login-needed' : code, { ...details, challenge: full });
}

/** One pull is one answered GET of an image's manifest: neither of an index, nor HEAD. A range may be all of it. */
function isPull({ method }: PullHead, { status, headers }: Response): boolean {
  const type = headers?.['content-type'] ?? '';
  const isAnswered = status === 200 || status === 206;
  return method === 'GET' && isAnswered && !/index|manifest\.list/.test(type);
}

interface Pulled {
  readonly head: PullHead;
  readonly service: ProxiedService;
  readonly path: Extract<RegistryPath, { readonly kind: 'manifest' }>;
  readonly subject: string;
}

function pulledEvent({ head: { headers }, service, path, subject }: Pulled): RequestEvent {
  const { repository, reference } = path;
  const fields = {
    registryService: service.name,
    subject,
    repository,
    ...(isDigest(reference) ? { digest: reference } : { tag: reference }),
    client: headers['user-agent'],
  };
  return { level: 'info', message: 'pulled', fields };
}
