/** What a store has acknowledged is there after every fault of disk and files, in every phase of a write, and after a power cut. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSqliteTable } from '../../lib/store/sqlite-table.ts';
import { imagesOf, readTrace } from './faults/power-cut.ts';
import { buildShim } from './faults/shim.ts';

const run = promisify(execFile);
const WRITER = join(import.meta.dirname, 'faults', 'put-items.ts');
/** Enough that SQLite moves its log into the database (1 000 pages) while the items are put. */
const ITEMS = 250;
const POWER_CUTS = 300;
const { ENOSPC, EDQUOT, EIO, EROFS, EMFILE } = constants.errno;

const FAULTS = {
  'no space left, on a write': ['write', ENOSPC],
  'quota exceeded, on a write': ['write', EDQUOT],
  'input/output error, on a write': ['write', EIO],
  'a file system that has become read-only, on a write': ['write', EROFS],
  'input/output error, on a sync': ['sync', EIO],
  'no space left, on a sync': ['sync', ENOSPC],
  'quota exceeded, on a sync': ['sync', EDQUOT],
  'input/output error, on a truncation': ['truncate', EIO],
  'input/output error, on a read': ['read', EIO],
  'input/output error, on opening a file': ['open', EIO],
  'too many open files': ['open', EMFILE],
  'input/output error, on deleting a file': ['unlink', EIO],
} as const;

let work = '';
let shim = '';
/** The item with which the log is moved into the database. */
let checkpoint = 0;

beforeAll(async () => {
  work = mkdtempSync(join(tmpdir(), 'pullpass-faults-'));
  shim = await buildShim(work);
  const { records } = await trace('phases');
  checkpoint = checkpointIn(records);
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

describe('acknowledged items are there after', () => {
  const phases = {
    'making the file': () => 'open',
    'the first item': () => '0',
    'an item': () => '100',
    'moving the log into the database': () => String(checkpoint),
    'the item after that': () => String(checkpoint + 1),
    closing: () => 'close',
  };
  for (const [fault, [call, errno]] of Object.entries(FAULTS)) {
    it.each(Object.entries(phases))(`${fault}, from %s on`, async (_, moment) => {
      for (const [nth, count] of [
        [1, 1],
        [2, 8],
      ]) {
        const outcome = await putItems(moment(), `${call}:${nth}:${count}:${errno}`);
        expect(outcome.missing, `${call} ${nth} ${count}`).toEqual([]);
        expect(outcome.acknowledged, `${call} ${nth} ${count}`).toBeGreaterThan(ITEMS / 2);
      }
    });
  }
});

it('opens the file anew after an error, before it acknowledges the next item', async () => {
  const directory = mkdtempSync(join(work, 'anew-'));
  const path = join(work, 'anew.trace');
  await write(directory, { armAt: '100', variables: { FAULT: `write:1:1:${EIO}`, FAULT_TRACE: path } });
  const closed = readTrace(readFileSync(path)).filter(
    ({ kind, path: file }) => kind === 'u' && file.endsWith('.db-wal'),
  );
  // Closing deletes the log: once after the error, once at the end.
  expect(closed).toHaveLength(2);
});

it('names the store and the cause when an item is refused', async () => {
  const { refused } = await putItems('100', `write:1:1:${EIO}`);
  expect(refused).toEqual([expect.stringMatching(/^100\tstore \/.*store\.db: disk I\/O error$/)]);
});

it(`has every acknowledged item after ${POWER_CUTS} power cuts that kept any part of what was not synced`, async () => {
  const { directory, records } = await trace('power');
  let acknowledgedBefore = 0;
  for (const image of imagesOf(records, { directory, cuts: POWER_CUTS })) {
    const at = join(work, 'image');
    rmSync(at, { recursive: true, force: true });
    mkdirSync(at);
    for (const [name, bytes] of image.files) writeFileSync(join(at, name), bytes);
    const acknowledged = image.acknowledged.trim().split('\n').filter(Boolean);
    acknowledgedBefore += acknowledged.length;
    if (acknowledged.length > 0) expect(await missing(join(at, 'store.db'), acknowledged)).toEqual([]);
  }
  expect(acknowledgedBefore).toBeGreaterThan(POWER_CUTS);
});

interface Outcome {
  readonly acknowledged: number;
  readonly refused: readonly string[];
  readonly missing: readonly string[];
}

async function putItems(armAt: string, fault: string): Promise<Outcome> {
  const directory = mkdtempSync(join(work, 'store-'));
  const output = await write(directory, { armAt, variables: { FAULT: fault } });
  const lines = output.split('\n').map(line => line.split('\t'));
  const said = (word: string) =>
    lines.filter(([first]) => first === word).map(([, ...rest]) => rest.join('\t'));
  const acknowledged = said('ack');
  const lost = await missing(join(directory, 'store.db'), acknowledged);
  rmSync(directory, { recursive: true });
  return { acknowledged: acknowledged.length, refused: said('refused'), missing: lost };
}

/** The changes of all files while items are put, each acknowledgement among them. */
async function trace(name: string) {
  const directory = mkdtempSync(join(work, `${name}-`));
  const path = join(work, `${name}.trace`);
  await write(directory, {
    armAt: 'never',
    ackFile: join(directory, 'acks'),
    variables: { FAULT_TRACE: path },
  });
  return { directory, records: readTrace(readFileSync(path)) };
}

interface Writing {
  readonly armAt: string;
  readonly ackFile?: string;
  readonly variables: Readonly<Record<string, string>>;
}

async function write(directory: string, { armAt, ackFile = '', variables }: Writing): Promise<string> {
  const armFile = `${directory}.arm`;
  writeFileSync(armFile, Uint8Array.of(0));
  const env = { ...process.env, LD_PRELOAD: shim, FAULT_DIR: directory, FAULT_ARM: armFile, ...variables };
  const args = [WRITER, join(directory, 'store.db'), String(ITEMS), armAt, armFile, ackFile];
  const { stdout } = await run(process.execPath, args, { env, maxBuffer: 1 << 24 });
  return stdout;
}

async function missing(path: string, acknowledged: readonly string[]): Promise<string[]> {
  const table = openSqliteTable(path);
  const found = await Promise.all(acknowledged.map(sk => table.get({ pk: 'pk', sk })));
  table.close();
  return acknowledged.filter((_, i) => found[i] === undefined);
}

/** The first item that was acknowledged after the database itself was written again. */
function checkpointIn(records: ReturnType<typeof readTrace>): number {
  const acks = records.findIndex(({ path }) => path.endsWith('/acks'));
  const moved = records.findIndex(({ kind, path }, i) => i > acks && kind === 'w' && path.endsWith('.db'));
  return records.slice(0, moved).filter(({ path }) => path.endsWith('/acks')).length;
}
