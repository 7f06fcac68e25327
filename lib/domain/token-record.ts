/** The record of a registry token: whether a value matches it, how it changes, and which requests have issued its values. */

import { timingSafeEqual } from 'node:crypto';
import type { Access } from './access.ts';
import type { Account, Subject } from './identifiers.ts';
import { isInNetworks, type Network } from './networks.ts';
import type { Pattern } from './repository.ts';
import type { TokenUse } from './token-use.ts';

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
  /** Where it may be used from, in CIDR notation; null: anywhere. */
  readonly networks: readonly Network[] | null;
  /** Whether who holds the value may rotate it. */
  readonly selfRotate: boolean;
  /** Given by who ensures that there is such a token; null: none. */
  readonly name: string | null;
  readonly description: string;
  readonly labels: Labels;
  /** Who answers for it, in the administrator's words; null: not said. */
  readonly owner: string | null;
  readonly createdAt: number;
  readonly createdBy: Subject;
  /** When the current generation was issued; null: before this was recorded, or lost in a restore. */
  readonly valueIssuedAt: number | null;
  /** null: never. */
  readonly expiresAt: number | null;
  readonly disabled: { readonly at: number; readonly by: Subject } | null;
  /** With any of its values. */
  readonly lastUsedAt: number | null;
  /** The last use of the current value; null: not yet, or before this was recorded. */
  readonly lastUse: TokenUse | null;
  /** The value before the last rotation, and until when it works; 0: it ended with the rotation, or its holder revoked it. */
  readonly previous: { readonly hash: Uint8Array; readonly expiresAt: number } | null;
  /** The last use of that value. */
  readonly previousUse: TokenUse | null;
  /** 1, and 1 more with every management write. */
  readonly version: number;
}

/** What an administrator finds the token by; keys are in no order. */
export type Labels = Readonly<Record<string, string>>;

/** Why a right value is refused. */
export type End = 'expired' | 'disabled' | 'superseded';
/** Why a value is refused, for the log. At a login the caller gets the same answer in every case. */
export type Refusal = 'unknown' | 'wrong-secret' | 'outside-networks' | End;

/** When and where a value is used. */
export interface UseContext {
  /** Seconds since 1970. */
  readonly now: number;
  /** The address of the client; undefined: it is not known, and in no network. */
  readonly sourceAddress: string | undefined;
}

export type Judgement<R extends Refusal = Refusal> =
  | { readonly usable: true; readonly generation: number }
  | { readonly usable: false; readonly refusal: R };

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
export function judge(
  record: TokenRecord | undefined,
  presented: Uint8Array,
  context: UseContext,
): Judgement {
  const current = timingSafeEqual(record?.hash ?? NO_HASH, presented);
  const previous = timingSafeEqual(record?.previous?.hash ?? NO_HASH, presented);
  if (record === undefined) return { usable: false, refusal: 'unknown' };
  if (!current && !previous) return { usable: false, refusal: 'wrong-secret' };
  return judgeGeneration(record, current ? record.generation : record.generation - 1, context);
}

/**
 * Judges the value of a generation, or a credential that was vended for it. The networks come first: outside them nothing is
 * to be learnt of the token, not even that it has ended.
 */
export function judgeGeneration(
  record: TokenRecord,
  generation: number,
  { now, sourceAddress }: UseContext,
): Judgement<End | 'outside-networks'> {
  if (!isInNetworks(sourceAddress, record.networks)) return { usable: false, refusal: 'outside-networks' };
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
  readonly networks?: readonly Network[] | null | undefined;
  readonly selfRotate?: boolean | undefined;
  /** All of them; they replace the ones before. */
  readonly labels?: Labels | undefined;
  readonly owner?: string | null | undefined;
}

/** Who changes a record, and when. */
interface Change {
  readonly now: number;
  readonly by: Subject;
}

/** What a patch replaces as it is. */
const PATCHED = [
  'description',
  'access',
  'repositories',
  'expiresAt',
  'pullsPerDay',
  'networks',
  'selfRotate',
  'labels',
  'owner',
] as const satisfies readonly (keyof TokenPatch)[];

/** The record after `patch`. Disabling a disabled token keeps the first time and subject. */
export function patchToken(record: TokenRecord, patch: TokenPatch, change: Change): TokenRecord {
  const given = PATCHED.filter(name => patch[name] !== undefined).map(name => [name, patch[name]]);
  return {
    ...record,
    ...(Object.fromEntries(given) as Partial<TokenRecord>),
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
    valueIssuedAt: now,
    lastUse: null,
    // Without a grace it has ended by every clock; its holder is still told so.
    previous: { hash: record.hash, expiresAt: graceSeconds > 0 ? now + graceSeconds : 0 },
    previousUse: graceSeconds > 0 ? record.lastUse : null,
    version: record.version + 1,
  };
}

/**
 * The record after a holder of the value has revoked it. The token is disabled, so that an administrator can enable it
 * again; a value in its grace period loses only that. Undefined: there is no such token, the value is wrong, or the token is
 * disabled already; an unknown token takes the same work as a wrong secret.
 */
export function revokeToken(
  record: TokenRecord | undefined,
  presented: Uint8Array,
  change: Change,
): TokenRecord | undefined {
  // Who finds it may end it, from every network.
  const anywhere = record && { ...record, disabled: null, networks: null };
  const judgement = judge(anywhere, presented, { now: change.now, sourceAddress: undefined });
  if (record === undefined || !judgement.usable) return undefined;
  if (judgement.generation < record.generation) {
    const previous = record.previous && { ...record.previous, expiresAt: 0 };
    return { ...record, previous, previousUse: null, version: record.version + 1 };
  }
  return record.disabled === null ? patchToken(record, { disabled: true }, change) : undefined;
}
