/**
 * What the management routes answer: the types of the serialisers, the schemas of the OpenAPI document, and what the CLI
 * reads. A client accepts members that it does not know; the document lists them all.
 */
import * as v from 'valibot';
import { CHECKS, DECISIONS, RESULTS } from '../domain/explanation.ts';
import { DAY_PATTERN } from '../domain/time.ts';
import { ACCESS, ID, list, ROLE, TIME, WHOLE_NUMBER } from './fields.ts';

const ACTION = v.picklist(['pull', 'push', 'delete']);

/** null: every repository in the namespaces of the account. */
const REPOSITORIES = v.nullable(list(v.string()));
/** null: from any address. */
const NETWORKS = v.nullable(list(v.string()));
const CREATED = { createdAt: TIME, createdBy: v.string() };

export const LIMITS = v.object({ pullsPerDay: WHOLE_NUMBER });

/** A login with a token, or with a credential of it. */
export const TOKEN_USE = v.object({
  at: TIME,
  address: v.nullable(v.string()),
  client: v.nullable(v.string()),
  service: v.nullable(v.string()),
});
export type TokenUse = v.InferOutput<typeof TOKEN_USE>;

/** The value before the last rotation, as long as it works. */
export const PREVIOUS_VALUE = v.object({ endsAt: TIME, lastUsed: v.nullable(TOKEN_USE) });

/** A registry token, never with its hash or salt. */
export const TOKEN = v.object({
  id: ID,
  name: v.nullable(v.string()),
  description: v.string(),
  labels: v.record(v.string(), v.string()),
  owner: v.nullable(v.string()),
  access: ACCESS,
  repositories: REPOSITORIES,
  networks: NETWORKS,
  ...CREATED,
  expiresAt: v.nullable(TIME),
  generation: WHOLE_NUMBER,
  valueIssuedAt: v.nullable(TIME),
  previousValue: v.nullable(PREVIOUS_VALUE),
  lastUsedAt: v.nullable(TIME),
  lastUsed: v.nullable(TOKEN_USE),
  disabled: v.boolean(),
  disabledAt: v.nullable(TIME),
  disabledBy: v.nullable(v.string()),
  retrievable: v.boolean(),
  selfRotate: v.boolean(),
  limits: v.nullable(LIMITS),
});
export type Token = v.InferOutput<typeof TOKEN>;

export const VALUE = v.pipe(v.string(), v.regex(/^plp_[0-9A-Za-z]{87}$/));

/** A token with its value: the answer to adding and rotating. */
export const NEW_TOKEN = v.object({ ...TOKEN.entries, token: VALUE });
export type NewToken = v.InferOutput<typeof NEW_TOKEN>;

export const TOKEN_VALUE = v.object({ id: ID, token: VALUE });
export type TokenValue = v.InferOutput<typeof TOKEN_VALUE>;

export const TOKEN_LIST = v.object({ tokens: list(TOKEN), nextCursor: v.nullable(v.string()) });
export type TokenList = v.InferOutput<typeof TOKEN_LIST>;

export const NAMESPACE = v.object({ name: v.string() });
export type Namespace = v.InferOutput<typeof NAMESPACE>;

export const NAMESPACE_LIST = v.object({ namespaces: list(NAMESPACE) });
export type NamespaceList = v.InferOutput<typeof NAMESPACE_LIST>;

export const POLICY = v.object({
  id: ID,
  subject: v.string(),
  role: ROLE,
  repositories: REPOSITORIES,
  ...CREATED,
});
export type Policy = v.InferOutput<typeof POLICY>;

export const POLICY_LIST = v.object({ policies: list(POLICY) });
export type PolicyList = v.InferOutput<typeof POLICY_LIST>;

export const TRUST = v.object({
  id: ID,
  issuer: v.string(),
  claims: v.record(v.string(), v.string()),
  access: ACCESS,
  repositories: REPOSITORIES,
  networks: NETWORKS,
  lifetimeSeconds: WHOLE_NUMBER,
  ...CREATED,
});
export type Trust = v.InferOutput<typeof TRUST>;

export const TRUST_LIST = v.object({ trusts: list(TRUST) });
export type TrustList = v.InferOutput<typeof TRUST_LIST>;

/** What a trust must name; to push, one of each list, too. */
export const REQUIRED_CLAIMS = v.object({ always: list(v.string()), forPush: list(list(v.string())) });

/** A build platform of the configuration. */
export const WORKLOAD_ISSUER = v.object({
  key: v.string(),
  platform: v.string(),
  issuer: v.string(),
  requiredClaims: REQUIRED_CLAIMS,
  maxLifetimeSeconds: WHOLE_NUMBER,
});
export type WorkloadIssuer = v.InferOutput<typeof WORKLOAD_ISSUER>;

/** A kind of platform that the configuration can name. */
export const PLATFORM = v.object({
  platform: v.string(),
  name: v.string(),
  documentation: v.string(),
  requiredClaims: REQUIRED_CLAIMS,
  claims: list(v.object({ name: v.string(), value: v.string() })),
});
export type Platform = v.InferOutput<typeof PLATFORM>;

export const ISSUER_LIST = v.object({
  audience: v.string(),
  issuers: list(WORKLOAD_ISSUER),
  platforms: list(PLATFORM),
});
export type IssuerList = v.InferOutput<typeof ISSUER_LIST>;

const DAY = v.pipe(v.string(), v.regex(new RegExp(DAY_PATTERN)));

export const COUNTER = v.object({
  day: DAY,
  token: ID,
  repository: v.string(),
  pulls: v.pipe(v.number(), v.integer(), v.minValue(1)),
});

/** How often images were pulled in the days from the first to the last. */
export const USAGE = v.object({
  from: DAY,
  to: DAY,
  usage: list(COUNTER),
  nextCursor: v.nullable(v.string()),
});
export type Usage = v.InferOutput<typeof USAGE>;

/** What was done in the account, never with a secret. */
export const AUDIT_ENTRY = v.object({
  at: TIME,
  act: v.string(),
  target: v.string(),
  subject: v.string(),
  uniqueId: v.nullable(v.string()),
  group: v.nullable(v.string()),
  requestId: v.string(),
  sourceAddress: v.string(),
});
export type AuditEntry = v.InferOutput<typeof AUDIT_ENTRY>;

export const AUDIT = v.object({ entries: list(AUDIT_ENTRY), nextCursor: v.nullable(v.string()) });
export type Audit = v.InferOutput<typeof AUDIT>;

/** What a login would get, and what each check says. */
export const STEP = v.object({ check: v.picklist(CHECKS), result: v.picklist(RESULTS), detail: v.string() });

export const EXPLANATION = v.object({
  decision: v.picklist(DECISIONS),
  granted: list(v.object({ type: v.literal('repository'), name: v.string(), actions: list(ACTION) })),
  steps: list(STEP),
});
export type Explanation = v.InferOutput<typeof EXPLANATION>;

/** A role of the caller, and what gives it: the configuration of the deployment, or a policy. */
export const HELD_ROLE = v.object({
  role: ROLE,
  repositories: REPOSITORIES,
  source: v.union([v.literal('configuration'), v.object({ policy: ID, group: v.exactOptional(v.string()) })]),
});

export const IDENTITY = v.object({
  kind: v.picklist(['iambearer', 'iamapikey', 'iamrefresh', 'awsiam']),
  issuer: v.string(),
  account: v.string(),
  subject: v.string(),
  strength: v.picklist(['strong', 'weak']),
  expiresAt: v.nullable(TIME),
  groups: v.exactOptional(list(v.string())),
  ignoredGroups: v.exactOptional(v.string()),
  roles: list(HELD_ROLE),
  workloadAudience: v.string(),
});
export type Identity = v.InferOutput<typeof IDENTITY>;

/** What an account allows for what is made in it. */
export const RULES = v.object({
  maxExpiresInSeconds: WHOLE_NUMBER,
  nonExpiring: v.picklist(['allowed', 'forbidden']),
  maxCredentialSeconds: WHOLE_NUMBER,
  retrievable: v.boolean(),
  requireOwner: v.boolean(),
  requireNetworks: v.boolean(),
});

/** A token that could not be made now. */
export const BREAKING_TOKEN = v.object({
  token: ID,
  rules: list(
    v.picklist(['maxExpiresInSeconds', 'nonExpiring', 'retrievable', 'requireOwner', 'requireNetworks']),
  ),
});

/** The rules, and the tokens that break them. */
export const ACCOUNT_RULES = v.object({
  ...RULES.entries,
  ceiling: RULES,
  breaking: list(BREAKING_TOKEN),
  nextCursor: v.nullable(v.string()),
});
export type AccountRules = v.InferOutput<typeof ACCOUNT_RULES>;
