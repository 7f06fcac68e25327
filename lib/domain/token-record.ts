/** The record of a registry token: whether a value matches it, how it changes, and which requests have issued its values. */

import { timingSafeEqual } from 'node:crypto';
import type { Access } from './access.ts';
import type { Account, Subject } from './identifiers.ts';
import type { Pattern } from './repository.ts';

/** Times are seconds since 1970. */
export interface TokenRecord {
  readonly account: Account;
  readonly id: string;
  /** SHA-256 of the whole value (32 bytes). */
  readonly hash: Uint8Array;
  /** From these the value can be derived again; null: it is random and was shown once. */
  readonly derivation: { readonly key: string; readonly salt: Uint8Array } | null;
  /** 1, and 1 more with every rotation. */
  readonly generation: number;
  /** The logical write that issued this generation, by which a replayed request recognises its own work. */
  readonly issuanceId: string;
  readonly access: Access;
  /** null: every repository in the namespaces of the account. */
  readonly repositories: readonly Pattern[] | null;
  /** What the registry proxy allows in a day of UTC; null: any number. */
  readonly pullsPerDay: number | null;
  readonly description: string;
  readonly createdAt: number;
  readonly createdBy: Subject;
  /** null: never. */
  readonly expiresAt: number | null;
  readonly disabled: { readonly at: number; readonly by: Subject } | null;
  readonly lastUsedAt: number | null;
  /** The value before the last rotation, and until when it works. */
  readonly previous: { readonly hash: Uint8Array; readonly expiresAt: number } | null;
  /** 1, and 1 more with every management write. */
  readonly version: number;
}

/** Why a value is refused, for the log. The caller gets the same answer in every case. */
export type Refusal = 'unknown' | 'wrong-secret' | 'expired' | 'disabled' | 'superseded';
export type Judgement =
  | { readonly usable: true; readonly generation: number }
  | { readonly usable: false; readonly refusal: Refusal };

/** An expired token does not exist for any reader, whether it is deleted yet or not. */
export function isExpired(record: { readonly expiresAt: number | null }, now: number): boolean {
  return record.expiresAt !== null && record.expiresAt <= now;
}

/** Whether the token may be used with its right value. */
export function isUsable(record: TokenRecord, now: number): boolean {
  return !isExpired(record, now) && record.disabled === null;
}

/** Whether the value before the last rotation still works. */
export function hasGrace(
  record: TokenRecord,
  now: number,
): record is TokenRecord & { previous: NonNullable<TokenRecord['previous']> } {
  return record.previous !== null && record.previous.expiresAt > now;
}

const NO_HASH = Buffer.alloc(32);

/**
 * Judges a value by its hash. Both comparisons are always made, against zeros where there is nothing to compare, so that
 * an unknown id takes the same work as a wrong secret.
 */
export function judge(record: TokenRecord | undefined, presented: Uint8Array, now: number): Judgement {
  const current = timingSafeEqual(record?.hash ?? NO_HASH, presented);
  const previous = timingSafeEqual(record?.previous?.hash ?? NO_HASH, presented);
  if (record === undefined) return { usable: false, refusal: 'unknown' };
  if (!current && !previous) return { usable: false, refusal: 'wrong-secret' };
  return judgeGeneration(record, current ? record.generation : record.generation - 1, now);
}

/** Judges the value of a generation, or a credential that was vended for it. */
export function judgeGeneration(record: TokenRecord, generation: number, now: number): Judgement {
  const isGraced = generation === record.generation - 1 && hasGrace(record, now);
  if (generation !== record.generation && !isGraced) return { usable: false, refusal: 'superseded' };
  if (isExpired(record, now)) return { usable: false, refusal: 'expired' };
  if (!isUsable(record, now)) return { usable: false, refusal: 'disabled' };
  return { usable: true, generation };
}

/** When a generation expires: with the token, and in its grace period with that; null: never. */
export function endOfGeneration({ generation, previous, expiresAt }: TokenRecord, of: number): number | null {
  if (of === generation || previous === null) return expiresAt;
  return expiresAt === null ? previous.expiresAt : Math.min(previous.expiresAt, expiresAt);
}

/** A change that an administrator asks for; an absent member stays as it is. */
export interface TokenPatch {
  readonly description?: string | undefined;
  readonly access?: Access | undefined;
  readonly repositories?: readonly Pattern[] | null | undefined;
  readonly disabled?: boolean | undefined;
  readonly expiresAt?: number | null | undefined;
  readonly pullsPerDay?: number | null | undefined;
}

/** Who changes a record, and when. */
interface Change {
  readonly now: number;
  readonly by: Subject;
}

/** The record after `patch`. Disabling a disabled token keeps the first time and subject. */
export function patchToken(record: TokenRecord, patch: TokenPatch, change: Change): TokenRecord {
  const { description, access, repositories, expiresAt, pullsPerDay } = patch;
  return {
    ...record,
    ...(description === undefined ? {} : { description }),
    ...(access === undefined ? {} : { access }),
    ...(repositories === undefined ? {} : { repositories }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(pullsPerDay === undefined ? {} : { pullsPerDay }),
    disabled: patchDisabled(record, patch.disabled, change),
    version: record.version + 1,
  };
}

function patchDisabled(
  record: TokenRecord,
  disabled: boolean | undefined,
  { now, by }: Change,
): TokenRecord['disabled'] {
  if (disabled === undefined) return record.disabled;
  return disabled ? (record.disabled ?? { at: now, by }) : null;
}

/** What a new value changes in a record. */
export type Issue = Pick<TokenRecord, 'hash' | 'derivation' | 'issuanceId'>;

/** The record after a rotation; the former value works for another `graceSeconds`. */
export function rotateToken(
  record: TokenRecord,
  issue: Issue,
  { graceSeconds, now }: { readonly graceSeconds: number; readonly now: number },
): TokenRecord {
  return {
    ...record,
    ...issue,
    generation: record.generation + 1,
    previous: graceSeconds > 0 ? { hash: record.hash, expiresAt: now + graceSeconds } : null,
    version: record.version + 1,
  };
}

/**
 * The record after a holder of the value has revoked it. The token is disabled, so that an administrator can enable it
 * again; a value in its grace period loses only that. Undefined: the value is wrong, or the token is disabled already.
 */
export function revokeToken(
  record: TokenRecord,
  presented: Uint8Array,
  change: Change,
): TokenRecord | undefined {
  const judgement = judge({ ...record, disabled: null }, presented, change.now);
  if (!judgement.usable) return undefined;
  if (judgement.generation < record.generation) {
    return { ...record, previous: null, version: record.version + 1 };
  }
  return record.disabled === null ? patchToken(record, { disabled: true }, change) : undefined;
}

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
