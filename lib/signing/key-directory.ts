/** Where the keys of every service lie: a directory of files, behind an interface that a secret store can have too. */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from './atomic-file.ts';
import { withLock } from './lock.ts';

/** What a service has: the ring that signs, the root that only certifies (x5c), and the root's public side. */
export type KeyFile = 'ring.json' | 'root.json' | 'rootcertbundle.pem';

export interface KeyReader {
  /** The text of a file; undefined when there is none. */
  read(service: string, file: KeyFile): Promise<string | undefined>;
}

export interface KeyDirectory extends KeyReader {
  /** Replaces the file whole or not at all. */
  write(service: string, file: KeyFile, text: string): Promise<void>;
  /** Runs `work` while no other process does so for the same service. */
  exclusively<T>(service: string, work: () => Promise<T>): Promise<T>;
}

const MODES = {
  'ring.json': 0o600,
  'root.json': 0o600,
  'rootcertbundle.pem': 0o644,
} as const satisfies Record<KeyFile, number>;

/** Maintenance takes milliseconds, and with RSA keys on a busy machine a few seconds. */
const LOCK_PATIENCE_MS = 15_000;

/** The keys below `path`, a directory for each service. Makes directories (mode 0700) on the first write. */
export function keyDirectory(path: string): KeyDirectory {
  return {
    async read(service, file) {
      try {
        return await readFile(join(path, directoryName(service), file), 'utf8');
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
        throw error;
      }
    },
    async write(service, file, text) {
      await replaceFile(join(path, directoryName(service), file), text, MODES[file]);
    },
    async exclusively(service, work) {
      const directory = join(path, directoryName(service));
      await mkdir(directory, { recursive: true, mode: 0o700 });
      return withLock(join(directory, 'lock'), LOCK_PATIENCE_MS, work);
    },
  };
}

/** The name of a service's directory. A leading dot is escaped too: `..` must not lead out. */
export function directoryName(service: string): string {
  return encodeURIComponent(service).replace(/^\./, '%2E');
}
