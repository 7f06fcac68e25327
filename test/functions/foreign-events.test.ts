/** Each function, invoked with what is no request for it: refused with 400 and a log line that says what it was. */

import type { Context } from 'aws-lambda';
import { beforeAll, describe, expect, it } from 'vitest';
import { createCleanup } from '../../lib/compose/cleanup.ts';
import { createKeys } from '../../lib/compose/keys.ts';
import { createRestore } from '../../lib/compose/restore.ts';
import type { HttpEvent, HttpResult } from '../../lib/http/request.ts';
import { eventOf, received } from '../support/events.ts';
import { linesOf } from '../support/logs.ts';
import { deployment, useDeployment } from '../support/setup.ts';

const CONTEXT = { awsRequestId: 'run-1', getRemainingTimeInMillis: () => 60_000 } as Context;

type Handler = (event: unknown) => Promise<unknown>;

let http: Readonly<Record<string, Handler>>;
let others: Readonly<Record<string, Handler>>;
useDeployment();
beforeAll(async () => {
  http = Object.fromEntries(
    Object.entries(deployment.handlers).map(([name, handler]) => [
      name,
      event => handler(event as HttpEvent, CONTEXT),
    ]),
  );
  const { world } = deployment;
  const [cleanup, keys, restore] = [createCleanup(world), createKeys(world), createRestore(world)];
  others = {
    cleanup: event => cleanup(event as object, CONTEXT),
    keys: event => keys(event, CONTEXT),
    restore: event => restore(event, CONTEXT),
  };
});

/** As AWS documents them, shortened. */
const REST = {
  resource: '/{proxy+}',
  path: '/health',
  httpMethod: 'GET',
  headers: { Host: 'x.execute-api.eu-central-1.amazonaws.com' },
  multiValueHeaders: { Host: ['x.execute-api.eu-central-1.amazonaws.com'] },
  queryStringParameters: null,
  requestContext: {
    stage: 'prod',
    path: '/prod/health',
    identity: { sourceIp: '192.0.2.1' },
    requestId: 'r',
  },
  body: null,
  isBase64Encoded: false,
};
const FOREIGN: Record<string, [event: unknown, name: string]> = {
  'a REST API': [REST, 'a request of payload format 1.0'],
  'an HTTP API with payload format 1.0': [{ version: '1.0', ...REST }, 'a request of payload format 1.0'],
  'a load balancer': [
    {
      requestContext: { elb: { targetGroupArn: 'arn:aws:elasticloadbalancing:…' } },
      httpMethod: 'GET',
      path: '/health',
      queryStringParameters: {},
      headers: { 'x-forwarded-for': '192.0.2.1' },
      body: '',
      isBase64Encoded: false,
    },
    'a request of an Application Load Balancer',
  ],
  'a WebSocket API': [
    { requestContext: { routeKey: '$connect', connectionId: 'c', eventType: 'CONNECT' } },
    'a request of a WebSocket API',
  ],
  'VPC Lattice': [
    {
      version: '2.0',
      path: '/health',
      method: 'GET',
      headers: { host: ['x'] },
      requestContext: { serviceArn: 'arn:…' },
    },
    'a request of VPC Lattice',
  ],
  'an authorizer': [
    { ...eventOf('GET /health'), rawPath: undefined, type: 'REQUEST', routeArn: 'arn:aws:execute-api:…' },
    'a question for a Lambda authorizer',
  ],
  SQS: [{ Records: [{ eventSource: 'aws:sqs', body: '{}' }] }, 'records of a queue or a stream'],
  CloudFront: [{ Records: [{ cf: { request: {} } }] }, 'records of a queue or a stream'],
  'a warm-up ping': [{ warmup: true }, 'a warm-up ping'],
  'a warm-up plugin': [{ source: 'serverless-plugin-warmup' }, 'a warm-up ping'],
  'lambda-warmer': [{ warmer: true, concurrency: 3 }, 'a warm-up ping'],
  'an EventBridge event': [
    { version: '0', source: 'my.app', 'detail-type': 'Deployed', detail: {} },
    'an event of EventBridge',
  ],
};
const SCHEDULE = {
  version: '0',
  id: 'i',
  'detail-type': 'Scheduled Event',
  source: 'aws.events',
  account: '123456789012',
  time: '2026-11-28T03:17:00Z',
  region: 'eu-central-1',
  resources: ['arn:aws:events:eu-central-1:123456789012:rule/warm'],
  detail: {},
};
const BROKEN: Record<string, unknown> = {
  nothing: undefined,
  null: null,
  'a text': 'warm',
  'a number': 1,
  'a list': [],
  'an empty object': {},
  'the test event of the console': { key1: 'value1', key2: 'value2' },
  'a request without a context': { ...eventOf('GET /health'), requestContext: undefined },
  'a request without a method': { ...eventOf('GET /health'), requestContext: { http: {} } },
  'a request without a path': { ...eventOf('GET /health'), rawPath: undefined },
  'headers that are lists': { ...eventOf('GET /health'), headers: { host: ['x'] } },
  'a body that is an object': { ...eventOf('POST /v1/tokens'), body: {} },
  'a query that is an object': { ...eventOf('GET /health'), rawQueryString: {} },
  'cookies that are a text': { ...eventOf('GET /health'), cookies: 'a=b' },
};

const HTTP = ['login', 'management', 'credentials', 'discovery', 'fallback'];

function expectRefused(result: unknown, name: string): void {
  const { status, headers, json } = received(result as HttpResult);
  expect(status).toBe(400);
  expect(headers['cache-control']).toBe('no-store');
  expect(json).toMatchObject({
    code: 'invalid-request',
    detail: `This function answers requests of payload format 2.0; this is ${name}.`,
  });
  expect(linesOf(deployment).at(-1)).toMatchObject({
    level: 'WARN',
    message: 'unexpected-event',
    requestId: 'run-1',
    received: name,
  });
}

describe.each(HTTP)('the function %s refuses', function_ => {
  it.each(Object.entries(FOREIGN))('%s', async (_, [event, name]) => {
    expectRefused(await http[function_]?.(event), name);
  });
  it('a scheduled event with 400', async () => {
    expectRefused(await http[function_]?.(SCHEDULE), 'a scheduled event');
  });
  it.each(Object.entries(BROKEN))('%s', async (_, event) => {
    expectRefused(await http[function_]?.(event), 'an unknown event');
  });
});

describe.each(['cleanup', 'keys', 'restore'])('the function %s', name => {
  it.each(Object.entries(FOREIGN))('refuses %s', async (_, [event, what]) => {
    expectRefused(await others[name]?.(event), what);
  });
  it('throws no TypeError for any event', async () => {
    for (const event of Object.values(BROKEN)) {
      await others[name]?.(event).catch(error => expect(error).not.toBeInstanceOf(TypeError));
    }
  });
});

it('a schedule without an input is a pass of the cleanup, and keeps the keys; it is no restore', async () => {
  expect(await others.cleanup?.(SCHEDULE)).toMatchObject({ finished: true });
  expect(await others.keys?.(SCHEDULE)).not.toHaveProperty('statusCode');
  expectRefused(await others.restore?.(SCHEDULE), 'a scheduled event');
});

describe('a path is read without', () => {
  const at = (rawPath: string, stage: string, routeKey = '$default') => {
    const event = eventOf(`GET ${rawPath}`);
    return { ...event, routeKey, requestContext: { ...event.requestContext, stage, routeKey } };
  };
  const statusOf = async (event: HttpEvent, name = 'login') =>
    received((await http[name]?.(event)) as HttpResult).status;

  it.each([
    ['its stage', at('/prod/health', 'prod', 'GET /health')],
    ['its stage, behind one route for all', at('/prod/health', 'prod', 'ANY /{proxy+}')],
    ['its stage, at the default route', at('/prod/health', 'prod')],
    ['the segment that maps its domain', at('/pullpass/health', '$default', 'GET /health')],
    ['anything of a path that is a route as it is', at('/health', 'health', 'GET /health')],
  ])('%s', async (_, event) => {
    expect(await statusOf(event)).toBe(200);
  });

  it('the stage in front of a parameter', async () => {
    const route = 'GET /v1/services/{service}/jwks.json';
    const event = at('/prod/v1/services/localhost:5000/jwks.json', 'prod', route);
    expect(await statusOf(event, 'discovery')).toBe(200);
  });

  it.each([
    ['two segments that nothing maps', at('/a/b/health', '$default', 'GET /health')],
    ['a segment that is not the stage', at('/other/health', 'prod')],
    ['a stage where there is none', at('/prod/health', '$default')],
    ['a segment in front of another route', at('/v1/tokens', '$default', 'GET /health')],
  ])('nothing else: %s', async (_, event) => {
    expect(await statusOf(event)).toBe(404);
  });
});

it('a request without headers or query is answered', async () => {
  const { headers: _, rawQueryString: __, ...event } = eventOf('GET /health');
  expect(received((await http.login?.(event)) as HttpResult).status).toBe(200);
});
