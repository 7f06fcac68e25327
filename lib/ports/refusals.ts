/** Logins that were refused, for the administrators of their account, who ask by the request id that a client has printed. */

/** Never holds a secret, nor a text that the client made up. */
export interface Refusal {
  /** Of the account. */
  readonly handle: string;
  readonly requestId: string;
  /** Seconds since 1970. */
  readonly at: number;
  /** `token:<id>` or `credential:<jti>`. */
  readonly subject: string;
  /** The state of the token, or what the log says. */
  readonly why: string;
  readonly service: string;
  /** The repositories that it asked for, as far as they fit. */
  readonly repositories: readonly string[];
  readonly sourceAddress: string;
}

/** How long a refusal is kept, in seconds. */
export const REFUSAL_SECONDS = 86_400;

export interface RefusalStore {
  /** Stores the refusal, unless there is one of that request. Rejects when the signal says so. */
  add(refusal: Refusal, signal: AbortSignal): Promise<void>;
  /** The refusal of a request of the account; undefined: there is none, or it has expired at `now`. */
  find(handle: string, requestId: string, now: number): Promise<Refusal | undefined>;
}
