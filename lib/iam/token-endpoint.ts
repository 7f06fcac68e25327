/** The token endpoint of an issuer (RFC 6749): exchanges API keys and refresh tokens, and reads what issuers really answer. */

import { PullpassError, unauthenticated, unavailable } from '../domain/errors.ts';
import type { Identity } from '../domain/identity.ts';
import type { Secret } from '../domain/secret.ts';
import { member, parseStrictJson } from '../domain/strict-json.ts';
import { Breaker } from '../limits/breaker.ts';
import { ClientRefused, type ClientSecret, withClientSecret } from './client-secret.ts';
import { ExchangeCache, type ExchangeOptions } from './exchange-cache.ts';
import { breakerRequest, type Connections, DIRECT, endpoint, RETRY_AFTER_SECONDS } from './http-client.ts';
import type { AccessTokenVerifier } from './signed-token.ts';

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
      // RFC 6749 section 5.2: that says nothing about the caller's secret.
      if (client !== null && member(jsonIn(body), 'error') === 'invalid_client')
        throw new ClientRefused(reason);
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

export interface IssuedTokens {
  readonly accessToken: string;
  /** null: the issuer gave none. */
  readonly refreshToken: string | null;
  /** How long the access token is valid from now on; undefined: the answer does not say. */
  readonly lifeSeconds: number | undefined;
}

/** `refused`: the issuer refuses what was sent. `failed`: it said nothing about that. */
export type TokenResponse =
  | { readonly kind: 'issued'; readonly tokens: IssuedTokens }
  | { readonly kind: 'failed' | 'refused' };

/** Other statuses say nothing about what was sent (CVE-2026-45781: 429). */
const REFUSALS: ReadonlySet<number> = new Set([400, 401, 403]);

/** RFC 6749 appendix A.12 and A.17. */
const TOKEN = /^[\x20-\x7e]+$/;

const DECIMAL = /^ *\d+(?:\.\d*)? *$/;

/** IBM Cloud IAM sends this text instead of a refresh token when it gives none. */
const NO_REFRESH_TOKEN = 'not_supported';

/** Reads any answer (RFC 6749 section 5), for the command too; one that is not understood is `failed`. */
export function readTokenResponse(status: number, body: Uint8Array | string): TokenResponse {
  if (REFUSALS.has(status)) return { kind: 'refused' };
  const tokens = status >= 200 && status < 300 ? issuedTokens(body) : undefined;
  return tokens === undefined ? { kind: 'failed' } : { kind: 'issued', tokens };
}

/** The claims of a JWT whose signature is not checked; undefined for any other text. */
export function unverifiedClaims(token: string): unknown {
  try {
    const [, claims = ''] = token.split('.');
    return JSON.parse(Buffer.from(claims, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}

function issuedTokens(body: Uint8Array | string): IssuedTokens | undefined {
  const answer = jsonIn(body);
  const accessToken = tokenIn(answer, 'access_token');
  if (accessToken === null) return undefined;
  const refreshToken = tokenIn(answer, 'refresh_token');
  return {
    accessToken,
    refreshToken: refreshToken === NO_REFRESH_TOKEN ? null : refreshToken,
    lifeSeconds: lifeOf(member(answer, 'expires_in'), unverifiedClaims(accessToken)),
  };
}

function tokenIn(answer: unknown, name: string): string | null {
  const value = member(answer, name);
  return typeof value === 'string' && TOKEN.test(value) && value.trim() !== '' ? value : null;
}

/**
 * The shorter of what the answer and the token say: `expires_in` is optional, some issuers send text or milliseconds.
 * A token's own times are compared with each other, because our clock may be wrong.
 */
function lifeOf(expiresIn: unknown, claims: unknown): number | undefined {
  const [issuedAt, expiresAt] = [member(claims, 'iat'), member(claims, 'exp')];
  const ofToken =
    typeof issuedAt === 'number' && typeof expiresAt === 'number' ? expiresAt - issuedAt : undefined;
  const known = [secondsOf(expiresIn), secondsOf(ofToken)].filter(life => life !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

/** A whole number of seconds, at least one; undefined for anything else. */
function secondsOf(value: unknown): number | undefined {
  const number = typeof value === 'string' && DECIMAL.test(value) ? Number(value) : value;
  if (typeof number !== 'number' || !(number >= 1)) return undefined;
  const seconds = Math.floor(number);
  return Number.isSafeInteger(seconds) ? seconds : undefined;
}

/** A byte order mark before the JSON is ignored (RFC 8259 section 8.1). */
function jsonIn(body: Uint8Array | string): unknown {
  try {
    const text = typeof body === 'string' ? body : new TextDecoder('utf-8', { fatal: true }).decode(body);
    return parseStrictJson(text.replace(/^\ufeff/, ''));
  } catch {
    return undefined;
  }
}
