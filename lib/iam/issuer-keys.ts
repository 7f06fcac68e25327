/** The public keys of one issuer, kept so that neither a flood of tokens nor an issuer that is down matters. */
import { boundedRequest, endpoint } from './bounded-request.ts';
import { type KeySet, readKeySet, type VerificationKey } from './key-set.ts';
import { unanswered } from './refusals.ts';

/** A key set is this long at most, in bytes. */
const KEY_SET_BYTES = 100 * 1024;
/** A fetch takes this long at most, in milliseconds, from the connection to the last byte: callers have 3 s. */
const KEY_FETCH_MS = 2500;
/** Between two fetches, whatever tokens name and however the last fetch ended. */
export const KEY_FETCH_INTERVAL_MS = 10_000;
/** A key set is used this long before it is fetched again: a key that the issuer removed dies then. */
export const KEY_SET_FRESH_MS = 300_000;
/** Keys work this long after the last good fetch while the issuer is down. */
export const KEY_SET_USABLE_MS = 3_600_000;

/**
 * One cache per issuer, so its key is (issuer, kid): a kid of one issuer never finds the key of another
 * (CVE-2026-49998).
 */
export class IssuerKeys {
  readonly #url: URL;
  #keys: KeySet = new Map();
  #goodAtMs = Number.NEGATIVE_INFINITY;
  #nextFetchMs = Number.NEGATIVE_INFINITY;
  #fetch: Promise<void> | undefined;
  #failure: unknown;

  /** Throws for a URL that is neither https nor of this machine. */
  constructor(url: string) {
    this.#url = endpoint(url);
  }

  /**
   * The issuer's key named `kid`; undefined: it has none. Throws `unavailable` when the issuer would have to be
   * asked and does not answer.
   */
  async find(kid: string, nowMs: number): Promise<VerificationKey | undefined> {
    const known = this.#lookUp(kid, nowMs);
    if (known !== undefined && nowMs - this.#goodAtMs < KEY_SET_FRESH_MS) return known;
    if (nowMs >= this.#nextFetchMs) await this.#refresh(nowMs);
    else if (known === undefined) await this.#fetch;
    const found = this.#lookUp(kid, nowMs);
    if (found === undefined && this.#failure !== undefined) {
      throw unanswered('the issuer did not give its keys', KEY_FETCH_INTERVAL_MS / 1000, this.#failure);
    }
    return found;
  }

  #lookUp(kid: string, nowMs: number): VerificationKey | undefined {
    return nowMs - this.#goodAtMs < KEY_SET_USABLE_MS ? this.#keys.get(kid) : undefined;
  }

  /** Never throws: a fetch that fails leaves the keys as they are. */
  async #refresh(nowMs: number): Promise<void> {
    this.#nextFetchMs = nowMs + KEY_FETCH_INTERVAL_MS;
    this.#fetch ??= this.#load(nowMs).finally(() => {
      this.#fetch = undefined;
    });
    await this.#fetch;
  }

  async #load(nowMs: number): Promise<void> {
    try {
      const signal = AbortSignal.timeout(KEY_FETCH_MS);
      const { status, body } = await boundedRequest({ url: this.#url, maxBytes: KEY_SET_BYTES, signal });
      if (status !== 200) throw new Error(`the keys were answered with status ${status}`);
      this.#keys = readKeySet(body);
      this.#goodAtMs = nowMs;
      this.#failure = undefined;
    } catch (error) {
      this.#failure = error;
    }
  }
}
