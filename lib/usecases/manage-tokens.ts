/** Lists, reads, changes and removes the registry tokens of an account, and derives their values. */

import { timingSafeEqual } from 'node:crypto';
import type { Account } from '../domain/account.ts';
import { PullpassError } from '../domain/errors.ts';
import {
  derivationMessage,
  formatRegistryToken,
  hashRegistryToken,
  SALT_BYTES,
  SECRET_BYTES,
} from '../domain/registry-token.ts';
import type { Secret } from '../domain/secret.ts';
import { toSeconds } from '../domain/time.ts';
import { patchToken, type TokenPatch, type TokenRecord } from '../domain/token-record.ts';
import { isUuid } from '../domain/uuid.ts';
import type { Derivation } from '../ports/keys.ts';
import type { IdempotencyStore, TokenStore } from '../ports/stores.ts';
import type { Clock, RandomBytes } from '../ports/system.ts';
import { type Actor, type AuditPorts, recordAct } from './audit.ts';
import { retryOnConflict } from './retry.ts';

/** The record of an account's token. Throws `not-found`, also for another account's and for an expired one. */
export async function findToken(
  { tokens, clock }: Pick<TokenPorts, 'tokens' | 'clock'>,
  account: Account,
  id: string,
): Promise<TokenRecord> {
  const record = isUuid(id) ? await tokens.get(account, id, toSeconds(clock())) : undefined;
  if (record === undefined) throw new PullpassError('not-found', { detail: 'There is no such token.' });
  return record;
}

export interface TokenPageRequest {
  readonly account: Account;
  readonly limit: number;
  /** The id that the last page ended with. */
  readonly after: string | undefined;
}

/** Reads of the store for one page: an account with masses of expired tokens gets shorter pages, not slower ones. */
const MAX_READS = 10;

/**
 * A page of unexpired tokens, newest first; `next` is the `after` of the next page. One more than the page holds is
 * read, so that the last page is known to be the last.
 */
export async function listTokens(
  { tokens, clock }: Pick<TokenPorts, 'tokens' | 'clock'>,
  { account, limit, after }: TokenPageRequest,
): Promise<{ records: TokenRecord[]; next: string | undefined }> {
  const now = toSeconds(clock());
  const found: TokenRecord[] = [];
  let next = after;
  for (let reads = 0; reads < MAX_READS && found.length <= limit; reads++) {
    const page = await tokens.list(account, { limit: limit + 1 - found.length, after: next, now });
    found.push(...page.records);
    next = page.next;
    if (next === undefined) break;
  }
  if (found.length <= limit) return { records: found, next };
  const records = found.slice(0, limit);
  return { records, next: records.at(-1)?.id };
}

/** The value of a token, again. Throws `forbidden` for a proof that could be replayed, `not-retrievable` or `token-disabled`. */
export async function retrieveValue(ports: TokenPorts, actor: Actor, id: string): Promise<Secret> {
  const record = await findToken(ports, actor.account, id);
  if (actor.strength === 'weak') {
    throw new PullpassError('forbidden', { detail: 'A proof that others could replay reads no values.' });
  }
  if (!ports.valueRetrieval) {
    throw new PullpassError('not-retrievable', { detail: 'This deployment shows no values again.' });
  }
  if (record.derivation === null) throw new PullpassError('not-retrievable');
  if (record.disabled !== null) throw new PullpassError('token-disabled');
  await recordAct(ports, actor, { act: 'retrieve-value', target: id });
  return rederiveValue(ports, record);
}

/** What an administrator changes; times are relative to the moment of the change. */
export interface ChangeRequest {
  readonly actor: Actor;
  readonly id: string;
  readonly change: Omit<TokenPatch, 'expiresAt'> & {
    /** null: it never ends by itself any more. */
    readonly expiresInSeconds?: number | null | undefined;
  };
}

/** The record after the change. */
export async function changeToken(
  ports: TokenPorts,
  { actor, id, change }: ChangeRequest,
): Promise<TokenRecord> {
  const { expiresInSeconds, ...patch } = change;
  return retryOnConflict(async () => {
    const before = await findToken(ports, actor.account, id);
    const now = toSeconds(ports.clock());
    const expiresAt = typeof expiresInSeconds === 'number' ? now + expiresInSeconds : expiresInSeconds;
    const after = patchToken(before, { ...patch, expiresAt }, now, actor.subject);
    await recordAct(ports, actor, { act: 'change-token', target: id });
    return (await ports.tokens.update(before, after, now)) ? after : undefined;
  });
}

/** Removes the token: no login succeeds afterwards, and its value can never be derived again. */
export async function removeToken(ports: TokenPorts, actor: Actor, id: string): Promise<void> {
  await retryOnConflict(async () => {
    const record = await findToken(ports, actor.account, id);
    await recordAct(ports, actor, { act: 'remove-token', target: id });
    return (await ports.tokens.remove(record, toSeconds(ports.clock()))) || undefined;
  });
}

export interface TokenPorts extends AuditPorts {
  readonly tokens: TokenStore;
  readonly idempotency: IdempotencyStore;
  readonly derivation: Derivation;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  /** Whether this deployment shows a token's value again. */
  readonly valueRetrieval: boolean;
}

type ValuePorts = Pick<TokenPorts, 'derivation' | 'randomBytes'>;

/** A new value, and what the record keeps of it. */
export interface NewValue {
  readonly value: Secret;
  readonly kept: Pick<TokenRecord, 'hash' | 'derivation'>;
}

export interface ValueRequest {
  readonly account: Account;
  readonly id: string;
  /** Whether the value can be made again later; if not, its secret is random. */
  readonly retrievable: boolean;
}

export async function newValue(
  ports: ValuePorts,
  { account, id, retrievable }: ValueRequest,
): Promise<NewValue> {
  const derivation = retrievable
    ? { key: ports.derivation.currentKey, salt: ports.randomBytes(SALT_BYTES) }
    : null;
  const secret =
    derivation === null
      ? ports.randomBytes(SECRET_BYTES)
      : await ports.derivation.derive(derivation.key, derivationMessage(account, id, derivation.salt));
  const value = formatRegistryToken(account, id, secret);
  return { value, kept: { hash: hashRegistryToken(value), derivation } };
}

/** The current value of a token. Throws `not-retrievable` for one whose secret was random. */
export async function rederiveValue(ports: ValuePorts, record: TokenRecord): Promise<Secret> {
  const { account, id, derivation } = record;
  if (derivation === null) throw new PullpassError('not-retrievable');
  const secret = await ports.derivation.derive(
    derivation.key,
    derivationMessage(account, id, derivation.salt),
  );
  const value = formatRegistryToken(account, id, secret);
  if (!timingSafeEqual(hashRegistryToken(value), record.hash)) {
    throw new Error(`the derivation key ${derivation.key} is not the one that token ${id} was made with`);
  }
  return value;
}
