/** Where the keys of every service lie: a directory of files, behind an interface that a secret store has too. */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from '../files/atomic-file.ts';
import { withLock } from '../files/lock.ts';

/** What a service has: the ring that signs, the root that only certifies (x5c), and what anybody may know of both. */
export type KeyFile = 'ring.json' | 'root.json' | 'public.json';

export interface KeyReader {
  /** The text of a file; undefined when there is none. */
  read(service: string, file: KeyFile): Promise<string | undefined>;
}

/** The keys of one service, in the hands of the one who changes them. */
export interface KeyTransaction {
  read(file: KeyFile): Promise<string | undefined>;
  /** Replaces a file that was read, whole or not at all. */
  write(file: KeyFile, text: string): Promise<void>;
}

export interface KeyStore extends KeyReader {
  /**
   * Runs `work`, whose writes take the place of what it has read and of nothing else. It runs anew when another writer
   * was faster.
   */
  transaction<T>(service: string, work: (keys: KeyTransaction) => Promise<T>): Promise<T>;
}

const MODES = {
  'ring.json': 0o600,
  'root.json': 0o600,
  'public.json': 0o644,
} as const satisfies Record<KeyFile, number>;

/** Maintenance takes milliseconds, and with RSA keys on a busy machine a few seconds. */
const LOCK_PATIENCE_MS = 15_000;

/** The keys below `path`, a directory for each service. Makes directories (mode 0700) on the first write. */
export function fileKeyStore(path: string): KeyStore {
  const read: KeyReader['read'] = async (service, file) => {
    try {
      return await readFile(join(path, directoryName(service), file), 'utf8');
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw error;
    }
  };
  return {
    read,
    async transaction(service, work) {
      const directory = join(path, directoryName(service));
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const held: KeyTransaction = {
        read: file => read(service, file),
        write: (file, text) => replaceFile(join(directory, file), text, MODES[file]),
      };
      return withLock(join(directory, 'lock'), LOCK_PATIENCE_MS, () => work(held));
    },
  };
}

/** The name of a service's directory. A leading dot is escaped too: `..` must not lead out. */
export function directoryName(service: string): string {
  return encodeURIComponent(service).replace(/^\./, '%2E');
}
