/** Who presents a value of a registry token, or a credential of one: what it reads of the token's end, and when it may rotate the token. */

import type { ErrorCode } from './error-codes.ts';
import { PullpassError, unauthenticated } from './errors.ts';
import { HOUR_SECONDS } from './time.ts';
import { type End, judgeGeneration, type TokenRecord, type UseContext } from './token-record.ts';

/** A holder whose value or credential was verified, and is usable. */
export interface Holder {
  readonly presented: 'value' | 'previous-value' | 'credential';
  readonly token: TokenRecord;
  /** The generation that the value is of, or that the credential was vended from. */
  readonly generation: number;
  /** When what was presented ends, in seconds since 1970; null: never. */
  readonly endsAt: number | null;
}

const CODE_OF: Readonly<Record<End, ErrorCode>> = {
  expired: 'token-expired',
  disabled: 'value-disabled',
  superseded: 'token-rotated',
};

/** The answer to who presents a value of that generation, or a credential of it, that was verified: it says that it has ended, and when. */
export function refusalOf(
  token: TokenRecord,
  generation: number,
  refusal: End | 'outside-networks',
): PullpassError {
  const reason = `token ${token.id}: ${refusal}`;
  // Elsewhere nothing is learnt of the token.
  if (refusal === 'outside-networks') return unauthenticated(reason, 'network-not-allowed');
  const at = endOf(token, generation, refusal);
  return new PullpassError(CODE_OF[refusal], { reason, ...(at === null ? {} : { at }) });
}

function endOf(token: TokenRecord, generation: number, end: End): number | null {
  if (end === 'expired') return token.expiresAt;
  if (end === 'disabled') return token.disabled?.at ?? null;
  const isPrevious = generation === token.generation - 1;
  const graceEnd = isPrevious ? (token.previous?.expiresAt ?? 0) : 0;
  return graceEnd === 0 ? token.valueIssuedAt : graceEnd;
}

/** A holder rotates its token so often, and no sooner after another rotation. */
const SECONDS_BETWEEN_ROTATIONS = HOUR_SECONDS;

/** Throws where the holder may not rotate the token as it is now. */
export function requireRotation(
  token: TokenRecord,
  { presented, generation }: Holder,
  context: UseContext,
): void {
  const judgement = judgeGeneration(token, generation, context);
  if (!judgement.usable) throw refusalOf(token, generation, judgement.refusal);
  if (presented === 'credential') {
    throw forbidden('A credential can show its token, and not rotate it; send the value of the token.');
  }
  if (!token.selfRotate) {
    throw forbidden('This token is rotated by its administrators: it was made without selfRotate.');
  }
  // It ends with its grace: what it rotates would live longer than itself.
  if (generation !== token.generation) {
    throw forbidden('This value was replaced by a rotation and is in its grace; send the new value.');
  }
  const wait = (token.valueIssuedAt ?? 0) + SECONDS_BETWEEN_ROTATIONS - context.now;
  // A clock that was ahead by more than that would bar the holder until then.
  const isWrong = wait > 2 * SECONDS_BETWEEN_ROTATIONS;
  // The first value may have come by a way that others read: it is replaced at once.
  if (token.generation === 1 || wait <= 0 || isWrong) return;
  throw new PullpassError('rate-limited', {
    detail: 'A holder can rotate its token an hour after the last rotation.',
    reason: `token ${token.id}: rotated less than an hour ago`,
    denial: 'too-often',
    retryAfterSeconds: wait,
  });
}

function forbidden(detail: string): PullpassError {
  return new PullpassError('forbidden', { detail });
}
