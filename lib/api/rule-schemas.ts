/** The bodies of the policy and trust routes. */
import * as v from 'valibot';
import { isIdentifierValue, qualify, type Subject } from '../domain/account.ts';
import type { WorkloadIssuer } from '../domain/issuer.ts';
import { policyProblem } from '../domain/policy.ts';
import { missingClaims, TRUST_LIFETIME_SECONDS } from '../domain/trust.ts';
import { ACCESS, REPOSITORIES } from './token-schemas.ts';

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
