/** The register of a ledger in files: which table it belongs to, and of which days it has entries. */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { replaceFile } from '../files/atomic-file.ts';
import { sealed, unsealed } from '../files/sealed.ts';

const Register = v.strictObject({
  /** The names that the table may have; null: none, until the first start is finished. */
  names: v.array(v.nullable(v.string())),
  /** When the ledger began, in milliseconds since 1970. */
  since: v.pipe(v.number(), v.safeInteger()),
  /** Whether a process uses the table, or ended suddenly: a copy made meanwhile has the same name. */
  working: v.boolean(),
  /** The days that have a file; a register of an earlier version lists none. */
  days: v.optional(v.array(v.string()), []),
});

export type Register = v.InferOutput<typeof Register>;

export function registerPath(directory: string): string {
  return join(directory, 'table.json');
}

/** Undefined: there is none. Throws, with the path, for a damaged one. */
export async function readRegister(directory: string): Promise<Register | undefined> {
  const path = registerPath(directory);
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  try {
    return v.parse(Register, JSON.parse(unsealed(text, path)));
  } catch (cause) {
    throw new Error(`${path} is damaged. Restore it from a backup.`, { cause });
  }
}

export async function writeRegister(directory: string, register: Register): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await replaceFile(registerPath(directory), sealed(`${JSON.stringify(register, null, 2)}\n`), 0o600);
}
