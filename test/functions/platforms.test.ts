/** The same requests, also the odd ones, get the same answers from one machine, an HTTP API and function URLs. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FunctionName, ROUTES } from '../../lib/api/routes.ts';
import type { HttpEvent } from '../../lib/http/request.ts';
import { type Gateway, startGateway } from '../../local/gateway.ts';
import { type Front, type InvokeRoute, openFront } from '../support/aws/front.ts';
import { ALICE, type Deployment, deploy } from '../support/deployment.ts';
import { basicHeader, CONTEXT, eventOf } from '../support/events.ts';
import { type RawAnswer, RawClient } from '../support/raw-client.ts';

const OWNERS: ReadonlyMap<string, FunctionName> = new Map(
  (Object.keys(ROUTES) as FunctionName[]).flatMap(name =>
    ROUTES[name].map(({ method, path }) => [`${method} ${path}`, name] as const),
  ),
);

const byRoute: InvokeRoute = (routeKey, event) => {
  const handler = deployment.handlers[OWNERS.get(routeKey) ?? 'fallback'];
  if (handler === undefined) throw new Error(`There is no function for ${routeKey}.`);
  return handler(event, CONTEXT);
};

let deployment: Deployment;
let local: Gateway;
let httpApi: Front;
let functionUrl: Front;
let secrets: { readonly administrator: string; readonly token: string };

beforeAll(async () => {
  deployment = await deploy();
  local = await startGateway(deployment.invoke, { host: '127.0.0.1', port: 0 });
  httpApi = await openFront('HTTP API', { invoke: byRoute, routes: [...OWNERS.keys()] });
  // Each function has a URL of its own, which gets every request.
  functionUrl = await openFront('function URL', { invoke: (_, event) => deployment.invoke(event, CONTEXT) });
  const alice = deployment.as(ALICE);
  await alice('PUT /v1/namespaces/team-a');
  secrets = {
    administrator: basicHeader(['iamapikey', await deployment.apiKeyOf(ALICE)]),
    token: basicHeader(['token', (await alice('POST /v1/tokens', { json: {} })).json.token]),
  };
});
afterAll(async () => {
  for (const server of [local, httpApi, functionUrl]) await server.close();
  await deployment.close();
});

async function ask({ port }: Gateway | Front, bytes: Buffer): Promise<RawAnswer> {
  const client = new RawClient(port);
  try {
    return await client.write(bytes).answer(bytes.toString('latin1').split(' ')[0]);
  } finally {
    client.abort();
  }
}

/** What a client sees, without what is new each time. */
function visible({ status, headers, body }: RawAnswer) {
  const { 'x-request-id': _, date, connection, 'keep-alive': __, ...rest } = headers;
  const text = body
    .replaceAll(/[\w-]+\.[\w-]+\.[\w-]{40,}/g, '<access token>')
    .replaceAll(/\bpl[pc]_\w+/g, '<secret>')
    .replaceAll(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '<id>');
  const location =
    rest.location === undefined ? {} : { location: rest.location.replace(/[0-9a-f-]{36}$/, '<id>') };
  return { status, headers: { ...rest, ...location }, text };
}

type Body = string | Buffer;
interface Request {
  readonly line: string;
  /** Lines; `$administrator` and `$token` stand for the values of headers. */
  readonly headers?: readonly string[];
  readonly body?: Body;
  /** Sent in chunks of so many bytes. */
  readonly chunked?: number;
}

function bytesOf({ line, headers = [], body = '', chunked }: Request): Buffer {
  const content = Buffer.from(body as string);
  const framing = chunked === undefined ? `Content-Length: ${content.length}` : 'Transfer-Encoding: chunked';
  const lines = ['Host: pullpass.example', ...headers, ...(content.length > 0 ? [framing] : [])];
  const head = `${line} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`
    .replaceAll('$administrator', secrets.administrator)
    .replaceAll('$token', secrets.token);
  return Buffer.concat([
    Buffer.from(head, 'latin1'),
    ...(chunked === undefined ? [content] : chunks(content, chunked)),
  ]);
}

function* chunks(content: Buffer, size: number): Generator<Buffer> {
  for (let start = 0; start < content.length; start += size) {
    const part = content.subarray(start, start + size);
    yield Buffer.from(`${part.length.toString(16)}\r\n`);
    yield part;
    yield Buffer.from('\r\n');
  }
  yield Buffer.from('0\r\n\r\n');
}

const ADMINISTRATOR = 'Authorization: $administrator';
const TOKEN = 'Authorization: $token';
const JSON_TYPE = 'Content-Type: application/json';
const FORM = 'Content-Type: application/x-www-form-urlencoded';
const LOGIN = 'grant_type=password&username=&password=';
const get = (path: string, ...headers: string[]): Request => ({ line: `GET ${path}`, headers });
const add = (body: Body, ...headers: string[]): Request => ({
  line: 'POST /v1/tokens',
  headers: [ADMINISTRATOR, ...headers],
  body,
});
const logIn = (body: Body, ...headers: string[]): Request => ({ line: 'POST /oauth/token', headers, body });

const ROWS: Record<string, Request> = {
  'a health check': get('/health'),
  'a login': get('/oauth/token?service=localhost:5000&scope=repository:team-a/app:pull', TOKEN),
  'a login by form': logIn(LOGIN, FORM),
  'a login by form in chunks': { ...logIn(LOGIN, FORM), chunked: 5 },
  'a form of another charset': logIn(LOGIN, `${FORM}; charset=ISO-8859-1`),
  'a form without a type': logIn(LOGIN),
  'a form as JSON': logIn(LOGIN, JSON_TYPE),
  'a form with a bad escape': logIn('grant_type=%zz', FORM),
  'a form with a repeated member': logIn('grant_type=password&grant_type=password', FORM),
  'a form that is not UTF-8': logIn(Buffer.from([0x61, 0x3d, 0xff]), FORM),
  'a binary body': logIn(Buffer.from([0, 1, 2, 255, 254]), 'Content-Type: application/octet-stream'),
  'a form of 64 KiB': logIn(`${LOGIN}&x=${'x'.repeat(65_536 - LOGIN.length - 3)}`, FORM),
  'a form of a byte more': logIn(`${LOGIN}&x=${'x'.repeat(65_537 - LOGIN.length - 3)}`, FORM),
  'JSON of a byte too much': add(`{"description":"${'x'.repeat(65_537 - 18)}"}`, JSON_TYPE),
  'an unread body of a byte too much': { ...get('/health'), body: 'x'.repeat(65_537) },
  'a token': add('{"description":"ü🦊"}', JSON_TYPE),
  'a token without a body': add('', JSON_TYPE),
  'a token in chunks': { ...add('{"access":"push"}', JSON_TYPE), chunked: 3 },
  'JSON with its charset': add('{}', 'Content-Type: Application/JSON; charset=utf-8'),
  'JSON as text': add('{}', 'Content-Type: text/plain'),
  'JSON with a member twice': add('{"access":"pull","access":"push"}', JSON_TYPE),
  'JSON with what every object has': add('{"__proto__":{}}', JSON_TYPE),
  'JSON that breaks off': add('{"access":', JSON_TYPE),
  'JSON that nests deeply': add('['.repeat(100), JSON_TYPE),
  'JSON with a mark of its byte order': add('\ufeff{}', JSON_TYPE),
  'JSON with a lone surrogate': add('{"description":"\\ud800"}', JSON_TYPE),
  'an empty query': get('/oauth/token?'),
  'a parameter without a value': get('/oauth/token?service'),
  'a parameter with an empty value': get('/oauth/token?service='),
  'a parameter twice': get('/oauth/token?service=a&service=b'),
  'scopes that repeat': get('/oauth/token?scope=repository:a/b:pull&scope=repository:c/d:pull', TOKEN),
  'a scope with commas': get('/oauth/token?scope=repository:team-a/app:pull,push', TOKEN),
  'a plus and an escape': get(
    '/oauth/token?scope=repository%3Ateam-a%2Fapp%3Apull+repository:team-a/b:pull',
    TOKEN,
  ),
  'a bad escape in the query': get('/oauth/token?service=%zz'),
  'an escape that is not UTF-8': get('/oauth/token?service=%ff'),
  'a question mark in the query': get('/oauth/token?service=localhost:5000&x=a?b'),
  'ampersands alone': get('/oauth/token?&&'),
  'a doubled slash': get('//health'),
  'a slash at the end': get('/health/'),
  'a path that climbs': get('/v1/../health'),
  'a path in capitals': get('/HEALTH'),
  'the root': get('/'),
  'a service with a colon': get('/v1/services/localhost:5000/jwks.json'),
  'an unknown service': get('/v1/services/unknown.example/jwks.json'),
  'an unknown token': get('/v1/tokens/not-an-id', ADMINISTRATOR),
  'a cursor that is not ours': get('/v1/tokens?cursor=%00', ADMINISTRATOR),
  'no proof': get('/v1/tokens'),
  'a proof that is none': get('/v1/tokens', 'Authorization: Basic !'),
  'two proofs': get('/oauth/token', TOKEN, TOKEN),
  'a header in capitals': get('/v1/tokens', 'AUTHORIZATION: $administrator'),
  'a cookie': get('/health', 'Cookie: a=b; c=d', 'cookie: e=f'),
  'a cookie like a proof': get('/v1/tokens', 'Cookie: authorization=Basic x'),
  'headers with names that every object has': get('/health', '__proto__: x', 'constructor: y', 'toString: z'),
  'a repeated header': get('/health', 'Accept: a', 'Accept: b'),
  'an empty header': get('/v1/tokens', 'Authorization:'),
  'a header in Latin-1': get('/health', 'X: \xe9'),
  'headers that are too large': get('/health', `X: ${'x'.repeat(10_000)}`),
  'cookies that are too large': get('/health', `Cookie: ${'x'.repeat(10_000)}`),
  'an address that the client gives': get('/v1/tokens', 'X-Forwarded-For: 203.0.113.9'),
  HEAD: { line: 'HEAD /health' },
  OPTIONS: { line: 'OPTIONS /oauth/token' },
  'a method that is not served': { line: 'PUT /oauth/token' },
  'an unknown method': { line: 'PROPFIND /health' },
  TRACE: { line: 'TRACE /health' },
  'a method nowhere': { line: 'PATCH /nowhere' },
};

describe.each(Object.entries(ROWS))('%s', (_, request) => {
  it('is answered alike by one machine, an HTTP API and a function URL', async () => {
    const here = visible(await ask(local, bytesOf(request)));
    expect(visible(await ask(httpApi, bytesOf(request)))).toEqual(here);
    expect(visible(await ask(functionUrl, bytesOf(request)))).toEqual(here);
    expect(here.status).toBeLessThan(500);
  });
});

/** An HTTP API decodes a path before a function sees it, and it is not documented whether before it has found the route. */
describe.each(['raw', 'decoded'] as const)('an HTTP API that finds routes by the %s path', routesBy => {
  let front: Front;
  beforeAll(async () => {
    front = await openFront('HTTP API', { invoke: byRoute, routes: [...OWNERS.keys()], routesBy });
  });
  afterAll(() => front.close());

  it.each([
    ['an escaped letter', '/he%61lth', '/health'],
    ['an escaped slash', '/v1/tokens/a%2fb', '/v1/tokens/a/b'],
    ['an escaped slash in front', '/%2fhealth', '//health'],
    ['an escaped question mark', '/health%3fx', '/health'],
    ['an escaped per cent sign', '/health%25', '/health%25'],
    ['an escape that is escaped', '/he%2561lth', '/he%61lth'],
    ['an escaped zero byte', '/health%00', '/health%00'],
    ['escaped dots', '/v1/%2e%2e/health', '/v1/../health'],
  ])('answers %s as one machine answers it, or what it means', async (_, sent, meant) => {
    const statusOf = async (at: Gateway | Front, path: string) => {
      const { status, json } = await ask(at, bytesOf(get(path, ADMINISTRATOR)));
      expect(json, path).toBeDefined();
      return status;
    };
    const here = [await statusOf(local, sent), await statusOf(local, meant)];
    expect(here).toContain(await statusOf(front, sent));
    expect(Math.max(...here)).toBeLessThan(500);
  });

  it('refuses by itself what it cannot decode', async () => {
    for (const path of ['/health%zz', '/health%ff', '/%']) {
      const answer = await ask(front, bytesOf(get(path)));
      expect([path, answer.status, answer.headers['x-platform']]).toEqual([path, 400, 'yes']);
      expect((await ask(local, bytesOf(get(path)))).status).toBe(404);
    }
  });
});

it('JSON that is no UTF-8 is refused on one machine; on AWS it comes repaired, and is what it then says', async () => {
  const request = bytesOf(add(Buffer.from('{"description":"\xff"}', 'latin1'), JSON_TYPE));
  expect((await ask(local, request)).status).toBe(400);
  for (const front of [httpApi, functionUrl]) {
    const { status, json } = await ask(front, request);
    expect([status, json.description]).toEqual([201, '\ufffd']);
  }
});

describe('an event that lacks what a platform may leave out', () => {
  it.each<[string, object]>([
    [
      'null for what is not there',
      { cookies: null, body: null, queryStringParameters: null, pathParameters: null },
    ],
    ['no sign of how the body is encoded', { isBase64Encoded: undefined }],
    ['names of headers as they were sent', { headers: { Host: 'x', AUTHORIZATION: 'Basic !' } }],
  ])('is answered all the same: %s', async (_, facts) => {
    const event = { ...eventOf('GET /v1/tokens'), ...facts };
    expect(await deployment.invoke(event as HttpEvent, CONTEXT)).toMatchObject({ statusCode: 401 });
  });
});
