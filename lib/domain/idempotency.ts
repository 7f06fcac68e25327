/** What a repeated request with an `Idempotency-Key` does: never a second token, never a removed one again. */
import { isUsable, type TokenRecord } from './token-record.ts';

export interface IdempotencyRecord {
  /** SHA-256 of caller and key, in hexadecimal. */
  readonly key: string;
  /** SHA-256 of what was asked for, in hexadecimal. */
  readonly payload: string;
  readonly tokenId: string;
  /** The generation that the request makes: 1 when it adds a token. */
  readonly generation: number;
  /** The logical write of the request; the token record repeats it as `issuedBy`. */
  readonly write: string;
  readonly state: 'pending' | 'done';
  /** Seconds since 1970. A token that a repetition adds after a crash lives from here, not from the repetition. */
  readonly createdAt: number;
}

/** How long a key is remembered, in seconds. A removed token leaves a tombstone for at least as long. */
export const IDEMPOTENCY_SECONDS = 86_400;

/** `carry-out`: the first attempt did not come that far. `answer`: its value may be shown. `refuse`: it may not. */
export type ReplayDecision = 'carry-out' | 'answer' | 'refuse';

/** Decides what a repetition does, given the first attempt's record and the token as it is now. */
export function decideReplay(
  first: IdempotencyRecord,
  token: TokenRecord | undefined,
  now: number,
): ReplayDecision {
  if (token?.issuanceId === first.write) {
    return isUsable(token, now) && token.derivation !== null ? 'answer' : 'refuse';
  }
  const before = token?.generation ?? 0;
  return first.state === 'pending' && before === first.generation - 1 ? 'carry-out' : 'refuse';
}
