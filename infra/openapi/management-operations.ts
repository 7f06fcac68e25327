/** The management routes in words, in the order of the table of routes. */

import { NAMESPACE_SCHEMA } from '../../lib/domain/repository.ts';
import { TOKEN_STATES } from '../../lib/domain/token-filter.ts';
import { ENSURE_OPERATION } from './ensure-operation.ts';
import { HOLDER_OPERATIONS } from './holder-operations.ts';
import { IDEMPOTENCY_KEY, REPLAYS } from './idempotency.ts';
import {
  answer,
  emptyResponse,
  inPath,
  inQuery,
  jsonBody,
  type Line,
  NO_STORE,
  type Operation,
} from './operation.ts';
import { OVERSIGHT_OPERATIONS } from './oversight-operations.ts';
import { A_LIMIT, AN_IDENTIFIER } from './words.ts';

const TOKEN_ID = inPath('id', 'The identifier of the token.', AN_IDENTIFIER);
const POLICY_ID = inPath('id', 'The identifier of the policy.', AN_IDENTIFIER);
const TRUST_ID = inPath('id', 'The identifier of the trust.', AN_IDENTIFIER);
const NAMESPACE_NAME = inPath(
  'name',
  'The namespace: 2 to 128 lower-case letters and digits, separated by `.`, `_`, `__` or `-`.',
  { ...NAMESPACE_SCHEMA, example: 'team-a' },
);
const A_TIME = { type: 'integer', minimum: 0, maximum: 9_999_999_999 } as const;
const CREATED = { headers: [...NO_STORE, 'Location'] } as const;

const TOKENS = {
  'POST /v1/tokens': {
    tag: 'Tokens',
    summary: 'Add a token',
    description: 'The answer holds its value.',
    parameters: [IDEMPOTENCY_KEY],
    body: jsonBody('NewToken', false),
    answers: { 201: answer('The token and its value.', 'IssuedToken', CREATED) },
    failures: REPLAYS,
  },
  'GET /v1/tokens': {
    tag: 'Tokens',
    summary: 'List the tokens',
    description:
      'The unexpired tokens of the account, newest first, without values. With filters, a page examines 500 tokens at most: it may come with few of them, or none, and a `nextCursor`, which is good with the same filters alone.',
    parameters: [
      inQuery('limit', 'The number of tokens on a page.', A_LIMIT),
      inQuery('cursor', 'The `nextCursor` of the previous page.', {
        type: 'string',
        pattern: '^[0-9A-Za-z]{30}$',
        minLength: 30,
        maxLength: 30,
      }),
      inQuery(
        'label',
        'Only tokens with this label: its name, `=` and its value. Repeated: with all of them.',
        {
          type: 'array',
          maxItems: 8,
          items: { type: 'string', pattern: '^[a-z0-9._/-]{1,63}=.{0,63}$', example: 'team=builds' },
        },
      ),
      inQuery('owner', 'Only tokens of this owner.', { type: 'string', pattern: '^.{1,128}$' }),
      inQuery('access', 'Only tokens with this access.', { type: 'string', enum: ['pull', 'push'] }),
      inQuery(
        'state',
        'Only tokens that are enabled, that are disabled, or that are enabled and end in the last quarter of their life, or in seven days if that is less.',
        { type: 'string', enum: TOKEN_STATES },
      ),
      inQuery('unusedForSeconds', 'Only tokens that were not used for so long, nor added since.', A_TIME),
      inQuery('expiresWithinSeconds', 'Only tokens that expire within this time.', A_TIME),
      inQuery('id', 'Only tokens whose identifier begins so.', {
        type: 'string',
        pattern: '^[0-9A-Fa-f-]{1,36}$',
        example: '019aa5f0',
      }),
    ],
    answers: { 200: answer('A page of tokens.', 'TokenList') },
  },
  ...ENSURE_OPERATION,
  'GET /v1/tokens/{id}': {
    tag: 'Tokens',
    summary: 'Show a token',
    description: 'Without its value. An expired token is not found.',
    parameters: [TOKEN_ID],
    answers: { 200: answer('The token.', 'Token') },
    failures: ['not-found'],
  },
  'PATCH /v1/tokens/{id}': {
    tag: 'Tokens',
    summary: 'Change a token',
    description: 'Absent members stay as they are. The change takes effect at the next login.',
    parameters: [TOKEN_ID],
    body: jsonBody('TokenChange', true),
    answers: { 200: answer('The token after the change.', 'Token') },
    failures: ['not-found'],
  },
  'DELETE /v1/tokens/{id}': {
    tag: 'Tokens',
    summary: 'Remove a token',
    description: 'No login succeeds with it from then on. Removing it again is 404.',
    parameters: [TOKEN_ID],
    answers: { 204: emptyResponse('The token is removed.') },
    failures: ['not-found'],
  },
  'GET /v1/tokens/{id}/value': {
    tag: 'Tokens',
    summary: 'Show the value of a token again',
    description: 'The caller is recorded before the value is shown.',
    parameters: [TOKEN_ID],
    answers: { 200: answer('The value.', 'TokenValue') },
    failures: ['not-found', 'not-retrievable', 'token-disabled'],
  },
  'POST /v1/tokens/{id}/rotate': {
    tag: 'Tokens',
    summary: 'Give a token a new value',
    description: 'The old value keeps working until the grace period ends.',
    parameters: [TOKEN_ID, IDEMPOTENCY_KEY],
    body: jsonBody('TokenRotation', false),
    answers: { 200: answer('The token and its new value.', 'IssuedToken') },
    failures: ['not-found', 'rotation-in-progress', ...REPLAYS],
  },
} as const satisfies Partial<Record<Line, Operation>>;

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
  ...TOKENS,
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
