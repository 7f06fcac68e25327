/** Builds the library between a process and its files. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const SOURCE = join(import.meta.dirname, 'io-faults.c');

/** The path of the library. Throws with the command that installs a compiler. */
export async function buildShim(directory: string): Promise<string> {
  const path = join(directory, 'io-faults.so');
  const options = ['-shared', '-fPIC', '-O1', '-Wall', '-Werror', '-o', path, SOURCE];
  await promisify(execFile)(process.env.CC ?? 'cc', options).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    throw new Error(
      'A C compiler is missing. Install it with: apt-get install gcc libc6-dev; or name it in CC.',
    );
  });
  return path;
}
