import { eventNotices } from '../aws/events.ts';
import { type Config, readConfig } from '../config/config.ts';
import { DAY_SECONDS } from '../domain/time.ts';
import type { Notices } from '../ports/cleanup.ts';
import type { Log, Metrics } from '../ports/system.ts';
import { expiryStore } from '../store/expiry-store.ts';
import { loggedNotices, structuredLog } from '../telemetry/log.ts';
import { type CleanupCounts, cleanUp } from '../usecases/clean-up.ts';
import { tableGuard } from '../usecases/table-guard.ts';
import { composeAws } from './aws.ts';
import { composeDynamo, DYNAMO_SETTINGS } from './dynamo.ts';
import { composeTableMarker, TABLE_SETTINGS } from './identity.ts';
import { composeMetrics } from './metrics.ts';
import { clock, write } from './system.ts';

const SETTINGS = [...DYNAMO_SETTINGS, ...TABLE_SETTINGS, 'stage', 'unusedDays', 'eventBus'] as const;

export interface CleanupRun {
  /** Whether to begin a pass where none has stopped in the middle. */
  readonly whole: boolean;
  /** Milliseconds that it may still take. */
  readonly remainingMs: () => number;
}

export interface Cleanup {
  readonly run: (run: CleanupRun) => Promise<CleanupCounts>;
  readonly log: Log;
  readonly metrics: Metrics;
}

export function composeCleanup(): Cleanup {
  const config = readConfig(SETTINGS);
  const { table, unusedDays } = config;
  const log = structuredLog({ write, clock });
  const metrics = composeMetrics(config);
  const expiry = expiryStore({ call: composeDynamo(config, metrics), table });
  const notices = composeNotices(config, log);
  const ports = { expiry, notices, metrics, clock, unusedSeconds: unusedDays * DAY_SECONDS };
  const identity = composeTableMarker(config, metrics);
  const assertOurs = tableGuard({ identity, clock });
  const run = async ({ whole, remainingMs }: CleanupRun) => {
    // The marks of what was removed must not be cleaned up before the ledger has put them back.
    await assertOurs();
    await identity.heartbeat(clock());
    return cleanUp({ ...ports, remainingMs }, { whole });
  };
  return { run, log, metrics };
}

/** To the log first: what the bus refuses is tried again, and must be found nevertheless. */
function composeNotices({ eventBus: bus, region }: Config<'eventBus' | 'region'>, log: Log): Notices {
  const logged = loggedNotices(log);
  if (bus === undefined) return logged;
  const sent = eventNotices({ call: composeAws('eventBridge', region), bus });
  return {
    async publish(reports, at) {
      await logged.publish(reports, at);
      await sent.publish(reports, at);
    },
  };
}
