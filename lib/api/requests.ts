/** The JSON bodies that the API takes. */
import * as v from 'valibot';
import { CREDENTIAL_LIFE_SECONDS } from '../domain/credential.ts';
import { isIdentifierValue, qualify, type Subject } from '../domain/identifiers.ts';
import type { WorkloadIssuer } from '../domain/identity.ts';
import { impossibleClaim } from '../domain/platform-claims.ts';
import { CLAIM_NAME } from '../domain/platforms.ts';
import { policyProblem } from '../domain/policy.ts';
import { PATTERN_SCHEMA, patternProblem } from '../domain/repository.ts';
import { missingClaims, requiredClaims, TRUST_LIFETIME_SECONDS } from '../domain/trust.ts';
import { FORMAT_NAMES } from './credential-formats.ts';
import { ACCESS, ROLE } from './fields.ts';

const EXPIRES_IN = { min: 60, default: 86_400, max: 31_536_000 } as const;
const PULLS_PER_DAY = { min: 1, max: 1_000_000_000 } as const;
const GRACE = { min: 0, max: 604_800 } as const;
const MAX_DESCRIPTION = 256;
const MAX_PATTERNS = 32;
const MAX_CLAIMS = 16;
const MAX_CLAIM_VALUE = 512;

/** Without \p, which few readers of JSON Schema know. */
const WITHOUT_CONTROL = '^[^\\x00-\\x1f\\x7f-\\x9f]*$';
const NO_CONTROL = 'must not hold control characters or lone surrogates';

const description = v.pipe(
  text(MAX_DESCRIPTION),
  // A description is shown on terminals.
  v.regex(new RegExp(WITHOUT_CONTROL, 'u'), NO_CONTROL),
  // Half a surrogate pair has no UTF-8 to be stored in.
  v.check(words => words.isWellFormed(), NO_CONTROL),
);

const expiresInSeconds = wholeNumber(EXPIRES_IN);

const pattern = v.pipe(
  v.string(),
  v.metadata(PATTERN_SCHEMA),
  v.rawCheck(({ dataset, addIssue }) => {
    const problem = dataset.typed ? patternProblem(dataset.value) : undefined;
    if (problem !== undefined) addIssue({ message: problem });
  }),
);

const repositories = v.nullable(
  v.pipe(
    v.array(pattern, 'must be a list of repository patterns, or null'),
    v.minLength(1, 'must hold at least one pattern; null means all namespaces'),
    v.maxLength(MAX_PATTERNS, `must hold at most ${MAX_PATTERNS} patterns`),
    v.check(patterns => new Set(patterns).size === patterns.length, 'must not hold a pattern twice'),
    v.metadata({ uniqueItems: true }),
  ),
);

/** null, and without members: none. */
const limits = v.nullable(v.strictObject({ pullsPerDay: v.optional(wholeNumber(PULLS_PER_DAY)) }));

/** What `oneEnding` refuses. */
const TWO_ENDINGS = {
  properties: { nonExpiring: { const: true }, expiresInSeconds: { type: 'integer' } },
  required: ['nonExpiring', 'expiresInSeconds'],
} as const;

export const ADD_TOKEN = v.pipe(
  v.strictObject({
    description: v.optional(description, ''),
    access: v.optional(ACCESS, 'pull'),
    nonExpiring: v.optional(v.boolean(), false),
    expiresInSeconds: v.optional(expiresInSeconds),
    repositories: v.optional(repositories, null),
    retrievable: v.optional(v.boolean(), true),
    limits: v.optional(limits),
  }),
  v.metadata({ not: TWO_ENDINGS }),
  oneEnding(),
  v.transform(({ nonExpiring, expiresInSeconds: seconds = EXPIRES_IN.default, limits: given, ...rest }) => ({
    ...rest,
    // Left out where there is none: a repeated request of before there were limits is the same.
    ...(given?.pullsPerDay === undefined ? {} : { pullsPerDay: given.pullsPerDay }),
    expiresInSeconds: nonExpiring ? null : seconds,
  })),
);

export const CHANGE_TOKEN = v.pipe(
  v.strictObject({
    description: v.optional(description),
    access: v.optional(ACCESS),
    repositories: v.optional(repositories),
    disabled: v.optional(v.boolean()),
    nonExpiring: v.optional(v.literal(true)),
    expiresInSeconds: v.optional(expiresInSeconds),
    limits: v.optional(limits),
  }),
  v.metadata({ minProperties: 1, not: TWO_ENDINGS }),
  v.check(body => Object.keys(body).length > 0, 'must name at least one field to change'),
  oneEnding(),
  v.transform(({ nonExpiring, expiresInSeconds: seconds, limits: given, ...rest }) => ({
    ...rest,
    pullsPerDay: given === undefined ? undefined : (given?.pullsPerDay ?? null),
    expiresInSeconds: nonExpiring ? null : seconds,
  })),
);

export const ROTATE_TOKEN = v.strictObject({
  graceSeconds: v.optional(wholeNumber(GRACE), 0),
  force: v.optional(v.boolean(), false),
});

export const VEND_CREDENTIAL = v.strictObject({
  repositories: v.optional(repositories, null),
  access: v.optional(ACCESS, 'pull'),
  expiresInSeconds: v.optional(wholeNumber(CREDENTIAL_LIFE_SECONDS), CREDENTIAL_LIFE_SECONDS.default),
  service: v.optional(v.pipe(v.string(), v.metadata({ minLength: 1, 'x-one-of': 'registries' }))),
  format: v.optional(v.picklist(FORMAT_NAMES)),
});

const NOT_EVERYBODY = { not: { const: '*' } } as const;

/** What `policyProblem` allows. */
const POLICY_FORMS = [
  { properties: { role: { enum: ['reader', 'writer'] } } },
  { properties: { role: { const: 'manager' }, subject: NOT_EVERYBODY } },
  {
    properties: { role: { const: 'administrator' }, subject: NOT_EVERYBODY, repositories: { type: 'null' } },
  },
] as const;

/** The body of a new policy that an identity of the issuer asks for. */
export function policySchema(callersIssuer: string) {
  return v.pipe(
    v.strictObject({
      subject: subjectOf(callersIssuer),
      role: ROLE,
      repositories: v.optional(repositories, null),
    }),
    v.metadata({ anyOf: POLICY_FORMS }),
    v.rawCheck(({ dataset, addIssue }) => {
      const problem = dataset.typed ? policyProblem(dataset.value) : undefined;
      if (problem !== undefined) addIssue({ message: problem });
    }),
  );
}

/** The body of a new trust in one of the configured platforms. */
export function trustSchema(issuers: readonly WorkloadIssuer[]) {
  return v.pipe(
    v.strictObject({
      issuer: v.pipe(platformKey(issuers), v.metadata({ 'x-one-of': 'platforms' })),
      claims,
      access: v.optional(ACCESS, 'pull'),
      repositories: v.optional(repositories, null),
      lifetimeSeconds: v.optional(wholeNumber(TRUST_LIFETIME_SECONDS), TRUST_LIFETIME_SECONDS.default),
    }),
    v.rawCheck(({ dataset, addIssue }) => {
      if (!dataset.typed) return;
      const { issuer, claims: named, access } = dataset.value;
      const entry = issuers.find(({ key }) => key === issuer);
      const problem = entry && missingClaims(requiredClaims(entry), named, access);
      if (problem !== undefined) addIssue({ message: `claims ${problem}` });
      const impossible = entry && dataset.issues === undefined ? impossibleClaim(entry, named) : undefined;
      if (impossible === undefined) return;
      addIssue({ message: `${impossible.name} ${impossible.problem}`, path: [claimsItem(dataset.value)] });
    }),
  );
}

/** Where a problem of the claims is, as the schema says it of other problems. */
function claimsItem(input: { readonly claims: unknown }): v.ObjectPathItem {
  return { type: 'object', origin: 'value', input: { ...input }, key: 'claims', value: input.claims };
}

/** Where there are none, any key has the right form. */
function platformKey(issuers: readonly WorkloadIssuer[]): v.GenericSchema<string> {
  const keys = issuers.map(({ key }) => key);
  return keys.length === 0
    ? v.string()
    : v.picklist(keys, `must be the key of a build platform in the configuration: ${keys.join(' or ')}`);
}

const claims = v.pipe(
  v.record(
    v.pipe(
      v.string(),
      v.regex(CLAIM_NAME, 'must be named as in the token, with a slash before each inner name'),
    ),
    v.pipe(
      text(MAX_CLAIM_VALUE),
      v.minLength(1, 'must not be empty'),
      // Half a surrogate pair would be stored as another character.
      v.check(value => value.isWellFormed(), 'must not hold lone surrogates'),
    ),
    'must be an object of claim names and values',
  ),
  v.metadata({ maxProperties: MAX_CLAIMS }),
  v.check(named => Object.keys(named).length <= MAX_CLAIMS, `must hold at most ${MAX_CLAIMS} claims`),
);

/** A subject of the caller's own issuer, with or without its key: other issuers have no subjects in the account. */
function subjectOf(callersIssuer: string) {
  return v.pipe(
    v.string(),
    v.metadata({ maxLength: 256, pattern: '^[!-~]+$' }),
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

/** Counted as JSON Schema counts them (validation, section 6.3.1): a pair of surrogates is one character. */
function text(max: number) {
  return v.pipe(
    v.string(),
    v.metadata({ maxLength: max }),
    v.check(words => [...words].length <= max, `must have at most ${max} characters`),
  );
}

function wholeNumber({ min, max }: { readonly min: number; readonly max: number }) {
  return v.pipe(
    v.number('must be a whole number'),
    v.integer('must be a whole number'),
    v.minValue(min, `must be at least ${min}`),
    v.maxValue(max, `must be at most ${max}`),
  );
}

interface Ending {
  readonly nonExpiring?: boolean | undefined;
  readonly expiresInSeconds?: number | undefined;
}

function oneEnding<T extends Ending>() {
  return v.check<T, string>(
    body => !(body.nonExpiring === true && body.expiresInSeconds !== undefined),
    'must have nonExpiring or expiresInSeconds, not both',
  );
}
