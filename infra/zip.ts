/** Packs a function for Lambda: its bundle and the deployment files that it reads. The same files give the same bytes. */
import { globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { ZipFile } from 'yazl';

/** The earliest time that an archive can hold; the time zone of this machine does not matter. */
const TIME = { mtime: new Date(1980, 0, 1), forceDosTimestamp: true } as const;
/** Lambda's user must be able to read the files. */
const MODE = 0o100_644;

/** An archive of the bundle in `directory`, and of other files by their path in the archive. */
export async function zipOf(directory: string, others: ReadonlyMap<string, string>): Promise<Buffer> {
  const own = globSync('**/*.mjs', { cwd: directory }).map(path => [path, join(directory, path)] as const);
  const files = [...own, ...others].sort(([a], [b]) => (a < b ? -1 : 1));
  const zip = new ZipFile();
  for (const [path, file] of files) zip.addBuffer(await readFile(file), path, { ...TIME, mode: MODE });
  zip.end();
  return buffer(zip.outputStream);
}
