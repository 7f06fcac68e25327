/** Where the cleanup stopped, as an item. */
import type { Checkpoint, HygieneReport } from '../ports-cleanup.ts';
import { asInteger, asText, type Item, integer, readOrNull, text } from './attributes.ts';

/** The attributes of a checkpoint; what is undefined is absent. */
export function toCheckpointItem({ cursor, report, reportedAt }: Checkpoint): Item {
  return {
    ...(cursor === undefined ? {} : { cursor: text(cursor) }),
    ...(report === undefined ? {} : { report: text(JSON.stringify(report)) }),
    ...(reportedAt === undefined ? {} : { reportedAt: integer(reportedAt) }),
  };
}

/** The checkpoint in an item; an empty one is that of a table that was never gone through. */
export function fromCheckpointItem(item: Item): Checkpoint {
  const report = readOrNull(item, 'report', asText);
  return {
    cursor: readOrNull(item, 'cursor', asText) ?? undefined,
    report: report === null ? undefined : (JSON.parse(report) as HygieneReport),
    reportedAt: readOrNull(item, 'reportedAt', asInteger) ?? undefined,
  };
}
