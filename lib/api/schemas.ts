/** The request bodies of the API. */
import * as v from 'valibot';
import { isIdentifierValue, qualify, type Subject } from '../domain/account.ts';
import { CREDENTIAL_LIFE_SECONDS as LIFE } from '../domain/credential.ts';
import type { WorkloadIssuer } from '../domain/identity.ts';
import { policyProblem } from '../domain/policy.ts';
import { isPattern } from '../domain/repository.ts';
import { missingClaims, TRUST_LIFETIME_SECONDS } from '../domain/trust.ts';
import { FORMAT_NAMES } from './credential-formats.ts';

const MAX_CLAIMS = 16;

const MAX_CLAIM_VALUE = 512;

const { min, default: absent, max } = TRUST_LIFETIME_SECONDS;

/** A subject of the caller's own issuer, bare or qualified: no other's belong to the account. It may hold colons. */
function subjectOf(callersIssuer: string) {
  return v.pipe(
    v.string(),
    v.rawTransform<string, Subject | '*'>(({ dataset, addIssue, NEVER }) => {
      const text = dataset.value;
      if (text === '*') return text;
      const prefix = qualify(callersIssuer, '');
      const value = text.startsWith(prefix) ? text.slice(prefix.length) : text;
      if (isIdentifierValue(value)) return qualify(callersIssuer, value);
      addIssue({ message: `must be *, or an IAM id, with or without ${prefix} before it` });
      return NEVER;
    }),
  );
}

/** The body of a new policy, asked for by an identity of the issuer. */
export function policySchema(callersIssuer: string) {
  return v.pipe(
    v.strictObject({
      subject: subjectOf(callersIssuer),
      role: v.picklist(['reader', 'writer', 'manager', 'administrator']),
      repositories: v.optional(REPOSITORIES, null),
    }),
    v.rawCheck(({ dataset, addIssue }) => {
      const problem = dataset.typed ? policyProblem(dataset.value) : undefined;
      if (problem !== undefined) addIssue({ message: problem });
    }),
  );
}

const claims = v.pipe(
  v.record(
    v.pipe(
      v.string(),
      v.regex(/^[\w.-]+(?:\/[\w.-]+)*$/, 'must be named as in the token, members after a slash'),
    ),
    v.pipe(
      v.string(),
      v.minLength(1, 'must not be empty'),
      v.maxLength(MAX_CLAIM_VALUE, 'is too long'),
      // Half a surrogate pair would be stored as another character.
      v.regex(/^[^\p{Cs}]*$/u, 'must not hold lone surrogates'),
    ),
  ),
  v.check(named => Object.keys(named).length <= MAX_CLAIMS, `must hold at most ${MAX_CLAIMS} claims`),
);

/** The body of a new trust in one of the configured platforms. */
export function trustSchema(issuers: readonly WorkloadIssuer[]) {
  return v.pipe(
    v.strictObject({
      issuer: v.picklist(
        issuers.map(({ key }) => key),
        'must be the key of a build platform in the configuration',
      ),
      claims,
      access: v.optional(ACCESS, 'pull'),
      repositories: v.optional(REPOSITORIES, null),
      lifetimeSeconds: v.optional(
        v.pipe(
          v.number(),
          v.integer('must be a whole number'),
          v.minValue(min, `must be at least ${min}`),
          v.maxValue(max, `must be at most ${max}`),
        ),
        absent,
      ),
    }),
    v.rawCheck(({ dataset, addIssue }) => {
      if (!dataset.typed) return;
      const { issuer, claims: named, access } = dataset.value;
      const platform = issuers.find(({ key }) => key === issuer)?.platform;
      const problem = platform && missingClaims(platform, named, access);
      if (problem !== undefined) addIssue({ message: `claims ${problem}` });
    }),
  );
}

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

export const VEND_CREDENTIAL = v.strictObject({
  repositories: v.optional(REPOSITORIES, null),
  access: v.optional(ACCESS, 'pull'),
  expiresInSeconds: v.optional(
    v.pipe(
      v.number(),
      v.integer('must be a whole number'),
      v.minValue(LIFE.min, `must be at least ${LIFE.min}`),
      v.maxValue(LIFE.max, `must be at most ${LIFE.max}`),
    ),
    LIFE.default,
  ),
  service: v.optional(v.string()),
  format: v.optional(v.picklist(FORMAT_NAMES)),
});
