/**
 * The identity of the table on one machine: every start gives it a new name, which the table and the ledger's directory
 * both keep. A copy of the store has the name of the start that it was made in, or before.
 */
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as v from 'valibot';
import { replaceFile } from '../files/atomic-file.ts';
import type { RandomBytes } from '../ports.ts';
import type { TableIdentity } from '../ports-ledger.ts';
import * as items from './table-items.ts';
import type { TableAt } from './table-ledger.ts';

export interface IncarnationOptions {
  readonly main: TableAt;
  /** The ledger's directory. */
  readonly directory: string;
  readonly randomBytes: RandomBytes;
}

const NAME_BYTES = 16;
/** The names of the table that are good; null: none, before the first start has come to its end. */
const Names = v.strictObject({
  names: v.array(v.nullable(v.string())),
  since: v.pipe(v.number(), v.safeInteger()),
});
type Names = v.InferOutput<typeof Names>;

/** Every method throws when the store or the directory does not answer. */
export function incarnation({ main, directory, randomBytes }: IncarnationOptions): TableIdentity {
  const path = join(directory, 'table.json');
  const newName = () => Buffer.from(randomBytes(NAME_BYTES)).toString('base64url');
  /** While the table is written both names are good: whatever moment the process ends at, one of them stands there. */
  const rename = async (from: string | undefined, { since }: Pick<Names, 'since'>, nowMs: number) => {
    const name = newName();
    await write(path, { names: [from ?? null, name], since });
    await items.writeWord(main, name, nowMs);
    await write(path, { names: [name], since });
  };
  const isKnown = (known: Names | undefined, id: string | undefined) =>
    known?.names.includes(id ?? null) === true;
  return {
    isOurs: async () => {
      const [known, { id }] = await Promise.all([read(path), items.readWord(main)]);
      return id !== undefined && isKnown(known, id);
    },
    settle: async nowMs => {
      const [known, { id }] = await Promise.all([read(path), items.readWord(main)]);
      const isFirst = known === undefined && id === undefined && (await items.isEmpty(main));
      if (!isFirst && !isKnown(known, id)) return false;
      await rename(id, known ?? { since: nowMs }, nowMs);
      return true;
    },
    adopt: async nowMs => {
      const [known, { id }] = await Promise.all([read(path), items.readWord(main)]);
      await rename(id, known ?? { since: nowMs }, nowMs);
    },
    beat: async nowMs => {
      const { id } = await items.readWord(main);
      if (id !== undefined) await items.noteUse(main, id, nowMs);
    },
    history: async () => {
      const [known, { usedAt }] = await Promise.all([read(path), items.readWord(main)]);
      return { usedAt, ledgerSince: known?.since };
    },
    progress: () => items.readProgress(main),
    saveProgress: next => items.writeProgress(main, next),
  };
}

async function read(path: string): Promise<Names | undefined> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  return text === undefined ? undefined : v.parse(Names, JSON.parse(text));
}

async function write(path: string, names: Names): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await replaceFile(path, JSON.stringify(names), 0o600);
}
