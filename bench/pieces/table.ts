/**
 * P11: the SQLite table against statements written by hand for one item: what the port costs. Each put changes its item: SQLite writes
 * and syncs nothing where a row stays as it was.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { compare } from '../../lib/ports/table.ts';
import { openSqliteTable } from '../../lib/store/sqlite-table.ts';
import { type Row, row } from '../support/row.ts';
import { median } from '../support/statistics.ts';

const ITEMS = 10_000;
const ROUNDS = 15;
const GETS = 5_000;
const PUTS = 500;

/** An item of the size of a token. */
const ATTRIBUTES = {
  account: 'dev:dev',
  id: '01a21ff0-4954-74a3-b2ab-1f03b4a2bcd2',
  hash: Buffer.alloc(32, 7),
  salt: Buffer.alloc(16, 7),
  derivationKey: 'k1',
  generation: 1,
  access: 'push',
  repositories: ['team-a/*'],
  description: '',
  createdAt: 1_795_832_173,
  createdBy: 'dev:administrator',
  version: 1,
} as const;

type Call = (index: number) => unknown;

/** Microseconds for a call of each, and the ratio of the first to the second: medians of rounds in turn. */
async function inTurn(calls: number, ours: Call, byHand: Call) {
  const rounds: { ours: number; hand: number }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    rounds.push({ ours: await micros(calls, ours), hand: await micros(calls, byHand) });
  }
  return {
    ours: median(rounds.map(each => each.ours)),
    hand: median(rounds.map(each => each.hand)),
    ratio: median(rounds.map(each => each.ours / each.hand)),
  };
}

async function micros(calls: number, call: Call): Promise<number> {
  const begun = performance.now();
  for (let index = 0; index < calls; index++) await call(index);
  return ((performance.now() - begun) * 1000) / calls;
}

let time = 1_795_832_173;
const nextTime = () => ++time;

const keyOf = (index: number) => ({ pk: 'account#bench', sk: `token#${(index * 7919) % ITEMS}` });

export async function* table(): AsyncGenerator<Row> {
  const directory = await mkdtemp(join(tmpdir(), 'pullpass-bench-'));
  const ours = openSqliteTable(join(directory, 'ours.db'));
  ours.putAll(Array.from({ length: ITEMS }, (_, index) => ({ ...keyOf(index), ...ATTRIBUTES })));
  const hand = byHand(join(directory, 'hand.db'));
  const reads = await inTurn(
    GETS,
    index => ours.get(keyOf(index)),
    index => hand.get(keyOf(index).sk),
  );
  const isFirst = compare('version', '=', 1);
  const writes = await inTurn(
    PUTS,
    index => ours.put({ ...keyOf(index), ...ATTRIBUTES, lastUsedAt: nextTime() }, isFirst),
    index => hand.put(keyOf(index).sk, JSON.stringify({ ...ATTRIBUTES, lastUsedAt: nextTime() })),
  );
  ours.close();
  hand.close();
  await rm(directory, { recursive: true });
  const micro = { unit: 'µs', digits: 1 } as const;
  yield row('', 'SQLite: a read of an item', { value: reads.ours, ...micro });
  yield row('', 'the same by a statement that answers the JSON unparsed', { value: reads.hand, ...micro });
  yield row('', 'SQLite: a conditional put, on the disk', { value: writes.ours, ...micro });
  yield row('', 'the same by one statement with the condition in SQL', { value: writes.hand, ...micro });
  yield row('P11', "a synced write to SQLite's own", { value: writes.ratio, atMost: 2 });
}

function byHand(path: string) {
  const database = new DatabaseSync(path);
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
  database.exec(
    'CREATE TABLE item (sk TEXT PRIMARY KEY, version INTEGER, attributes TEXT) STRICT, WITHOUT ROWID',
  );
  const json = JSON.stringify(ATTRIBUTES);
  const insert = database.prepare('INSERT INTO item VALUES (?, 1, ?)');
  database.exec('BEGIN');
  for (let index = 0; index < ITEMS; index++) insert.run(keyOf(index).sk, json);
  database.exec('COMMIT');
  const select = database.prepare('SELECT attributes FROM item WHERE sk = ?');
  const update = database.prepare('UPDATE item SET attributes = ? WHERE sk = ? AND version = 1');
  return {
    get: (sk: string) => select.get(sk),
    put: (sk: string, attributes: string) => update.run(attributes, sk),
    close: () => database.close(),
  };
}
