/** Headers of answers. */

export const CHALLENGE = 'WWW-Authenticate';
const KEPT = 'Cache-Control';

interface Header {
  readonly description: string;
  readonly schema: object;
}

/** By the name of the component: that of the header, and after a dot which of its values. */
export const HEADERS = {
  'X-Request-Id': {
    description: 'The name of this request, by which the log says what became of it.',
    schema: { type: 'string', minLength: 1, examples: ['b6b8a3f4-5d1c-4f0e-9a55-6f1d7b1d9e57'] },
  },
  [KEPT]: {
    description: 'Nobody keeps the answer.',
    schema: { type: 'string', const: 'no-store' },
  },
  'Cache-Control.Public': {
    description: 'The answer holds no secret and may be kept for five minutes.',
    schema: { type: 'string', const: 'public, max-age=300' },
  },
  Location: {
    description: 'Where the new thing is.',
    schema: { type: 'string', pattern: '^/v1/[a-z]+/[0-9a-f-]{36}$' },
  },
  'Retry-After': {
    description: 'When to come again, in seconds.',
    schema: { type: 'integer', minimum: 1, examples: [5] },
  },
  [CHALLENGE]: {
    description: 'How to authenticate.',
    schema: { type: 'string', const: 'Basic realm="pullpass", charset="UTF-8"' },
  },
} as const satisfies Record<string, Header>;

export type HeaderName = keyof typeof HEADERS;

export const NOT_KEPT = ['X-Request-Id', KEPT] as const satisfies HeaderName[];
export const PUBLICLY_KEPT = ['X-Request-Id', 'Cache-Control.Public'] as const satisfies HeaderName[];

/** The headers of an answer; every one is always there. */
export function headers(names: readonly HeaderName[]): Record<string, { $ref: string }> {
  return Object.fromEntries(
    names.map(name => [name.replace(/\..*$/, ''), { $ref: `#/components/headers/${name}` }]),
  );
}
