/** What the operating system's error codes mean, in the words of our messages. */

/** Each as the end of "… cannot be written: ". */
const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EBADF: 'it is not open',
  EBUSY: 'it is in use',
  EDQUOT: 'the disk quota is used up',
  EEXIST: 'a file has that name',
  EFBIG: 'the file would be larger than is allowed here',
  EIO: 'the device reports an error',
  EISDIR: 'it is a directory',
  ELOOP: 'its symbolic links form a loop',
  EMFILE: 'too many files are open',
  ENAMETOOLONG: 'the path is too long',
  ENOENT: 'there is no such file or directory',
  ENOSPC: 'no space is left on the device',
  ENOTDIR: 'a part of the path is not a directory',
  ENXIO: 'it is a socket, or nothing reads it',
  EPERM: 'the operation is not permitted',
  EPIPE: 'its reader has closed it',
  EROFS: 'the file system is read-only',
};

/** The code of a system error (`ENOENT`); undefined for anything else. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** Why the system refused. Node's own message names temporary files and system calls, which tell users nothing. */
export function systemReason(error: unknown): string {
  const code = systemCode(error) ?? '';
  if (Object.hasOwn(REASONS, code)) return REASONS[code] ?? code;
  return error instanceof Error ? error.message : String(error);
}
