/** Where the keys of every service are stored: a directory of files, or Secrets Manager. */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Secrets } from '../aws/secrets.ts';
import { type Refreshing, refreshing } from '../cache/refreshing.ts';
import { unavailable } from '../domain/errors.ts';
import type { Service } from '../domain/service.ts';
import { MINUTE_SECONDS } from '../domain/time.ts';
import { replaceFile, sealed, unsealed } from '../files/atomic-file.ts';
import { withLock } from '../files/lock.ts';

/** The ring that signs, the root that only certifies (x5c), and what is public of both. */
export type KeyFile = 'ring.json' | 'root.json' | 'public.json';

export interface KeyReader {
  /** The text of a file; undefined when there is none. */
  read(service: string, file: KeyFile): Promise<string | undefined>;
}

/** The keys of one service, while they are changed. */
export interface KeyTransaction {
  read(file: KeyFile): Promise<string | undefined>;
  /** Replaces a file that was read, whole or not at all. */
  write(file: KeyFile, text: string): Promise<void>;
}

export interface KeyStore extends KeyReader {
  /**
   * Runs `work`. Its writes replace exactly what it has read; when another writer was faster, it runs again.
   */
  transaction<T>(service: string, work: (keys: KeyTransaction) => Promise<T>): Promise<T>;
}

const MODES = {
  'ring.json': 0o600,
  'root.json': 0o600,
  'public.json': 0o644,
} as const satisfies Record<KeyFile, number>;

/** A change takes milliseconds, and with RSA keys on a busy machine a few seconds. */
const LOCK = { patienceMs: 15_000 };

/** The keys below `path`, a directory for each service. Makes directories (mode 0700) on the first write. */
export function fileKeyStore(path: string): KeyStore {
  const read: KeyReader['read'] = async (service, file) => {
    const source = join(path, directoryName(service), file);
    try {
      return unsealed(await readFile(source, 'utf8'), source);
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
      const keys: KeyTransaction = {
        read: file => read(service, file),
        write: (file, text) => replaceFile(join(directory, file), sealed(text), MODES[file]),
      };
      return withLock(join(directory, 'lock'), LOCK, () => work(keys));
    },
  };
}

/** The name of a service's directory. A leading dot is escaped too, because `..` would be another directory. */
export function directoryName(service: string): string {
  return encodeURIComponent(service).replace(/^\./, '%2E');
}

const KINDS = {
  'ring.json': 'ring',
  'root.json': 'root',
  'public.json': 'public',
} as const satisfies Record<KeyFile, string>;

/** Characters that names of secrets cannot have ("CreateSecret", `Name`), and `=`, which escapes them. */
const ESCAPED = /[^A-Za-z0-9_.@-]/gu;

const LONGEST_NAME = 512;

/** The keys in the secrets `<prefix>/ring/<service>`, `<prefix>/root/<service>` and `<prefix>/public/<service>`. */
export function secretKeyStore(secrets: Secrets, prefix: string): KeyStore {
  const nameOf = (service: string, file: KeyFile) => secretName(prefix, service, file);
  return {
    read: (service, file) => secrets.read(nameOf(service, file)),
    transaction: (service, work) =>
      secrets.transaction(transaction =>
        work({
          read: file => transaction.read(nameOf(service, file)),
          write: (file, text) => transaction.write(nameOf(service, file), text),
        }),
      ),
  };
}

/** Characters of a service outside `[A-Za-z0-9_.@-]` become `=XX`, by their UTF-8 bytes. Throws when that is too long. */
export function secretName(prefix: string, service: string, file: KeyFile): string {
  const name = `${prefix}/${KINDS[file]}/${service.replaceAll(ESCAPED, escaped)}`;
  if (name.length > LONGEST_NAME) throw new Error(`the name of ${service} is too long for a secret's`);
  return name;
}

function escaped(character: string): string {
  return Buffer.from(character).toString('hex').toUpperCase().replaceAll(/../g, '=$&');
}

/** A service's document, at most a minute old, or ten while it cannot be read. Throws `unavailable` without one. */
export type Cached<T> = (service: Service, now: number) => Promise<T>;

/** A document is used for so long, at most, after it was read. */
export const CACHE_SECONDS = 10 * MINUTE_SECONDS;

const RETRY_SECONDS = 10;

export interface CachedFile<T> {
  readonly keys: KeyReader;
  readonly file: KeyFile;
  /** Throws for a text that is not this service's. */
  readonly parse: (text: string, service: Service) => T;
}

/** Holds one document for each service of the configuration. */
export function cached<T>({ keys, file, parse }: CachedFile<T>): Cached<T> {
  async function load(service: Service): Promise<T> {
    try {
      const text = await keys.read(service.name, file);
      if (text === undefined) throw new Error(`${file} of ${service.name}: missing`);
      return parse(text, service);
    } catch (cause) {
      throw unavailable(`no ${file} for ${service.name}`, { cause });
    }
  }

  const documents = new Map<string, Refreshing<T>>();
  return (service, now) => {
    const document =
      documents.get(service.name) ??
      refreshing({
        load: () => load(service),
        freshFor: MINUTE_SECONDS * 1000,
        usableFor: CACHE_SECONDS * 1000,
        retryAfter: RETRY_SECONDS * 1000,
        retryEmptyAfter: 0,
      });
    documents.set(service.name, document);
    return document.get(now * 1000);
  };
}
