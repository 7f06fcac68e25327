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
  /** Whether a read asks a service that costs time and may fail. */
  readonly isRemote?: boolean;
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

export interface SecretKeyStore extends KeyStore {
  /** Makes the keys of a service unreadable. Keys that are made for it within a month are these again. */
  remove(service: string): Promise<void>;
}

/** The keys in the secrets `<prefix>/ring/<service>`, `<prefix>/root/<service>` and `<prefix>/public/<service>`. */
export function secretKeyStore(secrets: Secrets, prefix: string): SecretKeyStore {
  const nameOf = (service: string, file: KeyFile) => secretName(prefix, service, file);
  return {
    isRemote: true,
    read: (service, file) => secrets.read(nameOf(service, file)),
    transaction: (service, work) =>
      secrets.transaction(transaction =>
        work({
          read: file => transaction.read(nameOf(service, file)),
          write: (file, text) => transaction.write(nameOf(service, file), text),
        }),
      ),
    async remove(service) {
      // What signs comes first, what is public last.
      for (const file of Object.keys(KINDS) as KeyFile[]) await secrets.remove(nameOf(service, file));
    },
  };
}

/** The names of all secrets that a service may have. */
export function secretNames(prefix: string, service: string): string[] {
  return (Object.keys(KINDS) as KeyFile[]).map(file => secretName(prefix, service, file));
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

/** A service's document; while it cannot be read, one that is at most half an hour old. Throws `unavailable` without one. */
export interface Cached<T> {
  (service: Service, now: number): Promise<T>;
  /** Read now, unless that was done in the last ten seconds: for a key that the document lacks. */
  readonly again: (service: Service, now: number) => Promise<T>;
}

/** A document is used for so long, at most, after it was read: half the time between the publication of a leaf and its use. */
export const CACHE_SECONDS = 30 * MINUTE_SECONDS;

/** The next leaf is in the ring an hour before it signs, so no login waits for a ring that is a few minutes old. */
const LEAVES = { fresh: 5 * MINUTE_SECONDS, beside: 10 * MINUTE_SECONDS };

/** An operator activates a key and restarts a registry: within a minute every process has to follow. */
const BY_COMMAND = { fresh: MINUTE_SECONDS / 2, beside: MINUTE_SECONDS };

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
  function documentOf(service: Service): Refreshing<T> {
    const rotatesByItself = file === 'ring.json' && service.profile === 'x5c';
    const { fresh, beside } = keys.isRemote && rotatesByItself ? LEAVES : BY_COMMAND;
    const document =
      documents.get(service.name) ??
      refreshing({
        load: () => load(service),
        freshFor: fresh * 1000,
        besideFor: beside * 1000,
        usableFor: CACHE_SECONDS * 1000,
        retryAfter: RETRY_SECONDS * 1000,
        retryEmptyAfter: 0,
      });
    documents.set(service.name, document);
    return document;
  }

  const get = (service: Service, now: number) => documentOf(service).get(now * 1000);
  return Object.assign(get, {
    again: (service: Service, now: number) => documentOf(service).reload(now * 1000),
  });
}
