/** How a command can fail, and what the codes of the operating system mean in our words. None of these errors ever holds a secret. */

/** What else is known of a failure. */
export interface CliErrorDetails {
  /** What to do about it, as a sentence. */
  readonly next?: string | undefined;
  /** The status of the deployment's response; undefined when there was none. */
  readonly status?: number | undefined;
  /** The code of the deployment's error (`not-found`), or our own where nothing answered (`unreachable`). */
  readonly code?: string | undefined;
  /** Finds the request in the deployment's log. */
  readonly requestId?: string | undefined;
  /** What is wrong in the request, a line each. */
  readonly problems?: readonly string[] | undefined;
  readonly cause?: unknown;
}

/** The command could not do its work: exit code 1. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly details: CliErrorDetails;

  constructor(message: string, details: CliErrorDetails = {}) {
    super(message, { cause: details.cause });
    this.details = details;
  }
}

/** The command line is wrong: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** An exit code without a message: the errors have been printed already, or the user has ended the command. */
export class SilentExit extends Error {
  override readonly name = 'SilentExit';
  readonly exitCode: number;

  constructor(exitCode = 1) {
    super();
    this.exitCode = exitCode;
  }
}

/** The details of anything that was thrown; empty unless it is a CliError. */
export function detailsOf(error: unknown): CliErrorDetails {
  return error instanceof CliError ? error.details : {};
}

/** What was thrown, as a sentence. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What was thrown in one line, with what is wrong in the request: where there is no room for a line each. */
export function reasonOf(error: unknown): string {
  const { problems = [] } = detailsOf(error);
  const listed = problems.map(problem => problem.replace(/[.]$/, '')).join('; ');
  return listed === '' ? messageOf(error) : `${messageOf(error)} ${listed}.`;
}

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
