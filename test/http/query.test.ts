/** A query parameter that a route does not have is refused by its name, so that a mistake is never taken for a bound. */
import { describe, expect, it } from 'vitest';
import { ALL_ROUTES } from '../../lib/api/routes.ts';
import { parseForm } from '../../lib/http/form.ts';
import { checkQuery } from '../../lib/http/query.ts';
import type { Route } from '../../lib/http/request.ts';
import { errorOf } from '../support/errors.ts';

const ROUTE: Route = { ...ALL_ROUTES[0], query: ['limit', 'cursor'] } as Route;
const problemsOf = (route: Route, query: string) =>
  errorOf(() => checkQuery(route, parseForm(query))).details.problems;

describe('a query', () => {
  it.each(['', 'limit=1', 'cursor=x&limit=1', 'limit=1&limit=2'])('may be "%s"', query => {
    expect(() => checkQuery(ROUTE, parseForm(query))).not.toThrow();
  });

  it.each([
    ['limti=1', ['limti']],
    ['limit=1&Limit=2&page=3', ['Limit', 'page']],
    ['api-version=1', ['api-version']],
    ['=x', ['?']],
    ['plp_0123=x', ['?']],
    ['a%20b=x', ['?']],
  ])('is refused for "%s" with the names that are no secrets', (query, names) => {
    const message = 'is an unknown parameter; there are limit and cursor';
    expect(problemsOf(ROUTE, query)).toEqual(names.map(path => ({ path, message })));
  });

  it('is refused where there are no parameters at all', () => {
    expect(problemsOf({ ...ROUTE, query: [] }, 'x=1')).toEqual([
      { path: 'x', message: 'is an unknown parameter; there are none here' },
    ]);
  });

  it('is checked on every route but those of OAuth, which ignores what it does not know', () => {
    const unchecked = ALL_ROUTES.filter(({ query }) => query === undefined).map(({ path }) => path);
    expect([...new Set(unchecked)].sort()).toEqual(['/auth/token', '/oauth/revoke', '/oauth/token']);
  });
});
