/** The token protocol as a client (distribution `docs/content/spec/auth/token.md`): for an upstream that challenges with Bearer. */
import { buffer } from 'node:stream/consumers';
import { LRUCache } from 'lru-cache';
import { isYounger, type Moment, momentAt } from '../cache/refreshing.ts';
import { parseChallenges } from '../domain/distribution.ts';
import { messageOf, PullpassError, unavailable } from '../domain/errors.ts';
import type { Upstream } from '../domain/service.ts';
import type { SendRequest } from './http.ts';

/** What an upstream asks for. */
export type UpstreamChallenge =
  | { readonly scheme: 'basic' }
  | { readonly scheme: 'bearer'; readonly realm: URL; readonly service: string | undefined };

/** Reads the challenge of a 401. Throws `upstream-refused` for one that leads elsewhere, or that no one can read. */
export function readChallenge(header: string | undefined, upstream: Upstream): UpstreamChallenge {
  const challenges = parseChallenges(header ?? '') ?? [];
  const bearer = challenges.find(({ scheme }) => scheme === 'bearer');
  if (bearer === undefined) {
    if (challenges.some(({ scheme }) => scheme === 'basic')) return { scheme: 'basic' };
    throw refused('it asks for a login in no way that is known here');
  }
  const realm = bearer.parameters.get('realm') ?? '';
  return { scheme: 'bearer', realm: ownRealm(realm, upstream), service: bearer.parameters.get('service') };
}

/** Our password goes to the upstream itself, or to the one host that the operator has named. */
function ownRealm(realm: string, { url, tokenHost }: Upstream): URL {
  const target = URL.canParse(realm) ? new URL(realm) : undefined;
  const own = new URL(url);
  const isKnown = target?.host === own.host || target?.host === tokenHost;
  const isSafe =
    target?.protocol === 'https:' || (target?.protocol === own.protocol && own.protocol === 'http:');
  if (target === undefined || !isKnown || !isSafe || target.username !== '' || target.password !== '')
    throw refused(
      `it sends its clients to ${target?.host ?? 'nowhere'}; upstream.tokenHost would have to name that host`,
    );
  return target;
}

export interface TokenQuestion {
  readonly upstream: Upstream;
  readonly repository: string;
  readonly challenge: Extract<UpstreamChallenge, { scheme: 'bearer' }>;
  /** A Basic header; absent: anonymous. */
  readonly authorization?: string | undefined;
  readonly nowMs: number;
}

interface UpstreamToken {
  readonly value: string;
  readonly at: Moment;
  readonly forMs: number;
}

const MAX_ANSWER_BYTES = 128 * 1024;
/** What a token lives that does not say it (token protocol, "expires_in"). */
const DEFAULT_SECONDS = 60;
const MAX_TOKENS = 1000;

/** The access tokens of upstreams, each used for half its life. */
export class UpstreamTokens {
  readonly #send: SendRequest;
  readonly #tokens = new LRUCache<string, UpstreamToken>({ max: MAX_TOKENS });
  readonly #asking = new Map<string, Promise<UpstreamToken | undefined>>();

  constructor(send: SendRequest) {
    this.#send = send;
  }

  /** One that is at hand; undefined: none. */
  peek(upstream: Upstream, repository: string, nowMs: number): string | undefined {
    const token = this.#tokens.get(nameOf(upstream, repository));
    return token !== undefined && isYounger(token.at, token.forMs, nowMs) ? token.value : undefined;
  }

  /** A new one; undefined: the token endpoint does not take our login. Throws `upstream-refused`, or `unavailable`. */
  async fetch(question: TokenQuestion): Promise<string | undefined> {
    const name = `${nameOf(question.upstream, question.repository)} ${question.authorization ?? ''}`;
    let asking = this.#asking.get(name);
    if (asking === undefined) {
      asking = this.#ask(question).finally(() => this.#asking.delete(name));
      this.#asking.set(name, asking);
    }
    const token = await asking;
    if (token !== undefined) this.#tokens.set(nameOf(question.upstream, question.repository), token);
    return token?.value;
  }

  async #ask({
    challenge: { realm, service },
    repository,
    authorization,
    nowMs,
  }: TokenQuestion): Promise<UpstreamToken | undefined> {
    const url = new URL(realm);
    if (service !== undefined) url.searchParams.set('service', service);
    url.searchParams.set('scope', `repository:${repository}:pull`);
    const at = momentAt(nowMs);
    const { status, body } = await this.#send({
      url,
      method: 'GET',
      nowMs,
      headers: { accept: 'application/json', ...(authorization === undefined ? {} : { authorization }) },
    });
    const bytes = await buffer(body);
    if (status === 401 || status === 403) return undefined;
    if (status >= 500) throw unavailable(`upstream: its token endpoint answered with ${status}`);
    if (status !== 200) throw refused(`its token endpoint answered with ${status}`);
    const { value, seconds } = readToken(bytes);
    return { value, at, forMs: (seconds * 1000) / 2 };
  }
}

function readToken(bytes: Buffer): { value: string; seconds: number } {
  try {
    if (bytes.length > MAX_ANSWER_BYTES) throw new Error('it is too large');
    const { token, access_token, expires_in } = JSON.parse(bytes.toString('utf8'));
    const value = token ?? access_token;
    if (typeof value !== 'string' || !/^[\x21-\x7e]+$/.test(value)) throw new Error('it holds no token');
    return { value, seconds: Number.isInteger(expires_in) && expires_in > 0 ? expires_in : DEFAULT_SECONDS };
  } catch (cause) {
    throw refused(`the answer of its token endpoint cannot be read: ${messageOf(cause)}`);
  }
}

function nameOf({ url }: Upstream, repository: string): string {
  return `${url} ${repository}`;
}

/** The reason is for the operator's log; the client reads that the registry does not answer. */
export function refused(reason: string): PullpassError {
  return new PullpassError('upstream-refused', { reason: `upstream: ${reason}`, retryAfterSeconds: 60 });
}
