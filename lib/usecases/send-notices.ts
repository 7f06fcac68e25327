/** Announces the end of tokens, and sends the events that are due: each until it was accepted, under the same id. */

import { accountHandle } from '../domain/identifiers.ts';
import { type CloudEvent, cloudEventOf, EXPIRY_NOTICES, expiryNoticesOf } from '../domain/notice.ts';
import { DAY_SECONDS, MINUTE_SECONDS, toRfc3339, toSeconds } from '../domain/time.ts';
import type { TokenRecord } from '../domain/token-record.ts';
import type { DueEntry, NoticeSink, Outbox, OutboxEntry } from '../ports/notices.ts';
import type { Clock, Log, Metrics } from '../ports/system.ts';

export interface NoticePorts {
  readonly outbox: Outbox;
  readonly sink: NoticeSink;
  /** `PULLPASS_URL`. */
  readonly publicUrl: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Milliseconds that this run may still take. */
  readonly remainingMs: () => number;
}

export interface NoticeCounts {
  readonly sent: number;
  readonly failed: number;
}

/** No request takes longer, so what has not happened by then will not. */
const ACT_SECONDS = 2 * MINUTE_SECONDS;

/** A receiver that is away for longer misses events. */
export const KEPT_SECONDS = 3 * DAY_SECONDS;

/** So many failures in a run mean that the receiver is away. */
const MAX_FAILURES = 3;

/** What one event may take, with its repetitions. */
const MARGIN_MS = 45_000;

/** Goes through what is due, oldest first, until all is sent, the receiver is away or the time is up. */
export async function sendNotices(ports: NoticePorts): Promise<NoticeCounts> {
  const { outbox, clock, remainingMs, metrics } = ports;
  const now = toSeconds(clock());
  const counts = { sent: 0, failed: 0 };
  let after: string | undefined;
  do {
    const page = await outbox.due(now, after);
    for (const entry of page.entries) {
      if (counts.failed >= MAX_FAILURES || remainingMs() < MARGIN_MS) return done(metrics, counts);
      const result = await handle(ports, entry, now);
      if (result !== undefined) counts[result]++;
    }
    after = page.next;
  } while (after !== undefined);
  return done(metrics, counts);
}

function done(metrics: Metrics, counts: NoticeCounts): NoticeCounts {
  if (counts.sent > 0) metrics.count('NoticesSent', counts.sent);
  if (counts.failed > 0) metrics.count('NoticesFailed', counts.failed);
  return counts;
}

async function handle(
  { outbox, sink, publicUrl, log }: NoticePorts,
  entry: DueEntry,
  now: number,
): Promise<'failed' | 'sent' | undefined> {
  if (entry.outcome === 'not-happened') {
    const mayStillHappen = entry.type !== 'token.expiring' && entry.dueAt > now - ACT_SECONDS;
    if (!mayStillHappen) await outbox.remove(entry);
    return undefined;
  }
  const event = entry.event ?? expiryEvent(entry, publicUrl);
  const about = {
    event: entry.type,
    eventId: entry.id,
    target: entry.token.id,
    accountHandle: entry.token.handle,
  };
  try {
    if (event !== undefined) await sink.send(event);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const isTooOld = entry.dueAt < now - KEPT_SECONDS;
    log.error(isTooOld ? 'notice-lost' : 'notice-failed', { ...about, reason });
    if (isTooOld) await outbox.remove(entry);
    return 'failed';
  }
  await outbox.remove(entry);
  log.info('notice-sent', about);
  return 'sent';
}

function expiryEvent({ id, record, dueAt }: DueEntry, publicUrl: string): CloudEvent | undefined {
  if (record === undefined || record.expiresAt === null) return undefined;
  const facts = { thresholdSeconds: record.expiresAt - dueAt };
  return cloudEventOf({ id, type: 'token.expiring', at: dueAt, token: record, facts }, publicUrl);
}

/** What ends later is not announced before the next pass. */
export const LONGEST_NOTICE_SECONDS = Math.max(...EXPIRY_NOTICES.beforeSeconds) + EXPIRY_NOTICES.aheadSeconds;

/** Schedules the announcements of these tokens' ends that are due before the next pass. */
export async function scheduleExpiryNotices(
  outbox: Pick<Outbox, 'schedule'>,
  tokens: readonly Pick<TokenRecord, 'account' | 'createdAt' | 'expiresAt' | 'id'>[],
  now: number,
): Promise<void> {
  const entries = tokens.flatMap(token =>
    expiryNoticesOf(token, { now, until: now + EXPIRY_NOTICES.aheadSeconds }).map((notice): OutboxEntry => {
      const expects = token.expiresAt ?? 0;
      return {
        id: `${token.id}-${toRfc3339(expects)}-${notice.beforeSeconds}`,
        type: 'token.expiring',
        token: { handle: accountHandle(token.account), id: token.id },
        dueAt: notice.dueAt,
        event: null,
        expects,
      };
    }),
  );
  if (entries.length > 0) await outbox.schedule(entries);
}
