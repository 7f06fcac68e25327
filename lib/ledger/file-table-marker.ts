/**
 * The table's marker on one machine: every start and every stop gives the table a new name, which the table and the
 * ledger's directory both store. A copy of the store has the name of the time at which it was made.
 */
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as v from 'valibot';
import { replaceFile } from '../files/atomic-file.ts';
import type { TableMarker } from '../ports/ledger.ts';
import type { RandomBytes } from '../ports/system.ts';
import type { Table } from '../ports/table.ts';
import * as items from './marker-items.ts';

export interface FileTableMarkerOptions {
  readonly table: Table;
  /** The ledger's directory. */
  readonly directory: string;
  readonly randomBytes: RandomBytes;
}

export interface FileTableMarker extends TableMarker {
  /** At the end of the process, which does nothing more to the table. */
  leave(nowMs: number): Promise<void>;
}

const NAME_BYTES = 16;

const Register = v.strictObject({
  /** The names that the table may have; null: none, until the first start is finished. */
  names: v.array(v.nullable(v.string())),
  /** When the ledger began, in milliseconds since 1970. */
  since: v.pipe(v.number(), v.safeInteger()),
  /** Whether a process uses the table, or ended suddenly: a copy made meanwhile has the same name. */
  working: v.boolean(),
});

type Register = v.InferOutput<typeof Register>;

/** Every method throws when the table or the directory does not answer. */
export function fileTableMarker({ table, directory, randomBytes }: FileTableMarkerOptions): FileTableMarker {
  const path = join(directory, 'table.json');
  const look = async () => {
    const [register, { id }] = await Promise.all([read(path), items.readMarker(table)]);
    return { register, id, isKnown: register?.names.includes(id ?? null) === true };
  };
  /** While the table is written both names are valid: whenever the process ends, the table has one of them. */
  const rename = async (nowMs: number, working: boolean) => {
    const { register, id } = await look();
    const name = Buffer.from(randomBytes(NAME_BYTES)).toString('base64url');
    const since = register?.since ?? nowMs;
    await write(path, { names: [id ?? null, name], since, working: register?.working ?? false });
    await items.writeMarker(table, { id: name, usedAt: nowMs });
    await write(path, { names: [name], since, working });
  };
  return {
    matches: async () => {
      const { id, isKnown } = await look();
      return id !== undefined && isKnown;
    },
    initialise: async nowMs => {
      const { register, id, isKnown } = await look();
      const isFirst = register === undefined && id === undefined && (await items.isEmpty(table));
      if (!isFirst && !isKnown) return 'differs';
      if (register?.working === true) return 'uncertain';
      await rename(nowMs, true);
      return 'matches';
    },
    adopt: nowMs => rename(nowMs, true),
    leave: nowMs => rename(nowMs, false),
    heartbeat: async nowMs => {
      const { id, isKnown } = await look();
      if (id !== undefined && isKnown) await items.touchMarker(table, id, nowMs);
    },
    history: async () => {
      const [register, { usedAt }] = await Promise.all([read(path), items.readMarker(table)]);
      return { usedAt, ledgerSince: register?.since };
    },
    progress: () => items.readProgress(table),
    saveProgress: next => items.writeProgress(table, next),
  };
}

async function read(path: string): Promise<Register | undefined> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  return text === undefined ? undefined : v.parse(Register, JSON.parse(text));
}

async function write(path: string, register: Register): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await replaceFile(path, JSON.stringify(register), 0o600);
}
