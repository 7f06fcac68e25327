/** Asks a registry with the credentials that the operator configured: none, a password, or those that ECR gives. */
import { unavailable } from '../domain/errors.ts';
import type { Upstream } from '../domain/service.ts';
import type { UpstreamRegistry, UpstreamRequest, UpstreamResponse } from '../ports/others.ts';
import type { Clock } from '../ports/system.ts';
import type { SendRequest } from './http.ts';
import { readChallenge, refused, UpstreamTokens } from './token-protocol.ts';

type Login = (upstream: Upstream, nowMs: number) => Promise<string | undefined>;

/** Our Basic header at an upstream; undefined: it is asked as anyone. Both throw `upstream-refused` or `unavailable`. */
export interface UpstreamLogin {
  readonly get: Login;
  /** Fetched anew, unless that was done a moment ago: the upstream refuses the one that we have. */
  readonly renew: Login;
}

export interface UpstreamRegistryOptions {
  readonly send: SendRequest;
  readonly login: UpstreamLogin;
  readonly clock: Clock;
}

/** An upstream is asked without a login at first, and from then on in the way that it asked for. */
export function upstreamRegistry({ send, login, clock }: UpstreamRegistryOptions): UpstreamRegistry {
  const tokens = new UpstreamTokens(send);
  const takesBasic = new Set<string>();

  async function known(
    { upstream, repository }: UpstreamRequest,
    nowMs: number,
  ): Promise<string | undefined> {
    if (upstream.authentication.kind === 'ecr' || takesBasic.has(upstream.url))
      return login.get(upstream, nowMs);
    const token = tokens.peek(upstream, repository, nowMs);
    return token === undefined ? undefined : `Bearer ${token}`;
  }

  /** What the upstream asks for, made of this login; undefined: there is nothing that it could take. */
  async function answerChallenge(
    { upstream, repository }: UpstreamRequest,
    { headers }: UpstreamResponse,
    authorization: string | undefined,
  ): Promise<string | undefined> {
    const challenge = readChallenge(headers['www-authenticate'], upstream);
    if (challenge.scheme === 'bearer') {
      const question = { upstream, repository, challenge, authorization, nowMs: clock() };
      const token = await tokens.fetch(question);
      return token === undefined ? undefined : `Bearer ${token}`;
    }
    takesBasic.add(upstream.url);
    return authorization;
  }

  return {
    async ask(request) {
      const { upstream } = request;
      const nowMs = clock();
      const url = new URL(request.path, upstream.url);
      const attempt = (authorization: string | undefined) => {
        const headers = { ...request.headers, ...(authorization === undefined ? {} : { authorization }) };
        return send({ url, method: request.method, headers, nowMs });
      };
      let sent = await known(request, nowMs);
      let answer = await attempt(sent);
      // The password may have been replaced, or a token have ended early: so it is also tried with a login that is new.
      for (const way of [login.get, login.renew]) {
        if (answer.status !== 401) break;
        answer.body.resume();
        const authorization = await way(upstream, nowMs);
        if (authorization === undefined && way === login.renew) break;
        const next = await answerChallenge(request, answer, authorization);
        if (next === undefined || next === sent) continue;
        sent = next;
        answer = await attempt(sent);
      }
      return requireEntry(answer);
    },
  };
}

/** Its refusal of us is no refusal of the client, who would log in again and again. */
function requireEntry(answer: UpstreamResponse): UpstreamResponse {
  const { status, body } = answer;
  if (status !== 401 && status !== 403 && status < 500) return answer;
  body.resume();
  if (status >= 500) throw unavailable(`upstream: answered with ${status}`);
  throw refused(`it answered with ${status}`);
}
