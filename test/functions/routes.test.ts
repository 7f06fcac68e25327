/** Every exported handler drives the whole chain: what only the chain can give is there, on every route. */

import { describe, expect, it } from 'vitest';
import { ALL_ROUTES, type FunctionName, ROUTES } from '../../lib/api/routes.ts';
import { MAX_BODY_BYTES, MAX_HEAD_BYTES } from '../../lib/http/body.ts';
import type { Route } from '../../lib/http/request.ts';
import { ALICE } from '../support/deployment.ts';
import { CONTEXT, eventOf, type Received, received, type Sent } from '../support/events.ts';
import { SERVICE } from '../support/records.ts';
import { deployment, useDeployment } from '../support/setup.ts';

useDeployment();

const ROWS = (Object.keys(ROUTES) as FunctionName[]).flatMap(name =>
  ROUTES[name].map((route): [string, FunctionName, Route] => [`${route.method} ${route.path}`, name, route]),
);

/** A path of the route; what its segments name does not exist, but for the service. */
function pathOf({ path }: Route): string {
  return path
    .replace('{id}', '01a1fd51-c23e-7c1e-8dcf-87c09e970095')
    .replace('{name}', 'team-a')
    .replace('{service}', SERVICE.name);
}

/** They say that a registry token is no proof of an administrator, whether it is good or not. */
const MANAGED: readonly Route['authentication'][] = ['administrator', 'strong-administrator', 'identity'];

const isRegistryToken = ({ basic }: Sent): boolean => basic?.[0] === 'token';

async function send(name: string, line: string, sent?: Sent): Promise<Received> {
  const event = eventOf(line, sent);
  const answer = received((await deployment.handlers[name]?.(event, CONTEXT)) ?? {});
  expect(answer.headers['x-request-id']).toBe(event.requestContext.requestId);
  return answer;
}

function expectError(answer: Received, status: number, face: Route['errors']): void {
  expect(answer.status).toBe(status);
  expect(answer.headers['cache-control']).toBe('no-store');
  const contentType = face === 'registry' ? 'application/json' : 'application/problem+json';
  expect(answer.headers['content-type']).toBe(contentType);
  if (face === 'problem') expect(answer.json).toMatchObject({ status, code: expect.any(String) });
  else expect(answer.json.errors).toEqual([expect.objectContaining({ message: answer.json.details })]);
}

describe.each(ROWS)('%s', (_, name, route) => {
  const line = `${route.method} ${pathOf(route)}`;

  it('answers without credentials as its guard says', async () => {
    const answer = await send(name, line);
    if (route.authentication !== 'login' && route.authentication !== 'public')
      expectError(answer, 401, route.errors);
    else if (route.method === 'POST') expectError(answer, 400, route.errors);
    else expect(answer.status).toBe(200);
  });

  it.each<[string, Sent]>([
    ['an API key', { basic: ['iamapikey', 'x'.repeat(43)] }],
    ['an access token', { bearer: 'a.b.c' }],
    ['a registry token', { basic: ['token', `plp_${'0'.repeat(87)}`] }],
    ['a header', { headers: { authorization: 'Basic !' } }],
  ])('refuses %s that is not good, if it reads any', async (__, sent) => {
    const form = { grant_type: 'password', username: 'token', password: 'x' };
    const answer = await send(name, line, route.body === 'form' ? { form } : sent);
    // The end of a secret reads none but the one that is to end.
    if (route.operation === 'revoke') expectError(answer, 400, route.errors);
    else if (route.authentication === 'public') expect(answer.status).toBe(200);
    else if (isRegistryToken(sent) && MANAGED.includes(route.authentication))
      expectError(answer, 403, route.errors);
    else expectError(answer, 401, route.errors);
  });

  it('refuses another method, and names those that there are', async () => {
    const answer = await send(name, `TRACE ${pathOf(route)}`);
    expectError(answer, 405, route.errors);
    const allow = ALL_ROUTES.filter(({ path }) => path === route.path).map(({ method }) => method);
    expect(new Set(answer.headers.allow?.split(', '))).toEqual(new Set(allow));
  });

  it('refuses a head that is too large', async () => {
    expectError(await send(name, line, { headers: { x: 'x'.repeat(MAX_HEAD_BYTES) } }), 431, route.errors);
  });

  it('refuses a body that is too large, also one in base64', async () => {
    for (const body of ['x'.repeat(MAX_BODY_BYTES + 1), Buffer.alloc(MAX_BODY_BYTES + 1)]) {
      expectError(await send(name, line, { body }), 413, route.errors);
    }
  });

  it('refuses a broken escape in its query, of callers that it authenticates only afterwards', async () => {
    // A query is parsed where it may hold what the caller is authenticated by, and for those who are.
    const isParsed = ['public', 'login'].includes(route.authentication);
    expectError(await send(name, `${line}?a=%zz`), isParsed ? 400 : 401, route.errors);
  });
});

describe('what no function serves', () => {
  it.each([
    'GET /',
    'GET /v1',
    'GET /v1/tok',
    'GET /OAUTH/token',
    'GET /%zz',
    'POST /v1/credential',
    'POST /v1/credentials/x',
    'GET /v2/',
  ])('is 404 in one form for every path: %s', async line => {
    const event = eventOf(line);
    const answer = received(await deployment.invoke(event, CONTEXT));
    expectError(answer, 404, 'problem');
    expect(answer.headers['x-request-id']).toBe(event.requestContext.requestId);
  });

  it('is 404 in the fallback even if a route of another function were sent there', async () => {
    const basic = ['iamapikey', await deployment.apiKeyOf(ALICE)] as const;
    for (const { method, path } of ALL_ROUTES) {
      const { status } = await send('fallback', `${method} ${path}`, { basic });
      expect([path, status]).toEqual([path, 404]);
    }
  });

  it.each(['login', 'management', 'credentials', 'discovery'])(
    'is 404 in the function %s too',
    async name => {
      expectError(await send(name, 'GET /nothing'), 404, 'problem');
    },
  );
});
