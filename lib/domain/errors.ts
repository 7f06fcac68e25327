/** The one error that carries each way in which a request can fail, why callers are denied, and what is wrong in words. */
import { ERRORS, type ErrorCode } from './error-codes.ts';

/** One thing wrong in a request: where (a JSON path such as `repositories[0]`), and what. */
export interface Problem {
  readonly path: string;
  readonly message: string;
}

export interface ErrorDetails {
  /** For the caller. Never holds a secret, an upstream's text, or which check refused a credential. */
  readonly detail?: string;
  /** For the log only. */
  readonly reason?: string;
  /** For the metrics. */
  readonly denial?: Denial;
  readonly problems?: readonly Problem[];
  readonly retryAfterSeconds?: number;
  /** Of a failure at the registry proxy: the `WWW-Authenticate` that says where to log in (RFC 6750 section 3). */
  readonly challenge?: string;
  /** Of `method-not-allowed`: the methods that are offered. */
  readonly allow?: readonly string[];
  /** Of `idempotency-replayed`: the token that the first request was about. */
  readonly id?: string;
  /** Of a value that was right: when it ended, in seconds since 1970. */
  readonly at?: number;
  /** Of a login that was refused: whose it was. */
  readonly login?: RefusedLogin;
  readonly cause?: unknown;
}

/** Whose login was refused, as far as its secret proves or its record tells. Never sent to the caller. */
export interface RefusedLogin {
  /** Of the account; undefined: no account is known, but how long the answer takes must not say so. */
  readonly handle: string | undefined;
  /** `token:<id>` or `credential:<jti>`. */
  readonly subject: string;
  /** The state of the token, or what the log says. */
  readonly why: string;
}

/** Every failure that a caller may see; anything else that is thrown is `internal`. */
export class PullpassError extends Error {
  override readonly name = 'PullpassError';
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, details: ErrorDetails = {}) {
    const { stackTraceLimit } = Error;
    // Where a caller was refused is nobody's question, and to find out takes a tenth of a refusal.
    if (ERRORS[code].status < 500) Error.stackTraceLimit = 0;
    super(details.reason ?? details.detail ?? ERRORS[code].detail, { cause: details.cause });
    Error.stackTraceLimit = stackTraceLimit;
    this.code = code;
    this.details = details;
  }
}

/**
 * A caller who could not be authenticated; `reason` is for the log, `denial` for the metrics. All whose secret was looked
 * at read the same answer: a `detail` may only say how the request is written, which its sender knows.
 */
export function unauthenticated(
  reason: string,
  denial: Denial = 'not-proven',
  detail?: string,
): PullpassError {
  return new PullpassError('unauthenticated', {
    reason,
    denial,
    ...(detail === undefined ? {} : { detail }),
  });
}

/** The error, with whose login it refused. Anything else that was thrown stays as it is. */
export function refusalOf(error: unknown, login: Omit<RefusedLogin, 'why'>): unknown {
  if (!(error instanceof PullpassError) || error.code !== 'unauthenticated') return error;
  return new PullpassError(error.code, { ...error.details, login: { ...login, why: error.message } });
}

/** A caller who sent no credentials where some are needed. */
export function noCredentials(): PullpassError {
  const detail =
    'No credentials came with this request; send them in the header Authorization, by Basic or Bearer.';
  return unauthenticated('no credentials', 'no-secret', detail);
}

/** Something that was needed did not answer, so that the request is refused; `reason` and `cause` are for the log. */
export function unavailable(
  reason: string,
  options: { readonly retryAfterSeconds?: number; readonly cause?: unknown } = {},
): PullpassError {
  return new PullpassError('unavailable', { reason, ...options });
}

/** A body that is not valid, or asks for what is not allowed here. */
export function invalidBody(problems: readonly Problem[]): PullpassError {
  return new PullpassError('invalid-request', { detail: 'The body is not valid; see errors.', problems });
}

/** EDQUOT, which Node has no words for. */
const QUOTA = /(?:Unknown system error -122(?:: )?)+/;

/** What anything thrown says. */
export function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(QUOTA, 'EDQUOT: disk quota exceeded');
}

/** What anything thrown is and says, and what caused it, for operators. */
export function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? ` (${reasonOf(error.cause)})` : '';
  return String(error) + cause;
}

/** A proven secret that is used for more than its share. */
export function tooOften(retryAfterSeconds: number): PullpassError {
  const detail = 'This secret is used too often; try again later.';
  return new PullpassError('rate-limited', { detail, denial: 'too-often', retryAfterSeconds });
}

/** Why this error denied the caller; undefined for an error that is not a denial. */
export function denialOf({ code, details }: Pick<PullpassError, 'code' | 'details'>): Denial | undefined {
  return details.denial ?? DENIAL_OF[code];
}

/** Where the error says nothing of its own. */
const DENIAL_OF: Readonly<Partial<Record<ErrorCode, Denial>>> = {
  unauthenticated: 'not-proven',
  'rate-limited': 'not-proven',
  'token-expired': 'expired',
  'token-rotated': 'ended',
  'value-disabled': 'ended',
  forbidden: 'no-role',
  'not-an-administrator-credential': 'misplaced',
  'registration-closed': 'registration-closed',
  'wider-than-parent': 'wider-than-parent',
};

/** Why a caller was denied, in few words. Each is a metric, and costs as one; the log says what exactly was wrong. */
export const DENIALS = [
  /** No credentials were sent where some are needed: many clients begin like that. */
  'no-secret',
  /** Not a secret of ours, or a wrong one. */
  'unknown-secret',
  'expired',
  /** A secret that was removed, disabled, rotated or revoked. */
  'ended',
  /** A secret that is not accepted for this request. */
  'misplaced',
  /** A good secret, used from an address outside its networks. */
  'network-not-allowed',
  /** What an issuer signed or answered does not verify. */
  'not-proven',
  /** The caller has no role for this, or its assertion is too weak. */
  'no-role',
  'registration-closed',
  'wider-than-parent',
  /** A secret that vends, revokes or rotates more than its share. */
  'too-often',
  /** A login that succeeded with an empty grant. */
  'nothing-granted',
] as const;

export type Denial = (typeof DENIALS)[number];

/** An issue of the schema library, as far as a sentence needs it. */
interface Issue {
  readonly kind: string;
  readonly type: string;
  readonly expected: string | null;
  readonly received: string;
  readonly message: string;
}

/** How the library's own messages begin. */
const LIBRARY = 'Invalid ';

const TYPES: Readonly<Record<string, string>> = {
  string: 'must be a string',
  number: 'must be a number',
  boolean: 'must be true or false',
  array: 'must be a list',
  object: 'must be an object',
  strict_object: 'must be an object',
  record: 'must be an object',
};

/**
 * What a schema refuses, in our words: the library's message names its types and quotes the input, which could be a secret.
 * A message that we gave the schema ourselves stays as it is.
 */
export function sentenceOf({ type, expected, received, message }: Issue): string {
  if (!message.startsWith(LIBRARY)) return message;
  if (expected === 'never') return 'is an unknown field';
  if (received === 'undefined') return 'is missing';
  if (type === 'picklist' || type === 'literal') return `must be ${choicesIn(String(expected))}`;
  return TYPES[type] ?? 'is not valid';
}

/** `("pull" | "push")`, as the library writes it, as `pull or push`. */
function choicesIn(expected: string): string {
  const choices = expected.replaceAll(/^\(|\)$|"/g, '').split(' | ');
  const [last, ...others] = choices.reverse();
  return others.length === 0 ? String(last) : `${others.reverse().join(', ')} or ${last}`;
}
