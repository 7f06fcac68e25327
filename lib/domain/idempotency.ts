/** What repeated requests with an `Idempotency-Key` do. */
import { isUsable, type TokenRecord } from './token-record.ts';

/** A request with an `Idempotency-Key`: repeated, it never adds a second token, nor a removed one again. */
export interface IdempotencyRecord {
  /** SHA-256 of caller and key, in hexadecimal. */
  readonly key: string;
  /** SHA-256 of the request, in hexadecimal. */
  readonly payload: string;
  readonly tokenId: string;
  /** The generation of the token that the request creates: 1 when it adds a token. */
  readonly generation: number;
  /** The logical write of the request, which names its key; the token record repeats it as `issuanceId`. */
  readonly write: string;
  readonly state: 'pending' | 'done';
  /** Seconds since 1970. The life of a token that a repetition adds after a crash begins here. */
  readonly createdAt: number;
}

/** How long a key is remembered, in seconds. A removed token leaves a tombstone for longer. */
export const IDEMPOTENCY_SECONDS = 86_400;

/** The issuance id of a request; without a key it is the random part alone. */
export function formatIssuanceId(random: string, key: string | undefined): string {
  return key === undefined ? random : `${random}.${key}`;
}

/** The record's `key` of the request that has this issuance id; undefined: it had none. */
export function requestKeyIn(issuanceId: string): string | undefined {
  return issuanceId.split('.')[1];
}

/** `execute`: the first attempt did not get that far. `replay`: its value is shown again. `reject`: it may not be shown. */
export type ReplayDecision = 'execute' | 'replay' | 'reject';

/** Decides what a repetition does, given the first attempt's record and the token as it is now. */
export function decideReplay(
  first: IdempotencyRecord,
  token: TokenRecord | undefined,
  now: number,
): ReplayDecision {
  if (token?.issuanceId === first.write) {
    return isUsable(token, now) && token.derivation !== null ? 'replay' : 'reject';
  }
  const before = token?.generation ?? 0;
  return first.state === 'pending' && before === first.generation - 1 ? 'execute' : 'reject';
}
