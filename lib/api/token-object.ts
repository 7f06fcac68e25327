/** A registry token as its administrators see it: never its value, its hash or its salt. */
import { toRfc3339 } from '../domain/time.ts';
import { endOfGeneration, hasGrace, type TokenRecord } from '../domain/token-record.ts';
import type { TokenUse } from '../domain/token-use.ts';
import type { Token } from './responses.ts';

/** The token at `now`, in seconds since 1970. */
export function tokenObject(record: TokenRecord, now: number): Token {
  const { id, name, description, labels, owner, access, repositories, networks, createdBy, generation } =
    record;
  return {
    id,
    name,
    description,
    labels,
    owner,
    access,
    repositories,
    networks,
    createdAt: toRfc3339(record.createdAt),
    createdBy,
    expiresAt: timeOrNull(record.expiresAt),
    generation,
    valueIssuedAt: timeOrNull(record.valueIssuedAt),
    previousValue: previousValue(record, now),
    lastUsedAt: timeOrNull(record.lastUsedAt),
    lastUsed: useObject(record.lastUse),
    disabled: record.disabled !== null,
    disabledAt: timeOrNull(record.disabled?.at ?? null),
    disabledBy: record.disabled?.by ?? null,
    retrievable: record.derivation !== null,
    selfRotate: record.selfRotate,
    limits: record.pullsPerDay === null ? null : { pullsPerDay: record.pullsPerDay },
  };
}

/** null: there was no rotation, or its grace period is over. */
function previousValue(record: TokenRecord, now: number): Token['previousValue'] {
  if (!hasGrace(record, now)) return null;
  const endsAt = endOfGeneration(record, record.generation - 1) ?? record.previous.expiresAt;
  return { endsAt: toRfc3339(endsAt), lastUsed: useObject(record.previousUse) };
}

function useObject(use: TokenUse | null): Token['lastUsed'] {
  return use && { ...use, at: toRfc3339(use.at) };
}

function timeOrNull(seconds: number | null): string | null {
  return seconds === null ? null : toRfc3339(seconds);
}
