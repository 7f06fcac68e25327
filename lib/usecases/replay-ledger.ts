/** Tells a restored table what was taken away since the moment that it was restored to; only then is it served from. */
import {
  LEDGER_SECONDS,
  type LedgerEntry,
  type Loss,
  narrowClaim,
  narrowToken,
  subjectOf,
} from '../domain/loss.ts';
import type { Policy } from '../domain/policy.ts';
import { toRfc3339, toSeconds } from '../domain/time.ts';
import type { Trust } from '../domain/trust.ts';
import type {
  Clock,
  EndedCredentialStore,
  NamespaceStore,
  ProofStore,
  RuleStore,
  TokenStore,
} from '../ports.ts';
import type { Ledger, TableIdentity } from '../ports-ledger.ts';
import { untilWon } from './retry.ts';

export interface ReplayPorts {
  readonly ledger: Pick<Ledger, 'entries'>;
  readonly identity: TableIdentity;
  readonly tokens: TokenStore;
  readonly namespaces: NamespaceStore;
  readonly policies: Pick<RuleStore<Policy>, 'remove'>;
  readonly trusts: Pick<RuleStore<Trust>, 'remove'>;
  readonly ended: EndedCredentialStore;
  readonly proofs: ProofStore;
  readonly clock: Clock;
  /** Milliseconds that this run may still take. */
  readonly remainingMs: () => number;
}

export interface ReplayRequest {
  /** Only reads the ledger, and counts. */
  readonly dryRun: boolean;
  /** Goes on although the ledger does not reach back to the moment that the table was restored to. */
  readonly acceptGap: boolean;
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

/**
 * Replays the ledger page by page until its end or the deadline, and then makes the table the ledger's. May be killed
 * at any point and run again; a table that is in use is left alone. Throws LedgerGap when entries may
 * be missing.
 */
export async function replayLedger(ports: ReplayPorts, request: ReplayRequest): Promise<ReplayCounts> {
  const { identity, clock, remainingMs } = ports;
  const entries: Record<string, number> = {};
  let applied = 0;
  const served = await identity.isOurs();
  if (served && !request.dryRun) return { entries, applied, finished: true, served };
  if (!request.acceptGap) await checkReach(ports);
  let from = request.dryRun ? undefined : await identity.progress();
  do {
    const page = await ports.ledger.entries(clock(), from);
    for (const { act } of page.entries) entries[act] = (entries[act] ?? 0) + 1;
    from = page.next;
    if (request.dryRun) continue;
    applied += await applyAll(ports, page.entries);
    if (from !== undefined) await identity.saveProgress(from);
  } while (from !== undefined && remainingMs() > MARGIN_MS);
  const finished = from === undefined;
  if (request.dryRun || !finished) return { entries, applied, finished, served };
  await identity.adopt(clock());
  await identity.saveProgress(undefined);
  return { entries, applied, finished, served: true };
}

/** The ledger does not reach back to the moment that the table was restored to. */
class LedgerGap extends Error {
  override readonly name = 'LedgerGap';
}

/** What was taken away after the table was last in use, and before the ledger's beginning, would come back. */
async function checkReach({ identity, clock }: ReplayPorts): Promise<void> {
  const { usedAt, ledgerSince } = await identity.history();
  if (usedAt === undefined) throw new LedgerGap('The table does not say when it was last in use.');
  if (ledgerSince === undefined)
    throw new LedgerGap('The ledger is new: what was removed before would come back.');
  const since = Math.max(ledgerSince, clock() - LEDGER_SECONDS * 1000);
  if (usedAt >= since) return;
  const [used, kept] = [usedAt, since].map(ms => toRfc3339(toSeconds(ms)));
  throw new LedgerGap(
    `The table was last in use at ${used}, and the ledger begins at ${kept}: what was removed in between would come back.`,
  );
}

/** Entries about one thing follow each other; how many changed something. */
async function applyAll(ports: ReplayPorts, entries: readonly LedgerEntry[]): Promise<number> {
  const bySubject = [...Map.groupBy(entries, subjectOf).values()];
  let applied = 0;
  const worker = async () => {
    for (let group = bySubject.pop(); group !== undefined; group = bySubject.pop()) {
      for (const entry of group) if (await apply(ports, entry)) applied++;
    }
  };
  await Promise.all(Array.from({ length: WIDTH }, worker));
  return applied;
}

/** Whether it changed something. Carried out by the stores themselves: what is replayed is in the ledger already. */
async function apply(ports: ReplayPorts, entry: LedgerEntry): Promise<boolean> {
  const now = toSeconds(ports.clock());
  switch (entry.act) {
    case 'narrow-token':
    case 'remove-token':
      return untilWon(() => applyToToken(ports, entry, now));
    case 'write-claim':
      return untilWon(async () => {
        const claim = await ports.namespaces.claim(entry.claim.name);
        const after = narrowClaim(claim, entry.claim);
        if (after === claim) return false;
        return (await ports.namespaces.writeClaim(claim, after)) || undefined;
      });
    case 'remove-policy':
      return ports.policies.remove(entry.account, entry.rule);
    case 'remove-trust':
      return ports.trusts.remove(entry.account, entry.rule);
    case 'end-credential':
      if (entry.expiresAt > now) await ports.ended.end(entry, entry.expiresAt);
      return entry.expiresAt > now;
    case 'spend-proof':
      return entry.expiresAt > now && ports.proofs.spend(entry.mark, entry.expiresAt);
  }
}

async function applyToToken(
  { tokens }: ReplayPorts,
  entry: Extract<Loss, { token: object }>,
  now: number,
): Promise<boolean | undefined> {
  const { account, id, version } = entry.token;
  const record = await tokens.get(account, id, now);
  if (record === undefined) {
    // A token that the table has lost stays so: a repeated request would add it anew, enabled and with all its rights.
    await tokens.bury(account, id, now);
    return false;
  }
  if (entry.act === 'remove-token') {
    return version < record.version ? false : (await tokens.remove(record, now)) || undefined;
  }
  const after = narrowToken(record, version, entry.left);
  if (after === record) return false;
  return (await tokens.update(record, after, now)) || undefined;
}
