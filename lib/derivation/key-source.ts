/** Where the document of the credential keys is stored: in a file, or in a secret of Secrets Manager. */

import type { Secrets } from '../aws/secrets.ts';
import { replaceFile } from '../files/atomic-file.ts';
import { withLock } from '../files/lock.ts';
import { readPrivate } from './key-file.ts';

/** The document, while it is changed. */
export interface DocumentTransaction {
  read(): Promise<string | undefined>;
  /** Replaces what was read. */
  write(text: string): Promise<void>;
}

export interface KeySource {
  /** For errors. */
  readonly name: string;
  /** The text; undefined when there is none. */
  read(): Promise<string | undefined>;
  /** Runs `work`. Its write replaces exactly what it has read; when another writer was faster, it runs again. */
  transaction<T>(work: (document: DocumentTransaction) => Promise<T>): Promise<T>;
}

const LOCK_PATIENCE_MS = 15_000;

/** A file of mode 0600; one that is open to others is not read. */
export function fileKeySource(path: string): KeySource {
  const read = async () => {
    try {
      return readPrivate(path);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw error;
    }
  };
  const document: DocumentTransaction = { read, write: text => replaceFile(path, text, 0o600) };
  return {
    name: path,
    read,
    transaction: work => withLock(`${path}.lock`, LOCK_PATIENCE_MS, () => work(document)),
  };
}

/** The secret of that name. */
export function secretKeySource(secrets: Secrets, name: string): KeySource {
  return {
    name,
    read: () => secrets.read(name),
    transaction: work =>
      secrets.transaction(transaction =>
        work({ read: () => transaction.read(name), write: text => transaction.write(name, text) }),
      ),
  };
}
