/** How acts are done: the audit record before them, the request that they finish, again when another writer was faster, several at once. */

import { unavailable } from '../domain/errors.ts';
import type { Group } from '../domain/groups.ts';
import { requestKeyIn } from '../domain/idempotency.ts';
import { type Account, accountHandle, type Subject } from '../domain/identifiers.ts';
import type { Identity } from '../domain/identity.ts';
import type { TokenRecord } from '../domain/token-record.ts';
import type { AuditEvent, AuditStore } from '../ports/audit.ts';
import type { IdempotencyStore } from '../ports/stores.ts';
import type { Clock } from '../ports/system.ts';

export interface Actor {
  readonly account: Account;
  readonly subject: Subject;
  readonly strength: Identity['strength'];
  readonly uniqueId?: string;
  /** See `AuditEvent`. */
  readonly group?: Group;
  readonly requestId: string;
  readonly sourceAddress: string;
}

export interface AuditPorts {
  readonly audit: AuditStore;
  readonly clock: Clock;
}

/** Records what an actor is about to do. Only what could be recorded may be done, so this comes first. */
export async function recordAct(
  { audit, clock }: AuditPorts,
  { strength: _, ...actor }: Actor,
  { act, target }: Pick<AuditEvent, 'act' | 'target'>,
): Promise<void> {
  await audit.record({ ...actor, handle: accountHandle(actor.account), act, target }, clock());
}

/**
 * Marks the request that issued the value as done, before the token is changed or removed. From then on no repetition of
 * it adds the token again, no matter when the cleanup deletes what is left of it, and what the clocks say.
 */
export async function finishRequest(
  { idempotency }: { readonly idempotency: Pick<IdempotencyStore, 'finish'> },
  { account, issuanceId }: Pick<TokenRecord, 'account' | 'issuanceId'>,
): Promise<void> {
  const key = requestKeyIn(issuanceId);
  if (key !== undefined) await idempotency.finish(account, { key, write: issuanceId });
}

const ATTEMPTS = 8;

/** Runs `attempt` until it gives a result; undefined means that another writer was faster, and to look again. */
export async function retryOnConflict<T>(attempt: () => Promise<T | undefined>): Promise<T> {
  for (let i = 0; i < ATTEMPTS; i++) {
    const result = await attempt();
    if (result !== undefined) return result;
  }
  throw unavailable('another writer was faster every time', { retryAfterSeconds: 1 });
}

export interface InParallelOptions<T> {
  /** How many at once. */
  readonly width: number;
  readonly work: (item: T) => Promise<unknown>;
  /** Asked before each; false: the rest is left. */
  readonly goesOn?: () => boolean;
}

/** Does the work for the items, and begins it in their order. Answers those that were not begun. Rejects with the first failure. */
export async function inParallel<T>(
  items: readonly T[],
  { width, work, goesOn = () => true }: InParallelOptions<T>,
): Promise<readonly T[]> {
  const left = items.values();
  let begun = 0;
  const worker = async () => {
    while (begun < items.length && goesOn()) {
      begun++;
      await work(left.next().value as T);
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
  return items.slice(begun);
}
