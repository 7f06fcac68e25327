/** The cleanup function. */

import { withHealth } from '../api/health.ts';
import { eventNotices } from '../aws/reports.ts';
import { DAY_SECONDS } from '../domain/time.ts';
import { otherEvent, refuseEvent, SCHEDULED } from '../http/event.ts';
import type { HttpResult } from '../http/request.ts';
import type { Notices } from '../ports/stores.ts';
import { expiryStore } from '../store/expiry-store.ts';
import { outboxStore } from '../store/outbox-store.ts';
import { loggedNotices } from '../telemetry/log.ts';
import {
  CLEANUP_GRACE_SECONDS,
  type CleanupCounts,
  cleanUp,
  TTL_GRACE_SECONDS,
} from '../usecases/clean-up.ts';
import { type NoticeCounts, sendNotices } from '../usecases/send-notices.ts';
import { tableGuard } from '../usecases/table-guard.ts';
import { NOTICE_SETTINGS, openNoticeSink } from './notices.ts';
import { openParts, type Parts, type World } from './parts.ts';
import { openTable, openTableMarker, TABLE_SETTINGS } from './resources.ts';

/** A second schedule says `continue`: it goes on where a pass has run out of time, and does nothing else. */
export interface CleanupEvent {
  readonly continue?: unknown;
  /** A third says `notices`: it sends the events that wait, and does nothing else. */
  readonly notices?: unknown;
}

export interface CleanupContext {
  readonly awsRequestId: string;
  getRemainingTimeInMillis(): number;
}

/** Removes what has expired; answers how many records were removed, and whether the time was enough. */
export type Cleanup = (
  event: CleanupEvent | null | undefined,
  context: CleanupContext,
) => Promise<CleanupCounts | HttpResult | NoticeCounts>;

export function createCleanup(world: World): Cleanup {
  const parts = openParts(world, ['unusedDays', ...NOTICE_SETTINGS, ...TABLE_SETTINGS]);
  const { config, clock, log, metrics } = parts;
  const marker = openTableMarker(parts, 'attested');
  const assertOurs = tableGuard({ identity: marker, clock });
  const table = openTable(parts);
  const sink = openNoticeSink(parts);
  const outbox = outboxStore({ table });
  const ports = {
    expiry: expiryStore({ table }),
    notices: openNotices(parts),
    ...(sink === undefined ? {} : { outbox }),
    metrics,
    clock,
    // A deployment on AWS has both in DynamoDB, whose time to live costs nothing, where each of our deletes is a paid write.
    graceSeconds: config.ledger.kind === 'file' ? CLEANUP_GRACE_SECONDS : TTL_GRACE_SECONDS,
    unusedSeconds: config.unusedDays * DAY_SECONDS,
  };
  const handler: Cleanup = async (event, context) => {
    const { awsRequestId: requestId } = context;
    const other = otherEvent(event);
    // A schedule without an input, as that of the daily pass.
    if (other !== undefined && other !== SCHEDULED) return refuseEvent(other, requestId, log);
    const remainingMs = () => context.getRemainingTimeInMillis();
    try {
      // The tombstones of removed tokens must not be cleaned up before the ledger has put them back.
      await assertOurs();
      if (event?.notices === true) {
        if (sink === undefined) return { sent: 0, failed: 0 };
        return await sendNotices({ outbox, sink, publicUrl: config.url, clock, log, metrics, remainingMs });
      }
      await marker.heartbeat(clock());
      const counts = await cleanUp({ ...ports, remainingMs }, { whole: event?.continue !== true });
      // An idle process would log this every ten minutes.
      if (counts.removed > 0 || !counts.finished) log.info('cleaned-up', { requestId, ...counts });
      return counts;
    } finally {
      metrics.flush({ requestId });
    }
  };
  return withHealth(handler, { table: assertOurs });
}

/** To the log first: it has the report also when the bus refuses it, and the next run tries again. */
function openNotices({ config: { eventBus: bus }, aws, log }: Parts<'eventBus'>): Notices {
  const logged = loggedNotices(log);
  if (bus === undefined) return logged;
  const sent = eventNotices({ call: aws('eventBridge'), bus });
  return {
    async publish(reports, at) {
      await logged.publish(reports, at);
      await sent.publish(reports, at);
    },
  };
}
