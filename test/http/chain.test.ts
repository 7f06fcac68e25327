/** The chain around every handler: headers of answers, errors, refusals and the failure limit. */
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { parseScopes } from '../../lib/domain/access.ts';
import { PullpassError } from '../../lib/domain/errors.ts';
import {
  ANONYMOUS,
  type Credentials,
  type IdentityPrincipal,
  loginContext,
  type Principal,
} from '../../lib/domain/principal.ts';
import { type Authenticators, type ChainOptions, httpHandler } from '../../lib/http/chain.ts';
import type { Authenticated, HandlersOf, Request, Response, Route } from '../../lib/http/request.ts';
import { type FailureLimiter, failureLimiter } from '../../lib/limits/rate-limiter.ts';
import type { Metrics } from '../../lib/ports/system.ts';
import { NO_METRICS } from '../../lib/telemetry/log.ts';
import { CONTEXT, eventOf, received, type Sent } from '../support/events.ts';

const NOW_MS = 1_790_000_000_000;
const route = (path: string, authentication: Route['authentication']): Route => ({
  method: 'GET',
  path,
  authentication,
  operation: path.slice(1),
  body: 'none',
  errors: authentication === 'login' ? 'registry' : 'problem',
});
const ROUTES = [route('/public', 'public'), route('/login', 'login'), route('/managed', 'administrator')];

interface Event {
  readonly level: string;
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

const ALICE = { ...ANONYMOUS, kind: 'identity', account: 'dev:acme' } as unknown as IdentityPrincipal;
/** Authenticates every caller as one identity. */
const TRUSTING: Authenticators = {
  login: async () => ANONYMOUS,
  vend: async () => ALICE,
  manage: async () => ALICE,
};

/** A handler whose routes all answer the same, and what it has logged. */
function chain(respond: (request: Request) => Promise<Response>, options: Partial<ChainOptions> = {}) {
  const events: Event[] = [];
  const write = (level: string) => (event: string, fields: Readonly<Record<string, unknown>>) => {
    events.push({ level, event, fields });
  };
  const handler = httpHandler({
    routes: ROUTES,
    handlers: {
      public: respond,
      login: (request: Request) => ({
        context: loginContext('', []),
        answer: () => respond(request),
      }),
      managed: respond,
    } as ChainOptions['handlers'],
    authenticate: {},
    log: { info: write('info'), warn: write('warn'), error: write('error') },
    metrics: NO_METRICS,
    clock: () => NOW_MS,
    ...options,
  });
  return {
    events,
    send: async (line: string, sent?: Sent, context = CONTEXT) =>
      received(await handler(eventOf(line, sent), context)),
  };
}

const fine = async (): Promise<Response> => ({ status: 200, json: { fine: true } });
const failing = (error: unknown) => (): Promise<Response> => Promise.reject(error);

describe('the chain', () => {
  it('gives every answer the id of its request and forbids to store it', async () => {
    const { send } = chain(fine);
    const [first, second] = [await send('GET /public'), await send('GET /nothing')];
    expect(first.headers).toMatchObject({ 'cache-control': 'no-store', 'content-type': 'application/json' });
    expect(second.headers).toMatchObject({ 'cache-control': 'no-store' });
    const ids = [first, second].map(({ headers }) => headers['x-request-id']);
    expect(ids).toEqual([expect.stringMatching(/^[0-9a-f-]{36}$/), expect.stringMatching(/^[0-9a-f-]{36}$/)]);
    expect(ids[0]).not.toBe(ids[1]);
  });

  it('lets a handler say that its answer may be stored, but not which request it answers', async () => {
    const headers = { 'cache-control': 'public', 'x-request-id': 'mine' };
    const answer = await chain(async () => ({ status: 200, headers })).send('GET /public');
    expect(answer.headers['cache-control']).toBe('public');
    expect(answer.headers['x-request-id']).not.toBe('mine');
  });

  it('hands the handler headers in lower case, however they were spelled', async () => {
    const seen: Request[] = [];
    const operation = async (call: Request) => {
      seen.push(call);
      return { status: 204 };
    };
    await chain(operation).send('GET /public?a=1', { headers: { 'Idempotency-KEY': 'x' } });
    expect(seen[0]?.headers['idempotency-key']).toBe('x');
    expect(seen[0]?.query.get('a')).toEqual(['1']);
  });

  it('answers an unexpected error with 500 and its request id, and logs the cause', async () => {
    const { send, events } = chain(failing(new TypeError('broken pipe to 10.0.0.1')));
    const { status, text, json, headers } = await send('GET /public');
    expect([status, json.code, json.requestId]).toEqual([500, 'internal', headers['x-request-id']]);
    expect(text).not.toContain('10.0.0.1');
    expect(events).toMatchObject([{ level: 'error', event: 'refused', fields: { code: 'internal' } }]);
    expect(String(events[0]?.fields.cause)).toContain('TypeError: broken pipe to 10.0.0.1');
  });

  it.each(['text', undefined, null, { status: 200 }])('answers %s that was thrown with 500', async thrown => {
    expect((await chain(failing(thrown)).send('GET /public')).status).toBe(500);
  });

  it('answers 500 for a route without a handler', async () => {
    expect((await chain(fine, { handlers: {} }).send('GET /public')).status).toBe(500);
  });

  it('answers 500 for a handler that answers nothing', async () => {
    const { status, headers } = await chain(async () => undefined as never).send('GET /public');
    expect([status, headers['cache-control']]).toEqual([500, 'no-store']);
  });

  it.each([
    ['a route without a handler', { handlers: {} }, 'no handler for public'],
    ['a caller that no authenticator knows', {}, 'a route of this function cannot authenticate callers'],
  ])('tells the operator of %s', async (_, options, cause) => {
    const { send, events } = chain(fine, options);
    await send('handlers' in options ? 'GET /public' : 'GET /login');
    expect(events[0]?.fields.cause).toContain(cause);
  });

  it.each<[string, unknown, string, string | undefined]>([
    ['an error of ours', new PullpassError('internal', { cause: new Error('why') }), 'error', 'Error: why'],
    ['a dependency', new PullpassError('unavailable', { cause: new Error('why') }), 'error', 'Error: why'],
    ['something that is no Error', new PullpassError('internal', { cause: 'why' }), 'error', undefined],
    ['a refusal', new PullpassError('forbidden', { cause: new Error('why') }), 'info', undefined],
  ])('logs the cause of a failure, and not of a refusal: %s', async (_, error, level, cause) => {
    const { send, events } = chain(failing(error));
    await send('GET /public');
    expect(events[0]?.level).toBe(level);
    const logged = events[0]?.fields.cause;
    if (cause === undefined) expect(logged).toBeUndefined();
    else expect(String(logged).split('\n').slice(0, 2)).toEqual([cause, cause]);
  });

  it('logs a cause without a stack', async () => {
    const cause = Object.assign(new Error('why'), { stack: undefined });
    const { send, events } = chain(failing(cause));
    await send('GET /public');
    expect(events[0]?.fields.cause).toBe('Error: why\n');
  });

  it('lets the platform alone end a request that takes long', async () => {
    const slow = async () => {
      await setTimeout(30);
      return { status: 200 };
    };
    const context = { ...CONTEXT, getRemainingTimeInMillis: () => 10 };
    expect((await chain(slow).send('GET /public', {}, context)).status).toBe(200);
  });

  it.each(['GET /managed', 'GET /login'])('denies %s in a function that cannot identify', async line => {
    const { status } = await chain(fine).send(line, { basic: ['iamapikey', 'x'] });
    expect(status).toBe(500);
  });

  it('refuses a management request without credentials with 401, and asks for Basic', async () => {
    const { send } = chain(failing(new Error('must not run')), { authenticate: TRUSTING });
    const { status, headers } = await send('GET /managed');
    expect([status, headers['www-authenticate']]).toEqual([401, 'Basic realm="pullpass", charset="UTF-8"']);
  });

  it('logs the route of a refusal, never the path or a credential', async () => {
    const { send, events } = chain(failing(new PullpassError('not-found', { reason: 'gone' })), {
      routes: [{ ...route('/things/{id}', 'public'), operation: 'public' }],
    });
    await send('GET /things/plp_secret?token=plp_secret', { basic: ['token', 'plp_secret'] });
    expect(events).toMatchObject([{ level: 'info', fields: { route: '/things/{id}', reason: 'gone' } }]);
    expect(JSON.stringify(events)).not.toContain('plp_secret');
  });

  it('refuses a parameter that the route does not have with 400', async () => {
    const routes = [{ ...route('/public', 'public'), query: ['limit'] }];
    const { send } = chain(fine, { routes });
    expect((await send('GET /public?limit=1')).status).toBe(200);
    expect((await send('GET /public?limti=1')).status).toBe(400);
  });

  it('refuses a broken escape in a query with 400', async () => {
    expect((await chain(fine).send('GET /public?a=%zz')).status).toBe(400);
  });
});

describe('too many failures from one address', () => {
  const limited = () =>
    chain(
      async ({ headers }) => {
        if (headers.good === 'yes') return { status: 200 };
        throw new PullpassError('unauthenticated', { reason: 'token: unknown' });
      },
      { failures: failureLimiter(2), authenticate: TRUSTING },
    );

  it('are answered with 429 and when to come again, in the words of registry clients', async () => {
    const { send, events } = limited();
    const statuses = [];
    for (let i = 0; i < 3; i++) statuses.push((await send('GET /login')).status);
    expect(statuses).toEqual([401, 401, 429]);
    const { headers, json } = await send('GET /login');
    expect(headers['retry-after']).toBe('30');
    expect(json).toMatchObject({ errors: [{ code: 'TOOMANYREQUESTS' }], details: expect.any(String) });
    expect(events.at(-1)?.fields).toMatchObject({ code: 'rate-limited', reason: 'token: unknown' });
  });

  it('hurt neither another address nor a good secret', async () => {
    const { send } = limited();
    for (let i = 0; i < 5; i++) await send('GET /login');
    expect((await send('GET /login', { sourceIp: '192.0.2.2' })).status).toBe(401);
    expect((await send('GET /login', { headers: { good: 'yes' } })).status).toBe(200);
  });

  it('are not made of other refusals', async () => {
    const { send } = chain(failing(new PullpassError('forbidden')), { failures: failureLimiter(1) });
    for (let i = 0; i < 5; i++) expect((await send('GET /public')).status).toBe(403);
  });
});

describe('the metrics of a request', () => {
  /** What a request adds to them, with a clock that goes on by 7 ms at each look. */
  async function metricsOf(respond: () => Promise<Response>, options: Partial<ChainOptions> = {}) {
    const calls: unknown[][] = [];
    const note =
      (name: string) =>
      (...values: unknown[]): void => {
        calls.push([name, ...values]);
      };
    const metrics: Metrics = {
      count: note('count'),
      denied: note('denied'),
      observe: note('observe'),
      take: () => void calls.push(['take']),
      flush: note('flush'),
    };
    let now = NOW_MS;
    const clock = () => {
      now += 7;
      return now;
    };
    await chain(respond, { metrics, clock, ...options }).send('GET /public');
    return calls;
  }
  const latency = ['observe', 'LatencyMs', 7];
  const ownLine = [
    'flush',
    { requestId: expect.stringMatching(/^[0-9a-f-]{36}$/), method: 'GET', route: '/public' },
  ];
  const lineOfEvent = ['take'];
  const unauthenticated = failing(new PullpassError('unauthenticated', { denial: 'expired' }));

  it.each<[string, () => Promise<Response>, unknown[][]]>([
    ['nothing of a good answer, in a line of their own', fine, [latency, ownLine]],
    ['a denial by its reason', unauthenticated, [['denied', 'expired'], latency, lineOfEvent]],
    [
      'a role that is missing',
      failing(new PullpassError('forbidden')),
      [['denied', 'no-role'], latency, lineOfEvent],
    ],
    ['nothing of a bad request', failing(new PullpassError('invalid-request')), [latency, lineOfEvent]],
  ])('count %s, and have its time', async (_, respond, expected) => {
    expect(await metricsOf(respond)).toEqual(expected);
  });

  it('are in the line of the event, after the route that the table has and where the request came from', async () => {
    const logged: unknown[] = [];
    const metrics = { ...NO_METRICS, take: () => '"Logins":1' };
    const info = (...line: unknown[]) => void logged.push(line);
    const event = { level: 'info', message: 'login', fields: { userName: 'token' } } as const;
    await chain(async () => ({ status: 200, event }), {
      metrics,
      log: { info, warn: info, error: info },
    }).send('GET /public');
    const requestId = expect.stringMatching(/^[0-9a-f-]{36}$/);
    const fields = {
      requestId,
      method: 'GET',
      route: '/public',
      sourceAddress: '192.0.2.1',
      userName: 'token',
    };
    expect(logged).toEqual([['login', fields, '"Logins":1']]);
  });

  it('count an address that must wait, with the reason of what it sent', async () => {
    const failures = { fail: () => 30 } as unknown as FailureLimiter;
    const calls = await metricsOf(unauthenticated, { failures });
    expect(calls.slice(0, 2)).toEqual([
      ['denied', 'expired'],
      ['count', 'RateLimited'],
    ]);
    const unnamed = await metricsOf(failing(new PullpassError('unauthenticated')), { failures });
    expect(unnamed.slice(0, 2)).toEqual([
      ['denied', 'not-proven'],
      ['count', 'RateLimited'],
    ]);
  });
});

describe('the steps of the chain', () => {
  const order: string[] = [];
  const step = <T>(name: string, result: T) => {
    order.push(name);
    return result;
  };
  const recorded = (options: Partial<ChainOptions> = {}) =>
    chain(async () => step('dispatch', { status: 200 }), {
      ready: async () => step('ready', undefined),
      authenticate: {
        login: async () => step('authenticate', ANONYMOUS),
        manage: async () => step('authenticate', ALICE),
      },
      ...options,
    });

  it.each([
    ['GET /public', ['ready', 'dispatch']],
    ['GET /login', ['ready', 'authenticate', 'dispatch']],
    ['GET /managed', ['ready', 'authenticate', 'dispatch']],
  ])('of %s run in order', async (line, expected) => {
    order.length = 0;
    const basic = line === 'GET /managed' ? { basic: ['iamapikey', 'k'] as const } : {};
    expect((await recorded().send(line, basic)).status).toBe(200);
    expect(order).toEqual(expected);
  });

  it('stop at the first that fails: a function that is not ready authenticates no caller', async () => {
    order.length = 0;
    const ready = () => Promise.reject(new PullpassError('unavailable'));
    expect((await recorded({ ready }).send('GET /login')).status).toBe(503);
    expect(order).toEqual([]);
  });

  it('give the handler its principal, and the authenticator the login that was parsed', async () => {
    const seen: unknown[] = [];
    const context = loginContext('registry', parseScopes(['repository:team-a/app:pull']));
    const { send } = chain(async () => ({ status: 200 }), {
      handlers: {
        public: async () => ({ status: 200 }),
        login: () => ({
          context,
          answer: async (principal: Principal) => ({ status: seen.push(principal) && 200 }),
        }),
        managed: async (request: Authenticated) => ({ status: seen.push(request.principal) && 200 }),
      } as ChainOptions['handlers'],
      authenticate: {
        ...TRUSTING,
        login: async (_, asked) => {
          seen.push(asked);
          return ANONYMOUS;
        },
      },
    });
    await send('GET /login');
    await send('GET /managed', { basic: ['iamapikey', 'k'] });
    expect(seen).toEqual([context, ANONYMOUS, ALICE]);
  });

  it.each(['/login', '/vend', '/managed'])(
    'give the authenticator of %s the credentials with the address that sent them, and log the user name',
    async path => {
      const seen: [string, Credentials][] = [];
      const refuse = (by: string) => async (credentials: Credentials) => {
        seen.push([by, credentials]);
        throw new PullpassError('forbidden');
      };
      const { send, events } = chain(fine, {
        routes: [...ROUTES, route('/vend', 'vend')],
        handlers: {
          login: () => ({ context: loginContext('', []), answer: fine }),
          vend: fine,
          managed: fine,
        } as ChainOptions['handlers'],
        authenticate: { login: refuse('/login'), vend: refuse('/vend'), manage: refuse('/managed') },
      });
      await send(`GET ${path}`, { basic: ['iamapikey', 'key'], sourceIp: '192.0.2.7' });
      expect(seen).toMatchObject([[path, { userName: 'iamapikey', sourceAddress: '192.0.2.7' }]]);
      expect(events[0]?.fields).toMatchObject({ userName: 'iamapikey', sourceAddress: '192.0.2.7' });
    },
  );
});

describe('the handlers of a function', () => {
  const manages = async ({ principal }: Authenticated<IdentityPrincipal>) => ({
    status: 200,
    json: principal.roles,
  });
  const VEND = [{ ...route('/vend', 'vend'), authentication: 'vend', operation: 'vend' }] as const;
  const MANAGED = [{ ...VEND[0], authentication: 'administrator' }] as const;

  it('do not compile where one takes more than its route authenticates, or one is missing', () => {
    const fitting: HandlersOf<typeof MANAGED> = { vend: manages };
    // @ts-expect-error: a vend need not come from an identity.
    const demanding: HandlersOf<typeof VEND> = { vend: manages };
    // @ts-expect-error: the route has no handler.
    const missing: HandlersOf<typeof VEND> = {};
    expect([fitting.vend, demanding.vend, missing]).toEqual([manages, manages, {}]);
  });
});

describe('a route whose secret is in the head', () => {
  const posting = (path: string, authentication: Route['authentication']): Route => ({
    ...route(path, authentication),
    method: 'POST',
    body: 'json',
  });
  const routes = [posting('/managed', 'administrator'), posting('/vend', 'vend')];
  const refuse = async () => {
    throw new PullpassError('unauthenticated', { reason: 'wrong' });
  };
  const send = (authenticate: Authenticators, line: string, sent: Sent) =>
    chain(fine, {
      routes,
      handlers: { managed: fine, vend: fine } as ChainOptions['handlers'],
      authenticate,
    }).send(line, { basic: ['iamapikey', 'k'], ...sent });
  const json = (body: string): Sent => ({ body, headers: { 'content-type': 'application/json' } });
  const BAD: [string, string, Sent, number][] = [
    ['a body that is not JSON', '', json('{'), 400],
    ['a body that is nested too deep', '', json('['.repeat(30_000)), 400],
    ['a body with too many parts', '', json(`[${'[],'.repeat(20_000)}[]]`), 400],
    ['a body of another media type', '', { body: 'a=1' }, 415],
    ['a broken escape in its query', '?a=%zz', json('{}'), 400],
  ];

  it.each(routes.flatMap(({ path }) => BAD.map(bad => [path, ...bad] as const)))(
    'authenticates before it parses: %s with %s',
    async (path, _, query, sent, status) => {
      const line = `POST ${path}${query}`;
      expect((await send({ manage: refuse, vend: refuse }, line, sent)).status).toBe(401);
      expect((await send(TRUSTING, line, sent)).status).toBe(status);
    },
  );

  it('refuses what is too large before it authenticates', async () => {
    const sent = json(`"${'x'.repeat(65_536)}"`);
    expect((await send({ manage: refuse }, 'POST /managed', sent)).status).toBe(413);
  });
});
