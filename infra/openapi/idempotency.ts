/** How a request that issues a value is repeated. */

export const IDEMPOTENCY_KEY = {
  name: 'Idempotency-Key',
  in: 'header',
  description:
    'A name for this request, new for each. Repeating the request with it never issues a second value: the first value is shown again while it is current, retrievable and usable.',
  schema: { type: 'string', pattern: '^[\\x21-\\x7e]{1,255}$' },
};

export const REPLAYS = ['idempotency-replayed', 'idempotency-mismatch'] as const;
