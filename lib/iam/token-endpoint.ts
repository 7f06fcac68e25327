/** Exchanges API keys and refresh tokens at the token endpoint of their issuer. */

import { PullpassError, unauthenticated, unavailable } from '../domain/errors.ts';
import type { Identity, Issuer } from '../domain/identity.ts';
import { member, readStrictJson } from '../domain/strict-json.ts';
import type { AccessTokenVerifier } from './claims.ts';
import { ExchangeCache } from './exchange-cache.ts';
import { Breaker, endpoint, guardedRequest, RETRY_AFTER_SECONDS } from './http-client.ts';

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
    if (JUDGEMENTS.has(status)) return unauthenticated(reason);
    if (status >= 400 && status < 500) return unavailable(reason, { retryAfterSeconds: RETRY_AFTER_SECONDS });
    const token = status === 200 ? accessTokenIn(body) : undefined;
    if (typeof token !== 'string') throw unavailable(reason, { retryAfterSeconds: RETRY_AFTER_SECONDS });
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

/** RFC 6749 section 4.5: an extension grant. */
export const API_KEY_GRANT = 'urn:ibm:params:oauth:grant-type:apikey';

/** The proofs that are exchanged. */
export type ExchangedKind = 'iamapikey' | 'iamrefresh';

interface Grant {
  /** What can be such a secret; the issuer is asked about nothing else. */
  readonly shape: RegExp;
  readonly form: (secret: string) => Record<string, string>;
  /** Whether the issuer hears who we are: a refresh token belongs to the client that it was made for. */
  readonly asClient: boolean;
}

const GRANTS: Record<ExchangedKind, Grant> = {
  iamapikey: {
    shape: /^[\x21-\x7e]{8,256}$/,
    form: apikey => ({ grant_type: API_KEY_GRANT, apikey }),
    asClient: false,
  },
  iamrefresh: {
    shape: /^[\x21-\x7e]{8,8192}$/,
    form: token => ({ grant_type: 'refresh_token', refresh_token: token }),
    asClient: true,
  },
};

/** Whether `text` can be an API key. */
export function isApiKey(text: string): boolean {
  return GRANTS.iamapikey.shape.test(text);
}

export interface TokenExchangeOptions {
  readonly tokenUrl: string;
  readonly client: Issuer['client'];
  /** Knows the issuer of `tokenUrl` and no other: it must not vouch for another's accounts. */
  readonly verify: AccessTokenVerifier;
  readonly cacheKey: Uint8Array;
}

export class TokenExchange {
  readonly #endpoint: TokenEndpoint;
  readonly #client: Issuer['client'];
  readonly #verify: AccessTokenVerifier;
  readonly #exchange: ExchangeCache;

  constructor({ tokenUrl, client, verify, cacheKey }: TokenExchangeOptions) {
    this.#endpoint = new TokenEndpoint(tokenUrl);
    this.#client = client;
    this.#verify = verify;
    this.#exchange = new ExchangeCache(cacheKey);
  }

  /**
   * The identity that the secret belongs to: a strong one, as we made the exchange ourselves. Throws
   * `unauthenticated` for a secret that the issuer refuses, `unavailable` when it does not answer in time.
   */
  async identify(kind: ExchangedKind, secret: string, nowMs: number): Promise<Identity> {
    const { shape, form, asClient } = GRANTS[kind];
    if (!shape.test(secret)) throw unauthenticated(`not what ${kind} takes`, 'misplaced');
    return await this.#exchange.identify({
      name: `${kind} ${secret}`,
      nowMs,
      ask: async signal => {
        const client = asClient ? this.#client : null;
        const answer = await this.#endpoint.exchange({ form: form(secret), client, signal, nowMs });
        if (answer instanceof PullpassError) return answer;
        const { expiresAt, ...bearer } = await this.#verify(answer, nowMs);
        const identity: Identity = { ...bearer, kind, strength: 'strong', expiresAt: null };
        return { identity, untilMs: expiresAt * 1000 };
      },
    });
  }
}
