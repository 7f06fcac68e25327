/** The token routes. */
import { NOT_KEPT } from '../headers.ts';
import { AN_ID } from '../members.ts';
import { answer, emptyAnswer, inPath, inQuery, jsonBody, type Line, type Operation } from '../operation.ts';

const tag = 'Tokens';
const ID = inPath('id', 'The identifier of the token.', AN_ID);
const IDEMPOTENCY_KEY = {
  name: 'Idempotency-Key',
  in: 'header',
  description:
    'A name for this request, new for each. A repetition with it never issues a second value: it shows the first one again while that is current, retrievable and usable.',
  schema: { type: 'string', pattern: '^[\\x21-\\x7e]{1,255}$' },
};
const REPLAYS = ['idempotency-replayed', 'idempotency-mismatch'] as const;

export const TOKEN_OPERATIONS = {
  'POST /v1/tokens': {
    tag,
    summary: 'Add a token',
    description: 'The answer holds its value.',
    parameters: [IDEMPOTENCY_KEY],
    body: jsonBody('NewToken', false),
    answers: {
      201: answer('The token, and its value.', 'IssuedToken', { headers: [...NOT_KEPT, 'Location'] }),
    },
    failures: REPLAYS,
  },
  'GET /v1/tokens': {
    tag,
    summary: 'List the tokens',
    description: 'Those of the account that have not ended, newest first, without values.',
    parameters: [
      inQuery('limit', 'How many tokens a page holds.', {
        type: 'integer',
        minimum: 1,
        maximum: 200,
        default: 50,
      }),
      inQuery('cursor', 'The `nextCursor` of the page before.', { type: 'string' }),
    ],
    answers: { 200: answer('A page of tokens.', 'TokenList') },
  },
  'GET /v1/tokens/{id}': {
    tag,
    summary: 'Show a token',
    description: 'Without its value. A token that has ended is not found.',
    parameters: [ID],
    answers: { 200: answer('The token.', 'Token') },
    failures: ['not-found'],
  },
  'PATCH /v1/tokens/{id}': {
    tag,
    summary: 'Change a token',
    description: 'What is absent stays as it is. The change acts at the next login.',
    parameters: [ID],
    body: jsonBody('TokenChange', true),
    answers: { 200: answer('The token after the change.', 'Token') },
    failures: ['not-found'],
  },
  'DELETE /v1/tokens/{id}': {
    tag,
    summary: 'Remove a token',
    description: 'No login succeeds with it any more. Removed again, it is not found.',
    parameters: [ID],
    answers: { 204: emptyAnswer('The token is removed.') },
    failures: ['not-found'],
  },
  'GET /v1/tokens/{id}/value': {
    tag,
    summary: 'Show the value of a token again',
    description: 'Who asked is recorded first.',
    parameters: [ID],
    answers: { 200: answer('The value.', 'TokenValue') },
    failures: ['not-found', 'not-retrievable', 'token-disabled'],
  },
  'POST /v1/tokens/{id}/rotate': {
    tag,
    summary: 'Give a token a new value',
    description: 'The value so far keeps working until the grace ends.',
    parameters: [ID, IDEMPOTENCY_KEY],
    body: jsonBody('TokenRotation', false),
    answers: { 200: answer('The token, and its new value.', 'IssuedToken') },
    failures: ['not-found', 'rotation-in-progress', ...REPLAYS],
  },
} as const satisfies Partial<Record<Line, Operation>>;
