/** What operators should look at, in the log: all there is on one machine, and a copy on AWS. */
import { noticeOf } from '../domain/hygiene.ts';
import type { Log } from '../ports.ts';
import type { Notices } from '../ports-cleanup.ts';

export function loggedNotices(log: Log): Notices {
  return {
    async publish(reports, at) {
      for (const report of reports) log.info('hygiene', noticeOf(report, at));
    },
  };
}
