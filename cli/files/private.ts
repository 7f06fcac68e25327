/** Files that only their owner may see: where others may read, logins leak; where they may write, they choose where secrets go. */
import { CliError } from '../errors.ts';

export const DIRECTORY_MODE = 0o700;
export const FILE_MODE = 0o600;
const OPEN_TO_OTHERS = 0o077;

/** Throws CliError when another user has the file or directory, or may look into it; `wanted` is its right mode. */
export function requirePrivate(
  path: string,
  { uid, mode }: { readonly uid: number; readonly mode: number },
  wanted: number,
): void {
  const own = process.geteuid?.();
  if (own !== undefined && uid !== own) {
    throw new CliError(`${path} belongs to another user.`, {
      next: 'Set PULLPASS_HOME to a directory of your own.',
    });
  }
  if (own !== undefined && isOpenToOthers(mode)) {
    throw new CliError(`${path} is open to other users.`, {
      next: `Close it with: chmod ${wanted.toString(8)} ${path}`,
    });
  }
}

export function isOpenToOthers(mode: number): boolean {
  return (mode & OPEN_TO_OTHERS) !== 0;
}
