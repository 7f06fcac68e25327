/** The management routes in words, in the order of the table of routes. */

import { NAMESPACE_SCHEMA } from '../../lib/domain/repository.ts';
import { answer, CREATED, emptyResponse, inPath, jsonBody, type Line, type Operation } from './operation.ts';
import { OVERSIGHT_OPERATIONS } from './oversight-operations.ts';
import { HOLDER_OPERATIONS, TOKEN_OPERATIONS } from './token-operations.ts';
import { AN_IDENTIFIER } from './words.ts';

const POLICY_ID = inPath('id', 'The identifier of the policy.', AN_IDENTIFIER);
const TRUST_ID = inPath('id', 'The identifier of the trust.', AN_IDENTIFIER);
const NAMESPACE_NAME = inPath(
  'name',
  'The namespace: 2 to 128 lower-case letters and digits, separated by `.`, `_`, `__` or `-`.',
  { ...NAMESPACE_SCHEMA, example: 'team-a' },
);

const NAMESPACES = {
  'GET /v1/namespaces': {
    tag: 'Namespaces',
    summary: 'List the namespaces',
    description: 'Those of the account, by name.',
    answers: { 200: answer('The namespaces.', 'NamespaceList') },
  },
  'PUT /v1/namespaces/{name}': {
    tag: 'Namespaces',
    summary: 'Register a namespace',
    description:
      'A namespace belongs to one account. Only that account can grant access to the repositories whose names begin with it.',
    parameters: [NAMESPACE_NAME],
    answers: {
      200: answer('The account already had it.', 'Namespace'),
      201: answer('It is registered.', 'Namespace'),
    },
    failures: ['registration-closed', 'namespace-taken'],
  },
  'DELETE /v1/namespaces/{name}': {
    tag: 'Namespaces',
    summary: 'Release a namespace',
    description: 'Access to its repositories is no longer granted. The name stays reserved to the account.',
    parameters: [NAMESPACE_NAME],
    answers: { 204: emptyResponse('It is released.') },
    failures: ['not-found'],
  },
} as const satisfies Partial<Record<Line, Operation>>;

const POLICIES = {
  'POST /v1/policies': {
    tag: 'Policies',
    summary: 'Add a policy',
    description: 'Policies apply to IAM identities, never to registry tokens.',
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
    description: 'It no longer applies, from the next login on.',
    parameters: [POLICY_ID],
    answers: { 204: emptyResponse('It is removed.') },
    failures: ['not-found'],
  },
} as const satisfies Partial<Record<Line, Operation>>;

const TRUSTS = {
  'POST /v1/trusts': {
    tag: 'Trusts',
    summary: 'Add a trust',
    description: 'Workloads of a build platform can log in if their tokens have these claims.',
    body: jsonBody('NewTrust', true),
    answers: { 201: answer('The trust.', 'Trust', CREATED) },
    failures: ['limit-reached', 'no-build-platform'],
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
    description: 'It no longer applies, from the next login on.',
    parameters: [TRUST_ID],
    answers: { 204: emptyResponse('It is removed.') },
    failures: ['not-found'],
  },
} as const satisfies Partial<Record<Line, Operation>>;

const ISSUERS = {
  'GET /v1/issuers': {
    tag: 'Trusts',
    summary: 'List what can be trusted',
    description:
      'The build platforms that the configuration names, and the kinds of platforms that it can name, with the claims that a trust must name.',
    answers: { 200: answer('Issuers and platforms.', 'IssuerList') },
  },
} as const satisfies Partial<Record<Line, Operation>>;

export const MANAGEMENT_OPERATIONS = {
  ...HOLDER_OPERATIONS,
  ...TOKEN_OPERATIONS,
  ...NAMESPACES,
  ...POLICIES,
  ...TRUSTS,
  ...ISSUERS,
  ...OVERSIGHT_OPERATIONS,
  'GET /v1/identity': {
    tag: 'Identity',
    summary: 'Show who the caller is',
    description: 'The authenticated identity, its roles, and where they come from.',
    answers: { 200: answer('The caller.', 'Identity') },
  },
} as const satisfies Partial<Record<Line, Operation>>;
