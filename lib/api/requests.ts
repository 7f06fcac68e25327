/** The JSON bodies that the API takes, but those of tokens. */
import * as v from 'valibot';
import { type AccountRules, TOKEN_LIFE_SECONDS } from '../domain/account-rules.ts';
import { CREDENTIAL_LIFE_SECONDS } from '../domain/credential.ts';
import { GROUP_KEY, groupOf } from '../domain/groups.ts';
import { isIdentifierValue, qualify } from '../domain/identifiers.ts';
import type { Identity, WorkloadIssuer } from '../domain/identity.ts';
import { impossibleClaim } from '../domain/platform-claims.ts';
import { CLAIM_NAME } from '../domain/platforms.ts';
import { type Policy, policyProblem } from '../domain/policy.ts';
import { missingClaims, requiredClaims, TRUST_LIFETIME_SECONDS } from '../domain/trust.ts';
import { FORMAT_NAMES } from './credential-formats.ts';
import { ACCESS, ROLE } from './fields.ts';
import { networks, repositories, text, wholeNumber } from './request-fields.ts';

const MAX_CLAIMS = 16;
const MAX_CLAIM_VALUE = 512;

export const VEND_CREDENTIAL = v.strictObject({
  repositories: v.optional(repositories, null),
  access: v.optional(ACCESS, 'pull'),
  expiresInSeconds: v.optional(wholeNumber(CREDENTIAL_LIFE_SECONDS), CREDENTIAL_LIFE_SECONDS.default),
  service: v.optional(v.pipe(v.string(), v.metadata({ minLength: 1, 'x-one-of': 'registries' }))),
  format: v.optional(v.picklist(FORMAT_NAMES)),
});

/** A life that null leaves to the operator's ceiling. */
const mostSeconds = (range: { readonly min: number; readonly max: number }) =>
  v.optional(v.nullable(wholeNumber(range)));

export const SET_RULES = v.pipe(
  v.strictObject({
    maxExpiresInSeconds: mostSeconds(TOKEN_LIFE_SECONDS),
    nonExpiring: v.optional(v.picklist(['allowed', 'forbidden'])),
    maxCredentialSeconds: mostSeconds(CREDENTIAL_LIFE_SECONDS),
    retrievable: v.optional(v.boolean()),
    requireOwner: v.optional(v.boolean()),
    requireNetworks: v.optional(v.boolean()),
  }),
  v.transform((given): Partial<AccountRules> => {
    const set = Object.entries(given).filter(([, value]) => value !== null && value !== undefined);
    return Object.fromEntries(set);
  }),
);

const NOT_EVERYBODY = { not: { const: '*' } } as const;

/** What `policyProblem` allows. */
const POLICY_FORMS = [
  { properties: { role: { enum: ['reader', 'writer'] } } },
  { properties: { role: { const: 'manager' }, subject: NOT_EVERYBODY } },
  {
    properties: { role: { const: 'administrator' }, subject: NOT_EVERYBODY, repositories: { type: 'null' } },
  },
] as const;

/** Who asks for a policy: its issuer says which subjects there are, and whether there are groups. */
type PolicyMaker = Pick<Identity, 'groups' | 'issuer'>;

/** The body of a new policy that an identity asks for. */
export function policySchema(caller: PolicyMaker) {
  return v.pipe(
    v.strictObject({
      subject: subjectOf(caller),
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
      networks: v.optional(networks, null),
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

/** A subject or group of the caller's own issuer: other issuers have none in the account. A subject's key may be left out. */
function subjectOf({ issuer, groups }: PolicyMaker) {
  return v.pipe(
    v.string(),
    v.metadata({ maxLength: 256, pattern: '^[!-~]+$' }),
    v.rawTransform<string, Policy['subject']>(({ dataset, addIssue, NEVER }) => {
      const text = dataset.value;
      if (text === '*') return text;
      if (text.startsWith(`${GROUP_KEY}:`)) {
        const prefix = `${GROUP_KEY}:${issuer}:`;
        const group = text.startsWith(prefix) ? groupOf(issuer, text.slice(prefix.length)) : undefined;
        if (group !== undefined && groups !== undefined) return group;
        const why =
          groups === undefined ? ', but the configuration names no groups claim of this issuer' : '';
        addIssue({ message: `must be a group as ${prefix}NAME${why}` });
        return NEVER;
      }
      const prefix = qualify(issuer, '');
      const value = text.startsWith(prefix) ? text.slice(prefix.length) : text;
      if (isIdentifierValue(value)) return qualify(issuer, value);
      addIssue({ message: `must be *, or an IAM id, with or without ${prefix} before it` });
      return NEVER;
    }),
  );
}
