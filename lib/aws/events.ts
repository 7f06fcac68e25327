/** Hygiene reports as events on an EventBridge bus, one for each account. */

import { type AccountReport, noticeOf } from '../domain/hygiene.ts';
import type { Notices } from '../ports/stores.ts';
import type { AwsCall } from './client.ts';

/** Rules match on this. */
export const SOURCE = 'pullpass';

export const DETAIL_TYPE = 'pullpass.hygiene';

/** The most that one PutEvents takes; ten notices are far smaller than its limit of 256 KB. */
export const MAX_ENTRIES = 10;

/** The bus may take some entries of a call and not the others. */
const ATTEMPTS = 3;

export interface EventNoticesOptions {
  readonly call: AwsCall;
  /** The name of the bus. */
  readonly bus: string;
}

interface PutEventsAnswer {
  readonly FailedEntryCount?: number;
  readonly Entries?: readonly { readonly ErrorCode?: string }[];
}

/** `publish` throws unless the bus has accepted every notice; the accepted ones may then be sent again. */
export function eventNotices({ call, bus }: EventNoticesOptions): Notices {
  return {
    async publish(reports, at) {
      for (let from = 0; from < reports.length; from += MAX_ENTRIES) {
        await put(
          call,
          reports.slice(from, from + MAX_ENTRIES).map(report => entryOf(report, at, bus)),
        );
      }
    },
  };
}

async function put(call: AwsCall, entries: readonly object[]): Promise<void> {
  let left = entries;
  for (let attempts = 1; left.length > 0; attempts++) {
    const answer = (await call('PutEvents', { Entries: left })) as PutEventsAnswer;
    const results = answer.Entries ?? [];
    const failed = left.filter((_, i) => results[i]?.ErrorCode !== undefined);
    if (failed.length > 0 && attempts === ATTEMPTS) {
      const codes = new Set(results.map(({ ErrorCode }) => ErrorCode).filter(code => code !== undefined));
      throw new Error(`the event bus refused ${failed.length} notices: ${[...codes].join(' ')}`);
    }
    left = failed;
  }
}

function entryOf(report: AccountReport, at: number, bus: string): object {
  return {
    Source: SOURCE,
    DetailType: DETAIL_TYPE,
    Detail: JSON.stringify(noticeOf(report, at)),
    EventBusName: bus,
    Time: at,
  };
}
