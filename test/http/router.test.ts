/** The router finds each route of the table, and nothing for any other path. */
import { describe, expect, it } from 'vitest';
import { ALL_ROUTES, REGISTRY_ROUTES } from '../../lib/api/routes.ts';
import { createRouter } from '../../lib/http/router.ts';
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
    ['an unknown path', '/v1/token'],
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
    expect(router.match('PUT', path(9000)).params.name).toHaveLength(512);
    expect(router.errorFormatOf(path(9000))).toBe('problem');
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
