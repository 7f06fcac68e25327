/** The route that ensures that there is a token of a name, in words. */
import { TOKEN_NAME_SCHEMA } from '../../lib/domain/token-name.ts';
import { IDEMPOTENCY_KEY, REPLAYS } from './idempotency.ts';
import { answer, inPath, jsonBody, type Line, NO_STORE, type Operation } from './operation.ts';

const TOKEN_NAME = inPath(
  'name',
  'The name of the token, which no other token of the account has: 1 to 63 letters, digits, `.`, `_` and `-`, with a letter or digit at both ends. Upper and lower case differ.',
  { ...TOKEN_NAME_SCHEMA, example: 'build-farm' },
);

export const ENSURE_OPERATION = {
  'PUT /v1/tokens/by-name/{name}': {
    tag: 'Tokens',
    summary: 'Ensure that there is a token of a name',
    description:
      'For build scripts and tools that declare what there should be: however often it is repeated, and however many do so at once, there is one token. The value is in the answer that adds it, and with an `Idempotency-Key` in its repetitions. A name is free again when its token is removed or has expired.',
    parameters: [TOKEN_NAME, IDEMPOTENCY_KEY],
    body: jsonBody('WantedToken', false),
    answers: {
      200: answer('There was one: how it differs from what is wanted, without its value.', 'EnsuredToken'),
      201: answer('It was added: the token and its value.', 'AddedToken', {
        headers: [...NO_STORE, 'Location'],
      }),
    },
    failures: REPLAYS,
  },
} as const satisfies Partial<Record<Line, Operation>>;
