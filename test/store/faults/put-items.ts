/**
 * The process to which faults happen: puts items into a store, and says on the standard output which were acknowledged.
 * Arguments: the store, the items to put, the item before which faults begin (`open`, `close`, or its number), the file
 * that arms them, and a file for acknowledgements beside the store (or none).
 */
import { appendFileSync, writeFileSync } from 'node:fs';
import { openSqliteTable, type SqliteTable } from '../../../lib/store/sqlite-table.ts';

const [path = '', count = '0', armAt = '', armFile = '', ackFile = ''] = process.argv.slice(2);
const ATTEMPTS = 50;
const PADDING = 'x'.repeat(12_000);

function arm(moment: string): void {
  if (moment === armAt) writeFileSync(armFile, Uint8Array.of(1), { flag: 'r+' });
}

function say(word: string, text: string): void {
  process.stdout.write(`${word}\t${text}\n`);
}

function open(): SqliteTable {
  for (let attempt = 1; ; attempt++) {
    try {
      return openSqliteTable(path, { recoverAfterMs: 0 });
    } catch (error) {
      say('closed', String(error));
      if (attempt === ATTEMPTS) process.exit(2);
    }
  }
}

arm('open');
const table = open();
for (let i = 0; i < Number(count); i++) {
  arm(String(i));
  try {
    await table.put({ pk: 'pk', sk: String(i), padding: PADDING });
    say('ack', String(i));
    if (ackFile !== '') appendFileSync(ackFile, `${i}\n`);
  } catch (error) {
    const { details } = error as { details?: { reason?: string } };
    say('refused', `${i}\t${details?.reason ?? String(error)}`);
  }
}
arm('close');
try {
  table.close();
} catch (error) {
  say('refused', `close\t${String(error)}`);
}
