/** Checks that a registry sends its clients to this deployment, before any secret is handed out for it. */

import { parseChallenges } from '../../lib/domain/distribution.ts';
import type { Secret } from '../../lib/domain/secret.ts';
import { CliError } from '../errors.ts';
import { boundedFetch } from '../http.ts';
import type { Network } from '../network.ts';
import { isLoopback } from '../target.ts';
import { GENERAL_ADVICE, isCertificateRefused } from '../unreachable.ts';

export interface RegistryRequest {
  /** `host` or `host:port`. */
  readonly registry: string;
  /** Signed for this registry alone; without one the request is anonymous. */
  readonly accessToken?: Secret;
  readonly timeoutMs: number;
  readonly network: Network;
}

export interface RegistryResponse {
  /** `https://host:port`, or `http://…` on this machine. */
  readonly origin: string;
  readonly status: number;
  /** Its `WWW-Authenticate`; empty: there is none. */
  readonly challenges: string;
}

/** The part of the time-out in which a registry on this machine must answer over TLS; the rest is for http. */
const LOOPBACK_TLS_SHARE = 0.2;

/** `GET /v2/`. Throws CliError when there is no response, or a redirect. */
export async function askRegistry(request: RegistryRequest): Promise<RegistryResponse> {
  const { registry, timeoutMs } = request;
  const overTls = `https://${registry}`;
  try {
    if (!isLoopback(overTls)) return await ask(overTls, request);
    // As docker does for this machine, where no network can be listened to.
    const tlsMs = Math.ceil(timeoutMs * LOOPBACK_TLS_SHARE);
    return await ask(overTls, { ...request, timeoutMs: tlsMs }).catch(error => {
      if (isCertificateRefused(error)) throw error;
      return ask(`http://${registry}`, { ...request, timeoutMs: timeoutMs - tlsMs });
    });
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    throw new CliError(error.message, { ...error.details, next: adviceFor(error) });
  }
}

async function ask(
  origin: string,
  { accessToken, timeoutMs, network }: RegistryRequest,
): Promise<RegistryResponse> {
  const headers = accessToken === undefined ? {} : { authorization: `Bearer ${accessToken.reveal()}` };
  const response = await boundedFetch(`${origin}/v2/`, { method: 'GET', headers, timeoutMs, network });
  return { origin, status: response.status, challenges: response.headers.get('www-authenticate') ?? '' };
}

function adviceFor({ details: { code, next } }: CliError): string | undefined {
  if (code === 'redirected')
    return 'A registry must answer at /v2/ itself: ask its operator what redirects the request.';
  return next === GENERAL_ADVICE ? 'Check that the registry is running and can be reached from here.' : next;
}

/** Where a registry must send its clients. */
export interface ExpectedChallenge {
  /** Of the target: the deployment's `PULLPASS_URL`. */
  readonly url: string;
  readonly service: string;
}

/** The two names of the login endpoint. */
const LOGIN_PATHS = ['/oauth/token', '/auth/token'];

const MAX_SHOWN = 200;

/**
 * Asks the registry without any credential, and answers what it said when it sends its clients to exactly this
 * deployment and service. Throws CliError that says what differs: a realm elsewhere would get the user's secret.
 */
export async function checkRegistry(
  expected: ExpectedChallenge,
  question: Omit<RegistryRequest, 'accessToken'>,
): Promise<RegistryResponse> {
  const answer = await askRegistry(question);
  requireChallenge(question.registry, answer, expected);
  return answer;
}

/** Throws CliError unless what the registry answered is the one challenge that it must have. */
export function requireChallenge(
  registry: string,
  answer: RegistryResponse,
  expected: ExpectedChallenge,
): void {
  const fault = challengeFault(answer, expected);
  if (fault === undefined) return;
  throw new CliError(`${registry} ${fault}`, {
    code: 'wrong-registry',
    next: `If the registry is yours, configure it with what "pullpass registry-config ${expected.service}" prints, and restart it. If it is not, do not log in to it.`,
  });
}

/** What is wrong with what a registry asks for, as the end of a sentence about it; undefined: nothing. */
function challengeFault(answer: RegistryResponse, expected: ExpectedChallenge): string | undefined {
  if (answer.status !== 401) {
    return answer.status === 200
      ? 'requires no token: anyone can use it.'
      : `answers with status ${answer.status} instead of requiring a token.`;
  }
  const bearers = parseChallenges(answer.challenges)?.filter(({ scheme }) => scheme === 'bearer') ?? [];
  const [bearer, ...others] = bearers;
  if (bearer === undefined || others.length > 0) {
    return `does not send exactly one Bearer challenge, but ${shown(answer.challenges)}.`;
  }
  const realm = bearer.parameters.get('realm') ?? '';
  const realms = LOGIN_PATHS.map(path => expected.url + path);
  if (!realms.includes(realm)) return `has the realm ${shown(realm)}, which must be "${realms[0]}".`;
  const service = bearer.parameters.get('service') ?? '';
  if (service === expected.service) return undefined;
  return `has the service ${shown(service)}, which must be "${expected.service}".`;
}

function shown(text: string): string {
  return `"${text.slice(0, MAX_SHOWN)}"`;
}
