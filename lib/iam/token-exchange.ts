/** API keys and refresh tokens: who they belong to is what their issuer says when they are exchanged. */
import { PullpassError } from '../domain/errors.ts';
import type { Identity } from '../domain/identity.ts';
import type { Issuer } from '../domain/issuer.ts';
import type { AccessTokenVerifier } from './access-token.ts';
import { ExchangeCache } from './exchange.ts';
import { rejected } from './refusals.ts';
import { TokenEndpoint } from './token-endpoint.ts';

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
    if (!shape.test(secret)) throw rejected(`not what ${kind} takes`, 'misplaced');
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
