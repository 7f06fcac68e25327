/** The bodies of the token routes. */
import * as v from 'valibot';
import { isPattern } from '../domain/repository.ts';

const MAX_DESCRIPTION = 256;
const EXPIRES_IN = { min: 60, default: 86_400, max: 31_536_000 } as const;
const MAX_PATTERNS = 32;
const MAX_GRACE_SECONDS = 604_800;

const description = v.pipe(
  v.string(),
  v.maxLength(MAX_DESCRIPTION, `must have at most ${MAX_DESCRIPTION} characters`),
  // A description is shown on terminals, and half a surrogate pair has no UTF-8 to be stored in.
  v.regex(/^[^\p{Cc}\p{Cs}]*$/u, 'must not hold control characters or lone surrogates'),
);
export const ACCESS = v.picklist(['pull', 'push']);
const expiresInSeconds = v.pipe(
  v.number(),
  v.integer('must be a whole number'),
  v.minValue(EXPIRES_IN.min, `must be at least ${EXPIRES_IN.min}`),
  v.maxValue(EXPIRES_IN.max, `must be at most ${EXPIRES_IN.max}`),
);
export const REPOSITORIES = v.nullable(
  v.pipe(
    v.array(v.pipe(v.string(), v.check(isPattern, 'must be a repository name, or a prefix followed by /*'))),
    v.minLength(1, 'must hold at least one pattern; null means all namespaces'),
    v.maxLength(MAX_PATTERNS, `must hold at most ${MAX_PATTERNS} patterns`),
    v.check(patterns => new Set(patterns).size === patterns.length, 'must not hold a pattern twice'),
  ),
);

interface Ending {
  readonly nonExpiring?: boolean | undefined;
  readonly expiresInSeconds?: number | undefined;
}

/** One or the other: a token cannot both end and not end. */
function oneEnding<T extends Ending>() {
  return v.check<T, string>(
    body => !(body.nonExpiring === true && body.expiresInSeconds !== undefined),
    'nonExpiring and expiresInSeconds exclude each other',
  );
}

export const ADD_TOKEN = v.pipe(
  v.strictObject({
    description: v.optional(description, ''),
    access: v.optional(ACCESS, 'pull'),
    nonExpiring: v.optional(v.boolean(), false),
    expiresInSeconds: v.optional(expiresInSeconds),
    repositories: v.optional(REPOSITORIES, null),
    retrievable: v.optional(v.boolean(), true),
  }),
  oneEnding(),
  v.transform(({ nonExpiring, expiresInSeconds: seconds = EXPIRES_IN.default, ...rest }) => ({
    ...rest,
    expiresInSeconds: nonExpiring ? null : seconds,
  })),
);

export const CHANGE_TOKEN = v.pipe(
  v.strictObject({
    description: v.optional(description),
    access: v.optional(ACCESS),
    repositories: v.optional(REPOSITORIES),
    disabled: v.optional(v.boolean()),
    nonExpiring: v.optional(v.literal(true)),
    expiresInSeconds: v.optional(expiresInSeconds),
  }),
  v.check(body => Object.keys(body).length > 0, 'must hold at least one member to change'),
  oneEnding(),
  v.transform(({ nonExpiring, expiresInSeconds: seconds, ...rest }) => ({
    ...rest,
    expiresInSeconds: nonExpiring ? null : seconds,
  })),
);

export const ROTATE_TOKEN = v.strictObject({
  graceSeconds: v.optional(
    v.pipe(
      v.number(),
      v.integer('must be a whole number'),
      v.minValue(0, 'must not be negative'),
      v.maxValue(MAX_GRACE_SECONDS, `must be at most ${MAX_GRACE_SECONDS}`),
    ),
    0,
  ),
  force: v.optional(v.boolean(), false),
});
