/** Where the keys of every service are stored: a directory of files, or Secrets Manager. */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Secrets } from '../aws/secrets.ts';
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

const KINDS = {
  'ring.json': 'ring',
  'root.json': 'root',
  'public.json': 'public',
} as const satisfies Record<KeyFile, string>;

/** What names of secrets cannot hold, and `=`, by which it is written ("CreateSecret", `Name`). */
const ESCAPED = /[^A-Za-z0-9_.@-]/gu;

const LONGEST_NAME = 512;

/** The keys in the secrets `<prefix>/ring/<service>`, `<prefix>/root/<service>` and `<prefix>/public/<service>`. */
export function secretKeyStore(secrets: Secrets, prefix: string): KeyStore {
  const nameOf = (service: string, file: KeyFile) => secretName(prefix, service, file);
  return {
    read: (service, file) => secrets.read(nameOf(service, file)),
    transaction: (service, work) =>
      secrets.transaction(held =>
        work({
          read: file => held.read(nameOf(service, file)),
          write: (file, text) => held.write(nameOf(service, file), text),
        }),
      ),
  };
}

/** A service's characters outside `[A-Za-z0-9_.@-]` are written `=XX`, by their UTF-8 bytes. Throws when that is too long. */
export function secretName(prefix: string, service: string, file: KeyFile): string {
  const name = `${prefix}/${KINDS[file]}/${service.replaceAll(ESCAPED, escaped)}`;
  if (name.length > LONGEST_NAME) throw new Error(`the name of ${service} is too long for a secret's`);
  return name;
}

function escaped(character: string): string {
  return Buffer.from(character).toString('hex').toUpperCase().replaceAll(/../g, '=$&');
}
