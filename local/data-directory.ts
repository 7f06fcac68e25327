/** The directory that holds everything of the local process. */
import { chmod, mkdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';

export interface DataDirectory {
  readonly root: string;
  /** The SQLite file. */
  readonly store: string;
  /** The LevelDB directory of the first version, where there is one. */
  readonly firstVersionStore: string;
  readonly keys: string;
  readonly derivationKey: string;
  readonly credentialKey: string;
  readonly iam: string;
  readonly issuers: string;
  readonly administratorKey: string;
  /** Public material, which the registry's user may read. */
  readonly registry: string;
}

/** Others may pass through, to the public material, but neither look around nor write. */
const MODE = 0o711;
const FORBIDDEN = 0o066;

/**
 * Makes the directory if it is missing, and returns its paths. Throws when it belongs to another user, or
 * others may list it or write into it: anyone who can do that can become every account.
 */
export async function openDataDirectory(path: string): Promise<DataDirectory> {
  const root = resolve(path);
  // On a read-only file system `recursive` says that there is no such file.
  const made = await mkdir(root, { recursive: true, mode: MODE }).catch(() => mkdir(root, MODE));
  if (made !== undefined) await chmod(root, MODE);
  const { uid, mode } = await stat(root);
  if (uid !== process.getuid?.()) throw new Error(`${root} belongs to another user.`);
  if ((mode & FORBIDDEN) !== 0) {
    throw new Error(`${root} is open to others; close it with: chmod ${MODE.toString(8)} ${root}`);
  }
  return {
    root,
    store: join(root, 'store.db'),
    firstVersionStore: join(root, 'store'),
    keys: join(root, 'keys'),
    derivationKey: join(root, 'keys', 'derivation.json'),
    credentialKey: join(root, 'keys', 'credential.json'),
    iam: join(root, 'iam'),
    issuers: join(root, 'iam', 'issuers.json'),
    administratorKey: join(root, 'administrator.apikey'),
    registry: join(root, 'registry'),
  };
}
