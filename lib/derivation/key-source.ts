/** Where the document of the credential keys lies: in a file of one machine, or in a secret. */

import type { Secrets } from '../aws/secrets.ts';
import { replaceFile } from '../files/atomic-file.ts';
import { withLock } from '../files/lock.ts';
import { readPrivate } from './key-file.ts';

/** The document, in the hands of the one who changes it. */
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
  /** Runs `work`, whose write takes the place of what it has read; anew when another writer was faster. */
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
  const held: DocumentTransaction = { read, write: text => replaceFile(path, text, 0o600) };
  return {
    name: path,
    read,
    transaction: work => withLock(`${path}.lock`, LOCK_PATIENCE_MS, () => work(held)),
  };
}

/** The secret of that name. */
export function secretKeySource(secrets: Secrets, name: string): KeySource {
  return {
    name,
    read: () => secrets.read(name),
    transaction: work =>
      secrets.transaction(held =>
        work({ read: () => held.read(name), write: text => held.write(name, text) }),
      ),
  };
}
