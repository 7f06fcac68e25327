import type { Secret } from '../../lib/domain/secret.ts';
import { boundedFetch } from '../bounded-fetch.ts';
import { CliError } from '../failure.ts';
import { isLoopback } from '../target.ts';

export interface Question {
  /** `host` or `host:port`. */
  readonly registry: string;
  /** Signed for this registry, and worth nothing elsewhere; without one nothing is sent that anyone could use. */
  readonly accessToken?: Secret;
  readonly timeoutMs?: number;
}

export interface RegistryAnswer {
  /** `https://host:port`, or `http://…` on this machine. */
  readonly origin: string;
  readonly status: number;
  /** Its `WWW-Authenticate`; empty: there is none. */
  readonly challenges: string;
}

const REGISTRY_TIMEOUT_MS = 5_000;
/** Of which a registry on this machine gets so many to say that it speaks TLS. */
const LOOPBACK_TLS_MS = 1_000;

/** Asks. Throws a Failure when there is no answer, or one that points elsewhere. */
export async function askRegistry(question: Question): Promise<RegistryAnswer> {
  const { registry, accessToken, timeoutMs = REGISTRY_TIMEOUT_MS } = question;
  const overTls = `https://${registry}`;
  try {
    if (!isLoopback(overTls)) return await ask(overTls, timeoutMs, accessToken);
    // As docker does it for this machine, where nobody listens on the way.
    return await ask(overTls, LOOPBACK_TLS_MS, accessToken).catch(() =>
      ask(`http://${registry}`, timeoutMs - LOOPBACK_TLS_MS, accessToken),
    );
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    throw new CliError(error.message, { ...error.details, next: adviceFor(error) });
  }
}

async function ask(origin: string, timeoutMs: number, accessToken?: Secret): Promise<RegistryAnswer> {
  const authorization = accessToken === undefined ? {} : { authorization: `Bearer ${accessToken.reveal()}` };
  const answer = await boundedFetch(`${origin}/v2/`, { method: 'GET', headers: authorization, timeoutMs });
  return { origin, status: answer.status, challenges: answer.headers.get('www-authenticate') ?? '' };
}

function adviceFor({ details: { code } }: CliError): string {
  return code === 'redirected'
    ? 'A registry must answer at /v2/ itself: ask whoever runs it, or what stands before it.'
    : 'Check that the registry is up and can be reached from here. Name the authority of its certificate in NODE_EXTRA_CA_CERTS if it is your own.';
}
