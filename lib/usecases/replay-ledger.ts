/** Replays the revocations of the ledger into a restored table, which is served from only afterwards. */
import type { Policy } from '../domain/policy.ts';
import {
  LEDGER_SECONDS,
  narrowClaim,
  narrowRules,
  narrowToken,
  type Revocation,
  type RevocationEntry,
  subjectOf,
} from '../domain/revocation.ts';
import { HOUR_SECONDS, toRfc3339, toSeconds } from '../domain/time.ts';
import type { Trust } from '../domain/trust.ts';
import type { Ledger, TableMarker } from '../ports/ledger.ts';
import type {
  AccountRulesStore,
  IdempotencyStore,
  NamespaceStore,
  NonceStore,
  RevokedCredentialStore,
  RuleStore,
  TokenStore,
} from '../ports/stores.ts';
import type { Clock } from '../ports/system.ts';
import { finishRequest, inParallel, retryOnConflict } from './acts.ts';

/** The stores without journaling: what is replayed is in the ledger already. */
interface ReplayStores {
  readonly tokens: TokenStore;
  readonly idempotency: IdempotencyStore;
  readonly namespaces: NamespaceStore;
  readonly policies: Pick<RuleStore<Policy>, 'remove'>;
  readonly trusts: Pick<RuleStore<Trust>, 'remove'>;
  readonly accountRules: AccountRulesStore;
  readonly revokedCredentials: RevokedCredentialStore;
  readonly nonces: NonceStore;
  readonly clock: Clock;
}

export interface ReplayPorts extends ReplayStores {
  readonly ledger: Pick<Ledger, 'entries'>;
  readonly identity: TableMarker;
  /** Milliseconds that this run may still take. */
  readonly remainingMs: () => number;
}

export interface ReplayRequest {
  /** Only reads the ledger, and counts. */
  readonly dryRun: boolean;
  /** Goes on although the ledger does not reach back to the moment that the table was restored to. */
  readonly acceptGap: boolean;
  /** Does not take the table's word that it is the ledger's. */
  readonly unsure: boolean;
}

export interface ReplayCounts {
  /** Entries read in this run, by their act. */
  readonly entries: Readonly<Record<string, number>>;
  /** Those of them that changed something. */
  readonly applied: number;
  /** False: the time was up; the next run goes on from there. */
  readonly finished: boolean;
  /** Whether the table may be served from now. */
  readonly served: boolean;
}

/** Entries about different things that are replayed at once. */
const WIDTH = 16;
/** Stops with this much time left, which is more than a page takes. */
const MARGIN_MS = 20_000;
/** Entries from shortly before the table was last in use are replayed too: clocks differ, and acts take time. */
const SLACK_MS = HOUR_SECONDS * 1000;

/** The ledger does not reach back to the moment that the table was restored to. */
class LedgerGap extends Error {
  override readonly name = 'LedgerGap';
}

/**
 * Replays the ledger page by page until its end or the deadline, and then makes the table the ledger's. May be killed
 * at any point and run again; a table that is in use is left alone. Throws LedgerGap when entries may be missing.
 */
export async function replayLedger(ports: ReplayPorts, request: ReplayRequest): Promise<ReplayCounts> {
  const { identity, clock } = ports;
  const isOurs = await identity.matches();
  if (isOurs && !request.dryRun && !request.unsure) {
    return { entries: {}, applied: 0, finished: true, served: true };
  }
  const sinceMs = await startOf(ports, request.acceptGap);
  const counts = await replayPages(ports, sinceMs, request.dryRun);
  if (request.dryRun || !counts.finished) return { ...counts, served: isOurs };
  await identity.adopt(clock());
  await identity.saveProgress(undefined);
  return { ...counts, served: true };
}

async function replayPages(
  { ledger, identity, clock, remainingMs, ...stores }: ReplayPorts,
  sinceMs: number,
  dryRun: boolean,
): Promise<Omit<ReplayCounts, 'served'>> {
  const entries: Record<string, number> = {};
  let applied = 0;
  let from = dryRun ? undefined : await identity.progress();
  do {
    const page = await ledger.entries({ sinceMs, nowMs: clock() }, from);
    for (const { act } of page.entries) entries[act] = (entries[act] ?? 0) + 1;
    from = page.next;
    if (dryRun) continue;
    applied += await applyAll({ ...stores, clock }, page.entries);
    if (from !== undefined) await identity.saveProgress(from);
  } while (from !== undefined && remainingMs() > MARGIN_MS);
  return { entries, applied, finished: from === undefined };
}

/** Where the replay begins. The table was in use later than all earlier entries, so it has them already. */
async function startOf({ identity, clock }: ReplayPorts, acceptGap: boolean): Promise<number> {
  const { usedAt, ledgerSince } = await identity.history();
  const nowMs = clock();
  const gap = gapBetween({ usedAt, ledgerSince, nowMs });
  if (gap !== undefined && !acceptGap) throw new LedgerGap(gap);
  // A use in the future says nothing about what the table has, so everything is replayed.
  return usedAt === undefined || isFuture(usedAt, nowMs) ? 0 : usedAt - SLACK_MS;
}

interface History {
  readonly usedAt: number | undefined;
  readonly ledgerSince: number | undefined;
  readonly nowMs: number;
}

function isFuture(ms: number, nowMs: number): boolean {
  return ms > nowMs + SLACK_MS;
}

/** What was taken away after the table was last in use, and before the ledger's oldest entry, would come back. */
function gapBetween({ usedAt, ledgerSince, nowMs }: History): string | undefined {
  if (usedAt === undefined) return 'The table does not say when it was last in use.';
  if (isFuture(usedAt, nowMs)) {
    const [used, now] = [usedAt, nowMs].map(ms => toRfc3339(toSeconds(ms)));
    return `The table was last in use at ${used}, and it is ${now} now: check the clock.`;
  }
  if (ledgerSince === undefined)
    return 'The ledger is new: what was removed before it began would come back.';
  const since = Math.max(ledgerSince, nowMs - LEDGER_SECONDS * 1000);
  if (usedAt >= since) return undefined;
  const [used, begins] = [usedAt, since].map(ms => toRfc3339(toSeconds(ms)));
  return `The table was last in use at ${used}, and the ledger begins at ${begins}: what was removed in between would come back.`;
}

/** Entries about one thing follow each other; how many changed something. */
async function applyAll(ports: ReplayStores, entries: readonly RevocationEntry[]): Promise<number> {
  const bySubject = [...Map.groupBy(entries, subjectOf).values()];
  let applied = 0;
  const work = async (group: readonly RevocationEntry[]) => {
    for (const entry of group) if (await apply(ports, entry)) applied++;
  };
  await inParallel(bySubject, { width: WIDTH, work });
  return applied;
}

/** Whether it changed something. */
async function apply(ports: ReplayStores, entry: RevocationEntry): Promise<boolean> {
  const now = toSeconds(ports.clock());
  switch (entry.act) {
    case 'narrow-token':
    case 'remove-token':
      return retryOnConflict(() => applyToToken(ports, entry, now));
    case 'write-claim':
      return retryOnConflict(async () => {
        const claim = await ports.namespaces.claim(entry.claim.name);
        const after = narrowClaim(claim, entry.claim);
        if (after === claim) return false;
        return (await ports.namespaces.writeClaim(claim, after)) || undefined;
      });
    case 'remove-policy':
      return ports.policies.remove(entry.account, entry.rule, now);
    case 'remove-trust':
      return ports.trusts.remove(entry.account, entry.rule, now);
    case 'narrow-rules':
      return retryOnConflict(async () => {
        const record = await ports.accountRules.get(entry.account);
        const after = narrowRules(record, entry);
        if (after === record) return false;
        return (await ports.accountRules.write(record, after)) || undefined;
      });
    case 'end-credential':
      if (entry.expiresAt > now) await ports.revokedCredentials.revoke(entry, entry.expiresAt);
      return entry.expiresAt > now;
    case 'spend-proof':
      return entry.expiresAt > now && ports.nonces.consume(entry.mark, entry.expiresAt);
  }
}

async function applyToToken(
  { tokens, idempotency }: ReplayStores,
  entry: Extract<Revocation, { token: object }>,
  now: number,
): Promise<boolean | undefined> {
  const { account, id, version } = entry.token;
  const record = await tokens.get(account, id, now);
  if (record === undefined) {
    // A token that the table has lost stays so: a repeated request would add it anew, enabled and with all its rights.
    await tokens.addTombstone(account, id, now);
    return false;
  }
  const after = entry.act === 'narrow-token' ? narrowToken(record, version, entry.left) : undefined;
  if (after === record || (after === undefined && version < record.version)) return false;
  await finishRequest({ idempotency }, record);
  const isDone = await (after === undefined ? tokens.remove(record, now) : tokens.update(record, after, now));
  return isDone || undefined;
}
