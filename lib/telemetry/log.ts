/** Structured log events, one JSON line each, on standard output. */

import { Logger } from '@aws-lambda-powertools/logger';
import { noticeOf } from '../domain/hygiene.ts';
import type { Notices } from '../ports/cleanup.ts';
import type { AuditStore } from '../ports/stores.ts';
import type { Log } from '../ports/system.ts';

/** Stores first: what could not be stored is not done, and not told of. */
export function loggedAudit(store: AuditStore, log: Log): AuditStore {
  return {
    async record(event, nowMs) {
      await store.record(event, nowMs);
      const { handle: accountHandle, ...told } = event;
      log.info('act', { ...told, accountHandle });
    },
  };
}

/** What a caller wrote is cut here: a log line is no place to store things. */
const MAX_TEXT = 1024;

export function structuredLog(): Log {
  const logger = new Logger({ serviceName: 'pullpass' });
  const write = (level: 'info' | 'warn' | 'error'): Log['info'] => {
    return (event, fields) => logger[level](event, bounded(fields));
  };
  return { info: write('info'), warn: write('warn'), error: write('error') };
}

function bounded(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      typeof value === 'string' ? value.slice(0, MAX_TEXT) : value,
    ]),
  );
}

export function loggedNotices(log: Log): Notices {
  return {
    async publish(reports, at) {
      for (const report of reports) log.info('hygiene', noticeOf(report, at));
    },
  };
}
