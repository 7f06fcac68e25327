/** The routes of who holds a registry token in words. */
import { IDEMPOTENCY_KEY, REPLAYS } from './idempotency.ts';
import { answer, jsonBody, type Line, type Operation } from './operation.ts';

const ENDED = ['token-expired', 'token-rotated', 'value-disabled'] as const;

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
