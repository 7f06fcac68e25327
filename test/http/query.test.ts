/** Parameters of a query that the route does not have. */
import { describe, expect, it } from 'vitest';
import { parseForm } from '../../lib/http/form.ts';
import { checkQuery } from '../../lib/http/query.ts';
import type { Route } from '../../lib/http/request.ts';
import { errorOf } from '../support/errors.ts';

const routeOf = (query: readonly string[] | undefined): Route => ({
  ...({ method: 'GET', path: '/x', operation: 'x', authentication: 'public' } as const),
  ...({ body: 'none', errors: 'problem' } as const),
  ...(query === undefined ? {} : { query }),
});
const check = (query: readonly string[] | undefined, text: string) => () =>
  checkQuery(routeOf(query), parseForm(text));

describe('a query', () => {
  it.each<[string, readonly string[] | undefined, string]>([
    ['known parameters', ['limit', 'after'], 'after=x&limit=1'],
    ['one of them', ['limit', 'after'], 'limit=1'],
    ['none', ['limit'], ''],
    ['none, where none is known', [], ''],
    ['any, where the route ignores others', undefined, 'x=1'],
  ])('may have %s', (_, known, text) => {
    expect(check(known, text)).not.toThrow();
  });

  it.each<[string, readonly string[], string, string[], string]>([
    ['a misspelled one', ['limit', 'after'], 'limti=1', ['limti'], 'there are limit and after'],
    ['another case', ['limit'], 'Limit=1', ['Limit'], 'there are limit'],
    ['two beside a known one', ['limit'], 'b=1&limit=1&a=2', ['b', 'a'], 'there are limit'],
    ['one where none is known', [], 'limit=1', ['limit'], 'there are none here'],
    ['one that is not quoted', ['limit'], 'plp_x%0A=1', ['?'], 'there are limit'],
  ])('with %s is refused, with what is known', (_, known, text, paths, rest) => {
    const message = `is an unknown parameter; ${rest}`;
    expect(errorOf(check(known, text))).toMatchObject({
      code: 'invalid-request',
      details: {
        detail: 'The query is not valid; see errors.',
        problems: paths.map(path => ({ path, message })),
      },
    });
  });
});
