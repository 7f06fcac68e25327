/** The routes of what else an account has: namespaces, policies, trusts; and who the caller is. */
import { NOT_KEPT } from '../headers.ts';
import { AN_ID } from '../members.ts';
import { answer, emptyAnswer, inPath, jsonBody, type Line, type Operation } from '../operation.ts';

const NAME = inPath(
  'name',
  'The namespace: 2 to 128 lower-case letters and digits, parted by `.`, `_`, `__` or `-`.',
  'team-a',
);
const CREATED = { headers: [...NOT_KEPT, 'Location'] } as const;
const policyId = inPath('id', 'The identifier of the policy.', AN_ID);
const trustId = inPath('id', 'The identifier of the trust.', AN_ID);

const NAMESPACE_OPERATIONS = {
  'GET /v1/namespaces': {
    tag: 'Namespaces',
    summary: 'List the namespaces',
    description: 'Those that the account holds, by name.',
    answers: { 200: answer('The namespaces.', 'NamespaceList') },
  },
  'PUT /v1/namespaces/{name}': {
    tag: 'Namespaces',
    summary: 'Register a namespace',
    description:
      'One account holds it, and only it can let anyone into the repositories whose names begin with it.',
    parameters: [NAME],
    answers: {
      200: answer('The account held it already.', 'Namespace'),
      201: answer('It is registered.', 'Namespace'),
    },
    failures: ['registration-closed', 'namespace-taken'],
  },
  'DELETE /v1/namespaces/{name}': {
    tag: 'Namespaces',
    summary: 'Release a namespace',
    description: 'Nothing in it is granted any more. The name stays reserved to the account.',
    parameters: [NAME],
    answers: { 204: emptyAnswer('It is released.') },
    failures: ['not-found'],
  },
} as const satisfies Partial<Record<Line, Operation>>;

const POLICY_OPERATIONS = {
  'POST /v1/policies': {
    tag: 'Policies',
    summary: 'Add a policy',
    description: 'Policies govern IAM identities, and never registry tokens.',
    body: jsonBody('NewPolicy', true),
    answers: { 201: answer('The policy.', 'Policy', CREATED) },
    failures: ['limit-reached'],
  },
  'GET /v1/policies': {
    tag: 'Policies',
    summary: 'List the policies',
    description: 'Those of the account, oldest first.',
    answers: { 200: answer('The policies.', 'PolicyList') },
  },
  'DELETE /v1/policies/{id}': {
    tag: 'Policies',
    summary: 'Remove a policy',
    description: 'It counts for nothing from the next login on.',
    parameters: [policyId],
    answers: { 204: emptyAnswer('It is removed.') },
    failures: ['not-found'],
  },
} as const satisfies Partial<Record<Line, Operation>>;

const TRUST_OPERATIONS = {
  'POST /v1/trusts': {
    tag: 'Trusts',
    summary: 'Add a trust',
    description: 'It lets the workloads of a build platform log in whose tokens have these claims.',
    body: jsonBody('NewTrust', true),
    answers: { 201: answer('The trust.', 'Trust', CREATED) },
    failures: ['limit-reached'],
  },
  'GET /v1/trusts': {
    tag: 'Trusts',
    summary: 'List the trusts',
    description: 'Those of the account, oldest first.',
    answers: { 200: answer('The trusts.', 'TrustList') },
  },
  'DELETE /v1/trusts/{id}': {
    tag: 'Trusts',
    summary: 'Remove a trust',
    description: 'It counts for nothing from the next login on.',
    parameters: [trustId],
    answers: { 204: emptyAnswer('It is removed.') },
    failures: ['not-found'],
  },
} as const satisfies Partial<Record<Line, Operation>>;

export const ACCOUNT_OPERATIONS = {
  ...NAMESPACE_OPERATIONS,
  ...POLICY_OPERATIONS,
  ...TRUST_OPERATIONS,
  'GET /v1/identity': {
    tag: 'Identity',
    summary: 'Show who the caller is',
    description: 'What the caller was recognised as, its roles, and where they come from.',
    answers: { 200: answer('The caller.', 'Identity') },
  },
} as const satisfies Partial<Record<Line, Operation>>;
