/** Lists, reads, changes and removes the registry tokens of an account. */

import { factsOf } from '../domain/account-rules.ts';
import { PullpassError } from '../domain/errors.ts';
import { type Account, isUuid } from '../domain/identifiers.ts';
import type { Secret } from '../domain/secret.ts';
import { toSeconds } from '../domain/time.ts';
import { isListed, type TokenFilter } from '../domain/token-filter.ts';
import { patchToken, type TokenPatch, type TokenRecord } from '../domain/token-record.ts';
import type { IdempotencyStore, TokenNameStore, TokenStore } from '../ports/stores.ts';
import { type RulesPorts, requireWithin, rulesOf } from './account-rules.ts';
import { type Actor, type AuditPorts, finishRequest, recordAct, retryOnConflict } from './acts.ts';
import { rederiveValue, type ValuePorts } from './secret-values.ts';

export interface TokenPorts extends AuditPorts, RulesPorts, ValuePorts {
  readonly tokens: TokenStore;
  readonly names: TokenNameStore;
  readonly idempotency: IdempotencyStore;
  /** Whether this deployment shows a token's value again. */
  readonly valueRetrieval: boolean;
}

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
  readonly filter?: TokenFilter;
}

/** Reads of the store for one page: an account with masses of expired tokens gets shorter pages, not slower ones. */
const MAX_READS = 10;
/** What one page examines where there is a filter: it may come with few tokens, or none. */
const MAX_EXAMINED = 500;
const FILTERED_READ = 100;

/**
 * A page of unexpired tokens, newest first; `next` is the `after` of the next page. One more than the page holds is
 * read, so that the last page is known to be the last.
 */
export async function listTokens(
  { tokens, clock }: Pick<TokenPorts, 'tokens' | 'clock'>,
  { account, limit, after, filter = {} }: TokenPageRequest,
): Promise<{ records: TokenRecord[]; next: string | undefined }> {
  const now = toSeconds(clock());
  const { id: idPrefix, ...rest } = filter;
  const isFiltered = Object.keys(rest).length > 0;
  const found: TokenRecord[] = [];
  let next = after;
  const maxReads = isFiltered ? MAX_EXAMINED / FILTERED_READ : MAX_READS;
  for (let reads = 0; reads < maxReads && found.length <= limit; reads++) {
    const size = isFiltered ? FILTERED_READ : limit + 1 - found.length;
    const page = await tokens.list(account, { limit: size, after: next, now, idPrefix });
    found.push(...page.records.filter(record => isListed(record, filter, now)));
    next = page.next;
    if (next === undefined) break;
  }
  if (found.length <= limit) return { records: found, next };
  const records = found.slice(0, limit);
  return { records, next: records.at(-1)?.id };
}

/** The value of a token. Throws `forbidden` for a weak assertion, `not-retrievable` or `token-disabled`. */
export async function retrieveValue(ports: TokenPorts, actor: Actor, id: string): Promise<Secret> {
  const record = await findToken(ports, actor.account, id);
  if (actor.strength === 'weak') {
    throw new PullpassError('forbidden', {
      detail: 'A proof that other services could replay cannot read values.',
    });
  }
  if (!ports.valueRetrieval) {
    throw new PullpassError('not-retrievable', { detail: 'This deployment does not show values again.' });
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
  const { owner, networks } = patch;
  const rules = await rulesOf(ports, actor.account);
  requireWithin({ expiresInSeconds, owner, networks }, rules);
  return retryOnConflict(async () => {
    const before = await findToken(ports, actor.account, id);
    const now = toSeconds(ports.clock());
    const expiresAt = typeof expiresInSeconds === 'number' ? now + expiresInSeconds : expiresInSeconds;
    const after = patchToken(before, { ...patch, expiresAt }, { now, by: actor.subject });
    // It could not be made as it is; while it is disabled, it may stay so.
    if (before.disabled !== null && after.disabled === null) requireWithin(factsOf(after, now), rules);
    return writeChange(ports, actor, { before, after, now });
  });
}

/** The record after the change that it is about; undefined: another writer was faster. */
export async function writeChange(
  ports: TokenPorts,
  actor: Actor,
  { before, after, now }: { readonly before: TokenRecord; readonly after: TokenRecord; readonly now: number },
): Promise<TokenRecord | undefined> {
  const { account, name } = after;
  await recordAct(ports, actor, { act: 'change-token', target: after.id });
  await finishRequest(ports, before);
  if (name !== null && after.expiresAt !== before.expiresAt) await ports.names.extend(account, name, after);
  return (await ports.tokens.update(before, after, now)) ? after : undefined;
}

/** Removes the token: no login succeeds afterwards, and its value can never be derived again. */
export async function removeToken(ports: TokenPorts, actor: Actor, id: string): Promise<void> {
  await retryOnConflict(async () => {
    const record = await findToken(ports, actor.account, id);
    await recordAct(ports, actor, { act: 'remove-token', target: id });
    await finishRequest(ports, record);
    if (!(await ports.tokens.remove(record, toSeconds(ports.clock())))) return undefined;
    // The token is removed, also if this fails: the next caller that wants the name finds that its token is gone.
    if (record.name !== null) await ports.names.free(record.account, record.name, id).catch(() => undefined);
    return true;
  });
}
