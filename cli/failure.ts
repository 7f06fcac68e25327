/** The two ways in which a command can fail. Neither ever holds a secret. */

/** What else is known of a failure. */
export interface CliErrorDetails {
  /** What to do about it, as a sentence. */
  readonly next?: string | undefined;
  /** The status of the broker's answer; absent: it gave none. */
  readonly status?: number | undefined;
  /** The code of the broker's error (`not-found`), or of ours where nothing answered (`unreachable`). */
  readonly code?: string | undefined;
  /** By which the log of the broker knows the request. */
  readonly requestId?: string | undefined;
  /** What is wrong in the request, a line each. */
  readonly problems?: readonly string[] | undefined;
  readonly cause?: unknown;
}

/** What was asked for could not be done: exit code 1. */
export class CliError extends Error {
  override readonly name = 'Failure';
  readonly details: CliErrorDetails;

  constructor(message: string, details: CliErrorDetails = {}) {
    super(message, { cause: details.cause });
    this.details = details;
  }
}

/** A mistake in how the command was called: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** What went wrong has been told already: exit code 1, and not a word more. */
export class SilentExit extends Error {
  override readonly name = 'AlreadyTold';
}
