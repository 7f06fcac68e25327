/** Structured log events: one JSON line each (docs/logs.md). */

import { noticeOf } from '../domain/hygiene.ts';
import type { AuditStore, Notices } from '../ports/stores.ts';
import { type Clock, type Log, MAX_LOG_TEXT } from '../ports/system.ts';

export interface LogOptions {
  /** Takes one line, without its end. */
  readonly write: (line: string) => void;
  readonly clock: Clock;
  /** The X-Ray header of the invocation, where there is one; Lambda sets another for each. */
  readonly traceHeader?: () => string | undefined;
}

type Level = 'ERROR' | 'INFO' | 'WARN';

type Fields = Readonly<Record<string, unknown>>;

export function structuredLog({ write, clock, traceHeader }: LogOptions): Log {
  const at = (level: Level) => (message: string, fields: Fields) => {
    const common = {
      level,
      message,
      timestamp: new Date(clock()).toISOString(),
      service: 'pullpass',
      sampling_rate: 0,
      xray_trace_id: traceIdIn(traceHeader?.()),
    };
    // Twice: no field of an event may replace a common one, and the common ones come first.
    write(JSON.stringify({ ...common, ...cut(fields), ...common }));
  };
  return { info: at('INFO'), warn: at('WARN'), error: at('ERROR') };
}

/** The log of what is audited. What could not be stored is not done, and therefore not logged. */
export function loggedAudit(store: AuditStore, log: Log): AuditStore {
  return {
    async record(event, nowMs) {
      await store.record(event, nowMs);
      const { handle: accountHandle, ...fields } = event;
      log.info('act', { ...fields, accountHandle });
    },
  };
}

export function loggedNotices(log: Log): Notices {
  return {
    async publish(reports, at) {
      for (const report of reports) log.info('hygiene', noticeOf(report, at));
    },
  };
}

/** The fields that say something, with their texts cut. */
function cut(fields: Fields): Fields {
  const known = Object.entries(fields).filter(
    ([, value]) => value !== undefined && value !== null && value !== '',
  );
  return Object.fromEntries(
    known.map(([name, value]) => [name, typeof value === 'string' ? value.slice(0, MAX_LOG_TEXT) : value]),
  );
}

/** `Root=1-5759e988-bd862e3fe1be46a994272793;Parent=…` names the trace by its root. */
function traceIdIn(header: string | undefined): string | undefined {
  return /(?:^|;)Root=([^;]+)/.exec(header ?? '')?.[1];
}
