/** Exchanges API keys and refresh tokens at the token endpoint of their issuer (RFC 6749). */

import { PullpassError, unauthenticated, unavailable } from '../domain/errors.ts';
import type { Identity } from '../domain/identity.ts';
import type { Secret } from '../domain/secret.ts';
import { Breaker } from '../limits/breaker.ts';
import { ClientRefused, type ClientSecret, withClientSecret } from './client-secret.ts';
import { ExchangeCache, type ExchangeOptions } from './exchange-cache.ts';
import { breakerRequest, type Connections, DIRECT, endpoint, RETRY_AFTER_SECONDS } from './http-client.ts';
import type { AccessTokenVerifier } from './signed-token.ts';
import { readTokenResponse, refusesClient } from './token-response.ts';

/** The longest answer that is read. */
const TOKEN_ANSWER_BYTES = 64 * 1024;

/** How we authenticate to the issuer. */
interface Client {
  readonly id: string;
  readonly secret: Secret;
}

export interface ExchangeRequest {
  readonly form: Readonly<Record<string, string>>;
  readonly client: Client | null;
  readonly signal: AbortSignal;
  readonly nowMs: number;
}

export class TokenEndpoint {
  readonly #url: URL;
  readonly #connections: Connections;
  readonly #breaker = new Breaker();

  /** Throws for a URL that is neither https nor of this machine. */
  constructor(url: string, connections: Connections) {
    this.#url = endpoint(url);
    this.#connections = connections;
  }

  /**
   * The access token that the issuer gives for `form`, or, for a 4xx, the error to answer and remember. Throws
   * `unavailable` when there is no answer, or one that cannot be understood, and ClientRefused when it is us that it refuses.
   */
  async exchange({ form, client, signal, nowMs }: ExchangeRequest): Promise<string | PullpassError> {
    const request = {
      url: this.#url,
      form: new URLSearchParams(form),
      headers: client === null ? {} : { authorization: basic(client) },
      maxBytes: TOKEN_ANSWER_BYTES,
      signal,
      connections: this.#connections,
    };
    const { status, body } = await breakerRequest(request, this.#breaker, nowMs);
    const reason = `the exchange was answered with status ${status}`;
    const answer = readTokenResponse(status, body);
    if (answer.kind === 'issued') return answer.tokens.accessToken;
    if (answer.kind === 'refused') {
      if (client !== null && refusesClient(body)) throw new ClientRefused(reason);
      return unauthenticated(reason);
    }
    const failure = unavailable(reason, { retryAfterSeconds: RETRY_AFTER_SECONDS });
    if (status >= 400 && status < 500) return failure;
    throw failure;
  }
}

/** RFC 6749 section 2.3.1: both parts are encoded as in a form before they are joined. */
function basic({ id, secret }: Client): string {
  const encode = (text: string) => new URLSearchParams({ '': text }).toString().slice(1);
  return `Basic ${Buffer.from(`${encode(id)}:${encode(secret.reveal())}`).toString('base64')}`;
}

/** RFC 6749 section 4.5: an extension grant. */
export const API_KEY_GRANT = 'urn:ibm:params:oauth:grant-type:apikey';

/** The assertions that are exchanged for an access token. */
export type ExchangedKind = 'iamapikey' | 'iamrefresh';

interface Grant {
  /** Anything else is refused without asking the issuer. */
  readonly shape: RegExp;
  readonly form: (secret: string) => Record<string, string>;
  /** Whether we authenticate to the issuer: a refresh token belongs to one client. */
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

export interface TokenExchangeOptions extends ExchangeOptions {
  readonly tokenUrl: string;
  readonly client: { readonly id: string; readonly secret: ClientSecret } | null;
  /** Trusts the issuer of `tokenUrl` alone: it must not vouch for accounts of another. */
  readonly verify: AccessTokenVerifier;
  /** Direct unless given. */
  readonly connections?: Connections | undefined;
}

/** A secret, and the address that it came from. */
export interface SentSecret {
  readonly kind: ExchangedKind;
  readonly secret: string;
  readonly sourceAddress: string;
}

export class TokenExchange {
  readonly #endpoint: TokenEndpoint;
  readonly #client: TokenExchangeOptions['client'];
  readonly #verify: AccessTokenVerifier;
  readonly #exchange: ExchangeCache;

  constructor({ tokenUrl, client, verify, connections = DIRECT, ...exchange }: TokenExchangeOptions) {
    this.#endpoint = new TokenEndpoint(tokenUrl, connections);
    this.#client = client;
    this.#verify = verify;
    this.#exchange = new ExchangeCache(exchange);
  }

  /**
   * The identity that the secret belongs to: a strong one, because we made the exchange. Throws `unauthenticated` for a
   * secret that the issuer refuses, `unavailable` when it does not answer in time.
   */
  async identify({ kind, secret, sourceAddress }: SentSecret, nowMs: number): Promise<Identity> {
    const { shape, form, asClient } = GRANTS[kind];
    if (!shape.test(secret)) throw unauthenticated(`not what ${kind} takes`, 'misplaced');
    return await this.#exchange.identify({
      name: `${kind} ${secret}`,
      nowMs,
      sourceAddress,
      ask: async signal => {
        const request = { form: form(secret), signal, nowMs };
        const answer = await (asClient
          ? this.#asClient(request)
          : this.#endpoint.exchange({ ...request, client: null }));
        if (answer instanceof PullpassError) return answer;
        const { expiresAt, ...bearer } = await this.#verify(answer, nowMs);
        const identity: Identity = { ...bearer, kind, strength: 'strong', expiresAt: null };
        return { identity, untilMs: expiresAt * 1000 };
      },
    });
  }

  async #asClient(request: Omit<ExchangeRequest, 'client'>): Promise<string | PullpassError> {
    if (this.#client === null) return this.#endpoint.exchange({ ...request, client: null });
    const { id, secret: secrets } = this.#client;
    return withClientSecret(secrets, request.nowMs, secret =>
      this.#endpoint.exchange({ ...request, client: { id, secret } }),
    );
  }
}
