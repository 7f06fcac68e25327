/** Routes are matched byte for byte, and a query has no parameter that its route does not know. */

import { describe, expect, it } from 'vitest';
import { ALL_ROUTES, REGISTRY_ROUTES } from '../../lib/api/routes.ts';
import { parseForm } from '../../lib/http/form.ts';
import type { Route } from '../../lib/http/request.ts';
import { checkQuery, createRouter } from '../../lib/http/router.ts';
import { errorOf } from '../support/errors.ts';

const router = createRouter(ALL_ROUTES);

describe('the router', () => {
  it('finds every route of the table by a path of its form, and hands out the segments', () => {
    for (const route of ALL_ROUTES) {
      const path = route.path.replaceAll(/\{\w+\}/g, 'x-1');
      const names = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => [name, 'x-1']);
      expect(router.match(route.method, path)).toEqual({ route, params: Object.fromEntries(names) });
      expect(router.errorFormatOf(path)).toBe(route.errors);
    }
  });

  it.each([
    ['an unknown path', '/v1/tok'],
    ['the root', '/'],
    ['nothing', ''],
    ['a slash at the end', '/v1/tokens/'],
    ['a doubled slash', '//v1/tokens'],
    ['another case', '/V1/tokens'],
    ['an escaped letter', '/v1/token%73'],
    ['an escaped slash between segments', '/v1%2fnamespaces'],
    ['an empty segment', '/v1/namespaces/'],
    ['a segment too many', '/v1/namespaces/a/b'],
    ['a dot for any letter', '/xwell-known/jwks.json'],
    ['another dot for any letter', '/.well-known/jwksxjson'],
    ['dots in the middle', '/v1/../v1/tokens'],
    ['a line feed at the end', '/health\n'],
    ['a path in an absolute target', 'http://x/health'],
  ])('finds nothing at %s', (_, path) => {
    const { code, details } = errorOf(() => router.match('GET', path));
    expect([code, details.detail]).toEqual(['not-found', 'There is nothing at this path.']);
    expect(router.errorFormatOf(path)).toBeUndefined();
  });

  it('cuts a segment that is too long for any parameter, for its handler to refuse', () => {
    const path = (length: number) => '/v1/namespaces/'.padEnd('/v1/namespaces/'.length + length, 'a');
    expect(router.match('PUT', path(511)).params.name).toHaveLength(511);
    expect(router.match('PUT', path(2000)).params.name).toHaveLength(512);
    expect(router.errorFormatOf(path(2000))).toBe('problem');
  });

  it('finds nothing at a path of more than 2 048 characters, and compares no route with it', () => {
    const path = (length: number) => '/v1/namespaces/'.padEnd(length, 'a');
    expect(router.errorFormatOf(path(2048))).toBe('problem');
    expect(router.errorFormatOf(path(2049))).toBeUndefined();
    expect(errorOf(() => router.match('PUT', path(2049))).code).toBe('not-found');
  });

  it('hands out a path of several segments up to 512 characters, and without a percent sign', () => {
    const proxy = createRouter(REGISTRY_ROUTES);
    expect(proxy.match('GET', '/v2/team-a/app/manifests/v1').params).toEqual({
      path: 'team-a/app/manifests/v1',
    });
    for (const path of [`a/${'a'.repeat(511)}`, 'team-a%2fapp/manifests/v1']) {
      expect(errorOf(() => proxy.match('GET', `/v2/${path}`)).code).toBe('not-found');
    }
  });

  it.each(['a%2fb', '%zz', '%41'])(
    'hands out the segment %s as it was sent, for its handler to refuse',
    name => {
      expect(router.match('PUT', `/v1/namespaces/${name}`).params).toEqual({ name });
    },
  );

  it('takes dots for the name of something that does not exist, and never climbs', () => {
    expect(router.match('GET', '/v1/tokens/..').params).toEqual({ id: '..' });
    expect(router.match('DELETE', '/v1/namespaces/.').params).toEqual({ name: '.' });
  });

  it.each([
    ['POST', '/health', ['GET']],
    ['HEAD', '/oauth/token', ['GET', 'POST']],
    ['get', '/v1/tokens', ['POST', 'GET']],
    ['PUT', '/v1/tokens/x', ['GET', 'PATCH', 'DELETE']],
    ['OPTIONS', '/v1/namespaces/x', ['PUT', 'DELETE']],
  ])('answers %s %s with the methods that there are', (method, path, allow) => {
    const error = errorOf(() => router.match(method, path));
    expect([error.code, error.details.allow]).toEqual(['method-not-allowed', allow]);
  });
});

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

  it('is checked on every route but the login, which ignores what it does not know (RFC 6749 section 3.2)', () => {
    const unchecked = ALL_ROUTES.filter(({ query }) => query === undefined).map(({ path }) => path);
    expect([...new Set(unchecked)].sort()).toEqual(['/auth/token', '/oauth/token']);
  });
});
