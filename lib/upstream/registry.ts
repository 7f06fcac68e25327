/** Asks a registry with the credentials that the operator configured: none, a password, or those that ECR gives. */

import type { Upstream } from '../domain/service.ts';
import type { UpstreamAnswer, UpstreamRegistry, UpstreamRequest } from '../ports/others.ts';
import type { Clock } from '../ports/system.ts';
import type { SendRequest } from './http.ts';
import { readChallenge, refused, UpstreamTokens } from './token-protocol.ts';

/** Our Basic header at an upstream; undefined: it is asked as anyone. Throws `upstream-refused` or `unavailable`. */
export type UpstreamLogin = (upstream: Upstream, nowMs: number) => Promise<string | undefined>;

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
    if (upstream.authentication.kind === 'ecr' || takesBasic.has(upstream.url)) return login(upstream, nowMs);
    const token = tokens.peek(upstream, repository, nowMs);
    return token === undefined ? undefined : `Bearer ${token}`;
  }

  async function demanded(
    request: UpstreamRequest,
    answer: UpstreamAnswer,
    nowMs: number,
  ): Promise<string | undefined> {
    const { upstream, repository } = request;
    const challenge = readChallenge(answer.headers['www-authenticate'], upstream);
    const authorization = await login(upstream, nowMs);
    if (challenge.scheme === 'bearer') {
      return `Bearer ${await tokens.fetch({ upstream, repository, challenge, authorization, nowMs })}`;
    }
    takesBasic.add(upstream.url);
    return authorization;
  }

  return {
    async ask(request) {
      const nowMs = clock();
      const url = new URL(request.path, request.upstream.url);
      const attempt = (authorization: string | undefined) => {
        const headers = { ...request.headers, ...(authorization === undefined ? {} : { authorization }) };
        return send({ url, method: request.method, headers });
      };
      const first = await known(request, nowMs);
      const answer = await attempt(first);
      if (answer.status !== 401) return requireEntry(answer);
      answer.body.resume();
      const second = await demanded(request, answer, nowMs);
      if (second === undefined || second === first) throw refused('it refuses our login');
      return requireEntry(await attempt(second));
    },
  };
}

/** Its refusal of us is no refusal of the client, who would log in again and again. */
function requireEntry(answer: UpstreamAnswer): UpstreamAnswer {
  if (answer.status !== 401 && answer.status !== 403) return answer;
  answer.body.resume();
  throw refused(`it answered with ${answer.status}`);
}
