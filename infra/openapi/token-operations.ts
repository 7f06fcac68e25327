/** The routes of tokens in words: those of administrators, and those of their holders. */

import { TOKEN_STATES } from '../../lib/domain/token-filter.ts';
import { TOKEN_NAME_SCHEMA } from '../../lib/domain/token-name.ts';
import {
  answer,
  CREATED,
  emptyResponse,
  inPath,
  inQuery,
  jsonBody,
  type Line,
  type Operation,
} from './operation.ts';
import { A_LIMIT, AN_IDENTIFIER } from './words.ts';

/** How a request that issues a value is repeated. */
const IDEMPOTENCY_KEY = {
  name: 'Idempotency-Key',
  in: 'header',
  description:
    'A name for this request, new for each. Repeating the request with it never issues a second value: the first value is shown again while it is current, retrievable and usable.',
  schema: { type: 'string', pattern: '^[\\x21-\\x7e]{1,255}$' },
};

const REPLAYS = ['idempotency-replayed', 'idempotency-mismatch'] as const;

const TOKEN_ID = inPath('id', 'The identifier of the token.', AN_IDENTIFIER);
const TOKEN_NAME = inPath(
  'name',
  'The name of the token, which no other token of the account has: 1 to 63 letters, digits, `.`, `_` and `-`, with a letter or digit at both ends. Upper and lower case differ.',
  { ...TOKEN_NAME_SCHEMA, example: 'build-farm' },
);

/** In seconds. */
const A_TIME = { type: 'integer', minimum: 0, maximum: 9_999_999_999 } as const;

/** For administrators. */
export const TOKEN_OPERATIONS = {
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
  'PUT /v1/tokens/by-name/{name}': {
    tag: 'Tokens',
    summary: 'Ensure that there is a token of a name',
    description:
      'For build scripts and tools that declare what there should be: however often it is repeated, and however many do so at once, there is one token. The value is in the answer that adds it, and with an `Idempotency-Key` in its repetitions. A name is free again when its token is removed or has expired.',
    parameters: [TOKEN_NAME, IDEMPOTENCY_KEY],
    body: jsonBody('WantedToken', false),
    answers: {
      200: answer('There was one: how it differs from what is wanted, without its value.', 'EnsuredToken'),
      201: answer('It was added: the token and its value.', 'AddedToken', CREATED),
    },
    failures: REPLAYS,
  },
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

const ENDED = ['token-expired', 'token-rotated', 'value-disabled'] as const;

/** For who holds a token. */
export const HOLDER_OPERATIONS = {
  'GET /v1/token': {
    tag: 'Credentials',
    summary: 'Show the token of the caller',
    description:
      'What it allows, until when, and whether a rotation has replaced what the caller presents. A right value that has ended reads that it has, and when; a wrong one does not learn whether there is such a token. Looking is no use of the token.',
    answers: { 200: answer('The token.', 'HeldToken') },
    failures: ['forbidden', ...ENDED],
  },
  'POST /v1/token/rotate': {
    tag: 'Credentials',
    summary: 'Give the token of the caller a new value',
    description:
      'Only of a token with `selfRotate`, by its current value, and an hour after the last rotation. Nothing else of the token changes. With a grace period a repeated request gets the same value again; without one the old value has ended, so an answer that is lost is lost.',
    parameters: [IDEMPOTENCY_KEY],
    body: jsonBody('TokenRotation', false),
    answers: { 200: answer('The token and its new value.', 'RotatedToken') },
    failures: ['forbidden', 'rotation-in-progress', ...REPLAYS, ...ENDED],
  },
} as const satisfies Partial<Record<Line, Operation>>;
