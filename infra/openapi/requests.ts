/** Bodies of requests: the schemas that the code itself reads them with, and what their members mean. */
import type * as v from 'valibot';
import {
  ADD_TOKEN,
  CHANGE_TOKEN,
  policySchema,
  ROTATE_TOKEN,
  trustSchema,
  VEND_CREDENTIAL,
} from '../../lib/api/requests.ts';
import { FORM_REQUESTS } from './forms.ts';
import { type JsonSchema, schemaOf } from './schema.ts';

interface Request<S extends v.GenericSchema> {
  readonly schema: S;
  /** Every member that the schema knows, and no other. */
  readonly members: Readonly<Record<keyof v.InferInput<S> & string, string>>;
  readonly example: v.InferInput<S>;
  /** What the schema checks by a program, in words. */
  readonly rules?: string;
}

const ACCESS = 'What may be done with the repositories; `push` means pull and push.';
const REPOSITORIES =
  'Repository names (`team-a/app`), and prefixes followed by `/*` (`team-a/*`) for everything below them.';
const ALL = 'null: every repository in the namespaces of the account, now and later.';
const ENDS = 'When it ends by itself, in seconds from now.';
const REACH = `${REPOSITORIES} What lies in namespaces that the account does not hold is accepted and gives nothing. ${ALL}`;

const NewToken = request({
  schema: ADD_TOKEN,
  members: {
    description: 'What it is for, in your words.',
    access: ACCESS,
    nonExpiring: 'It never ends by itself.',
    expiresInSeconds: `${ENDS} A day when absent.`,
    repositories: REACH,
    retrievable: 'Whether its value can be shown again. If not, it is random and shown once.',
  },
  example: {
    description: 'build farm',
    access: 'push',
    repositories: ['team-a/*'],
    expiresInSeconds: 2_592_000,
  },
});

const TokenChange = request({
  schema: CHANGE_TOKEN,
  members: {
    description: 'What it is for, in your words.',
    access: ACCESS,
    repositories: REACH,
    disabled: 'While this is true no login succeeds with it.',
    nonExpiring: 'From now on it never ends by itself.',
    expiresInSeconds: ENDS,
  },
  example: { disabled: true },
});

const TokenRotation = request({
  schema: ROTATE_TOKEN,
  members: {
    graceSeconds: 'How long the value so far keeps working, in seconds.',
    force: 'Ends a grace that still runs, instead of being refused because of it.',
  },
  example: { graceSeconds: 3600 },
});

const NewPolicy = request({
  schema: policySchema('<issuer>'),
  members: {
    subject:
      'Whom it is for: an IAM id, with or without the key of its issuer; `*` for every identity of the account.',
    role: 'reader: pull; writer: pull, push; manager: pull, push, delete; administrator: all of it, and managing the account.',
    repositories: REACH,
  },
  example: { subject: 'bob', role: 'writer', repositories: ['team-a/*'] },
  rules:
    'The subject `*` is reader or writer; an administrator is one of the whole account, without repositories.',
});

const NewTrust = request({
  schema: trustSchema([]),
  members: {
    issuer: 'The build platform that vouches for the workloads.',
    claims:
      'The claims that the token of a workload must have, with exactly these values; members of an object are named after a slash.',
    access: ACCESS,
    repositories: REACH,
    lifetimeSeconds: 'How long what the workload gets lives at most, in seconds.',
  },
  example: {
    issuer: 'github',
    claims: { repository_id: '74', repository_owner_id: '65', ref: 'refs/heads/main' },
    access: 'push',
  } as never,
  rules:
    'The claims name what nobody can take over: for GitHub `repository_id` and `repository_owner_id`, to push also `ref`, `environment` or `job_workflow_ref`; for GitLab `project_id`, to push also `ref_protected`; for Kubernetes `sub` and `kubernetes.io/serviceaccount/uid`.',
});

const CredentialRequest = request({
  schema: VEND_CREDENTIAL,
  members: {
    repositories: `${REPOSITORIES} null: every repository that the parent may use; a credential to push then also pulls where the parent may only pull.`,
    access: ACCESS,
    expiresInSeconds: `${ENDS} Shortened to the end of its parent.`,
    service: 'The registry that it is for; absent: the only one.',
    format: 'The shape of the answer; absent: what `Accept` asks for, or else `json`.',
  },
  example: { repositories: ['team-a/app'], format: 'docker-config' },
});

export const REQUESTS: Readonly<Record<string, JsonSchema>> = {
  NewToken,
  TokenChange,
  TokenRotation,
  NewPolicy,
  NewTrust,
  CredentialRequest,
  ...FORM_REQUESTS,
};

function request<S extends v.GenericSchema>({ schema, members, example, rules }: Request<S>): JsonSchema {
  const { properties = {}, ...rest } = schemaOf(schema, rules);
  const described = Object.entries(properties).map(([name, property]) => [
    name,
    describe(property, members[name as keyof typeof members]),
  ]);
  return { ...rest, properties: Object.fromEntries(described), examples: [example as object] } as JsonSchema;
}

/** The meaning first, then what the schema says of itself. */
function describe(property: JsonSchema | boolean, meaning: string): JsonSchema {
  if (typeof property === 'boolean') throw new Error('a member that can be anything');
  return { ...property, description: [meaning, property.description].filter(Boolean).join(' ') };
}
