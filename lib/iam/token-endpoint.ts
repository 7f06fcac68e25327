/** The token endpoint of an issuer, asked in a way that its faults stay its own. */
import type { PullpassError } from '../domain/errors.ts';
import type { Issuer } from '../domain/issuer.ts';
import { endpoint } from './bounded-request.ts';
import { Breaker } from './breaker.ts';
import { guardedRequest, RETRY_AFTER_SECONDS } from './guarded-request.ts';
import { rejected, unanswered } from './refusals.ts';
import { member, readStrictJson } from './strict-json.ts';

/** An answer is this long at most, in bytes. */
const TOKEN_ANSWER_BYTES = 64 * 1024;

/** The statuses that judge what was sent; the others say that it was not judged (CVE-2026-45781: 429). */
const JUDGEMENTS: ReadonlySet<number> = new Set([400, 401, 403]);

export interface ExchangeRequest {
  readonly form: Readonly<Record<string, string>>;
  readonly client: Issuer['client'];
  readonly signal: AbortSignal;
  readonly nowMs: number;
}

export class TokenEndpoint {
  readonly #url: URL;
  readonly #breaker = new Breaker();

  /** Throws for a URL that is neither https nor of this machine. */
  constructor(url: string) {
    this.#url = endpoint(url);
  }

  /**
   * What the issuer gives for `form`: an access token, or, for a 4xx, the error that it means and that may be
   * remembered. Throws `unavailable` when the issuer does not answer, or says what cannot be understood.
   */
  async exchange({ form, client, signal, nowMs }: ExchangeRequest): Promise<string | PullpassError> {
    const request = {
      url: this.#url,
      form: new URLSearchParams(form),
      headers: client === null ? {} : { authorization: basic(client) },
      maxBytes: TOKEN_ANSWER_BYTES,
      signal,
    };
    const { status, body } = await guardedRequest(request, this.#breaker, nowMs);
    const reason = `the exchange was answered with status ${status}`;
    if (JUDGEMENTS.has(status)) return rejected(reason);
    if (status >= 400 && status < 500) return unanswered(reason, RETRY_AFTER_SECONDS);
    const token = status === 200 ? accessTokenIn(body) : undefined;
    if (typeof token !== 'string') throw unanswered(reason, RETRY_AFTER_SECONDS);
    return token;
  }
}

/** RFC 6749 section 2.3.1: both parts are encoded as in a form before they are joined. */
function basic({ id, secret }: NonNullable<Issuer['client']>): string {
  const encode = (text: string) => new URLSearchParams({ '': text }).toString().slice(1);
  return `Basic ${Buffer.from(`${encode(id)}:${encode(secret.reveal())}`).toString('base64')}`;
}

/** The `access_token` of a good answer (RFC 6749 section 5.1); undefined for an answer that is not JSON. */
function accessTokenIn(body: Uint8Array): unknown {
  try {
    return member(readStrictJson(body), 'access_token');
  } catch {
    return undefined;
  }
}
