/** Calls to AWS without the SDK: what is sent, what is repeated, and what an error says. */
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Worker } from 'node:worker_threads';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ECRClient } from '@aws-sdk/client-ecr';
import { afterEach, describe, expect, it } from 'vitest';
import { awsClient, endpointOf } from '../../lib/aws/client.ts';
import { TIME_LIMITS, type TimeLimits } from '../../lib/aws/connections.ts';
import { Secret } from '../../lib/domain/secret.ts';
import { NOW } from '../support/records.ts';

const JSON_TYPE = { 'content-type': 'application/x-amz-json-1.0' };
const LIMITS: TimeLimits = { connectionMs: 200, requestMs: 80 };
let close: () => Promise<void> = async () => undefined;
afterEach(() => close());

type Listener = (request: IncomingMessage, response: ServerResponse) => void;

/** A client of a server that answers like this. */
async function serve(listener: Listener, limits = TIME_LIMITS) {
  const server = createServer(listener);
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  close = async () => {
    server.closeAllConnections();
    await new Promise(resolve => server.close(resolve));
  };
  return awsClient('dynamodb', {
    region: 'eu-central-1',
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    credentials: {
      accessKeyId: 'id',
      secretAccessKey: new Secret('secret'),
      sessionToken: new Secret('session'),
    },
    clock: () => NOW * 1000,
    randomBytes,
    limits,
  });
}

/** The outcome of a call to such a server, and the requests that it came to. */
async function against(listener: Listener, options: { limits?: TimeLimits; signal?: AbortSignal } = {}) {
  const requests: IncomingMessage[] = [];
  const call = await serve((request, response) => {
    requests.push(request);
    request.resume();
    listener(request, response);
  }, options.limits);
  const start = performance.now();
  const outcome: unknown = await call('BatchGetItem', {}, options.signal).catch((thrown: unknown) => thrown);
  return { outcome, ms: performance.now() - start, requests };
}

const answer =
  (status: number, body: string): Listener =>
  (_, response) =>
    response.writeHead(status, JSON_TYPE).end(body);

describe('a call without the SDK', () => {
  it('says what it wants, who asks, and when', async () => {
    const { outcome, requests } = await against(answer(200, '{"Responses":{}}'));
    expect(outcome).toEqual({ Responses: {} });
    expect(requests).toHaveLength(1);
    expect(requests[0]).toMatchObject({ method: 'POST', url: '/' });
    expect(requests[0]?.headers).toMatchObject({
      ...JSON_TYPE,
      'x-amz-target': 'DynamoDB_20120810.BatchGetItem',
      'x-amz-date': '20261121T070000Z',
      'x-amz-security-token': 'session',
      authorization: expect.stringMatching(
        /Credential=id\/20261121\/eu-central-1\/dynamodb\/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target, /,
      ),
    });
  });

  it.each([
    ['fails', 500, '{"__type":"InternalServerError"}', 'InternalServerError'],
    ['is overloaded', 503, '<html>', 'AwsError'],
    [
      'throttles',
      400,
      '{"__type":"x#ProvisionedThroughputExceededException"}',
      'ProvisionedThroughputExceededException',
    ],
    ['limits', 400, '{"__type":"x#ThrottlingException"}', 'ThrottlingException'],
  ])('is repeated once when DynamoDB %s', async (_, status, body, name) => {
    const { outcome, requests } = await against(answer(status, body));
    expect(outcome).toMatchObject({ name });
    expect(requests).toHaveLength(2);
  });

  it.each([
    ['refuses', 400, '{"__type":"com.amazon.coral.service#AccessDeniedException"}', 'AccessDeniedException'],
    [
      'finds the condition false',
      400,
      '{"__type":"x#ConditionalCheckFailedException"}',
      'ConditionalCheckFailedException',
    ],
    ['sends elsewhere', 307, '', 'AwsError'],
    ['answers something else', 200, '<html>', 'SyntaxError'],
  ])('is not repeated when DynamoDB %s', async (_, status, body, name) => {
    const { outcome, requests } = await against(answer(status, body));
    expect(outcome).toMatchObject({ name });
    expect(requests).toHaveLength(1);
  });

  it('quotes nothing of an answer that is no JSON: it may be half a secret', async () => {
    const { outcome } = await against(answer(200, '{"SecretString":"SENTINEL'));
    expect(outcome).toBeInstanceOf(SyntaxError);
    expect(String(outcome)).not.toContain('SENTINEL');
  });

  it('knows the name of an error however the answer is spaced', async () => {
    const { outcome } = await against(answer(400, '{"__type": "ResourceNotFoundException"}'));
    expect(outcome).toMatchObject({ name: 'ResourceNotFoundException' });
  });

  it('succeeds when the second answer is one', async () => {
    let requests = 0;
    const { outcome } = await against((_, response) =>
      requests++ === 0 ? response.destroy() : response.writeHead(200, JSON_TYPE).end('{}'),
    );
    expect(outcome).toEqual({});
    expect(requests).toBe(2);
  });

  const HANGING: Record<string, Listener> = {
    'never answers': () => undefined,
    'stops in the middle': (_, response) => response.writeHead(200, JSON_TYPE).write('{"Responses":'),
    trickles: ({ socket }) => {
      socket.write('HTTP/1.1 200 OK\r\n');
      const drip = setInterval(() => socket.write('x: y\r\n'), 10);
      socket.once('close', () => clearInterval(drip));
    },
    'trickles its body': (_, response) => {
      response.writeHead(200, JSON_TYPE);
      const drip = setInterval(() => response.write(' '), 10);
      response.once('close', () => clearInterval(drip));
    },
  };
  it.each(Object.entries(HANGING))('is given up after two requests when DynamoDB %s', async (_, listener) => {
    const { outcome, ms, requests } = await against(listener, { limits: LIMITS });
    expect(outcome).toMatchObject({ name: 'TimeoutError' });
    expect(requests).toHaveLength(2);
    expect(ms).toBeGreaterThan(2 * LIMITS.requestMs - 10);
    expect(ms).toBeLessThan(700);
  });

  it('ends when its signal says so, and is not repeated', async () => {
    const { outcome, ms, requests } = await against(() => undefined, { signal: AbortSignal.timeout(50) });
    expect(outcome).toMatchObject({ name: 'AbortError' });
    expect(requests).toHaveLength(1);
    expect(ms).toBeLessThan(500);
  });

  it('loses none of a burst: who waits for a connection has all of the time', async () => {
    const limits = { connectionMs: 200, requestMs: 200 };
    const call = await serve((request, response) => {
      request.resume();
      setTimeout(() => response.writeHead(200, JSON_TYPE).end('{}'), 75);
    }, limits);
    const burst = Array.from({ length: 200 }, () => call('BatchGetItem', {}));
    expect(await Promise.all(burst)).toHaveLength(200);
  });

  it('uses its connections again', async () => {
    const ports = new Set<number | undefined>();
    const call = await serve((request, response) => {
      ports.add(request.socket.remotePort);
      request.resume();
      response.writeHead(200, JSON_TYPE).end('{}');
    });
    for (let i = 0; i < 5; i++) await call('BatchGetItem', {});
    expect(ports.size).toBe(1);
  });
});

const REGIONS = [
  ...['us-east-1', 'eu-central-1', 'ap-southeast-5', 'us-gov-west-1', 'cn-north-1', 'cn-northwest-1'],
  ...['eusc-de-east-1', 'us-iso-east-1', 'us-isob-east-1', 'eu-isoe-west-1', 'us-isof-south-1'],
];

it.each(REGIONS)('the endpoint of %s is where the SDK goes', region => {
  const at = { Region: region, UseFIPS: false, UseDualStack: false };
  const { url } = new DynamoDBClient({ region }).config.endpointProvider(at);
  expect(`${endpointOf('dynamodb', region)}/`).toBe(url.href);
  // ECR's API has another host than the name that signatures have.
  expect(`${endpointOf('api.ecr', region)}/`).toBe(
    new ECRClient({ region }).config.endpointProvider(at).url.href,
  );
});

it('reads an answer that came while the function was frozen, although its time is over', async () => {
  const server = new Worker(
    `const { createServer } = require('node:http');
     const server = createServer((_, response) => setTimeout(() => response.end('{"a":1}'), 50));
     server.listen(0, '127.0.0.1', () => require('node:worker_threads').parentPort.postMessage(server.address().port));`,
    { eval: true },
  );
  close = async () => void (await server.terminate());
  const port = await new Promise(resolve => server.once('message', resolve));
  const call = awsClient('dynamodb', {
    region: 'eu-central-1',
    endpoint: `http://127.0.0.1:${port}`,
    credentials: { accessKeyId: 'id', secretAccessKey: new Secret('secret'), sessionToken: undefined },
    clock: () => NOW * 1000,
    randomBytes,
    limits: { connectionMs: 5000, requestMs: 150 },
  });
  await call('GetItem', {});
  const answer = call('GetItem', {});
  await new Promise(resolve => setTimeout(resolve, 20));
  // Nothing of this process runs meanwhile.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400);
  expect(await answer).toEqual({ a: 1 });
});

describe('what AWS says about an error', () => {
  const TOKEN = 'FwoGZXIvYXdzEBYaDH/session+token/of+a+function';
  const KEY = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
  const VALUE = '-----BEGIN PRIVATE KEY-----MIGHAgEAMBMGByqGSM49';

  /** The error of a call that writes a secret. */
  async function errorFor(body: string): Promise<Error> {
    const server = createServer((_, response) => response.writeHead(400, JSON_TYPE).end(body));
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    close = async () => void server.close();
    const call = awsClient('secretsManager', {
      region: 'eu-central-1',
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      credentials: { accessKeyId: 'id', secretAccessKey: new Secret(KEY), sessionToken: new Secret(TOKEN) },
      clock: () => NOW * 1000,
      randomBytes,
    });
    const input = { Name: 'pullpass-prod/ring/registry.example', SecretString: VALUE };
    return call('CreateSecret', input).then(
      () => new Error('it succeeded'),
      (error: Error) => error,
    );
  }

  it.each(['message', 'Message'])('is in the error, after its status: %s', async member => {
    const said =
      'User: arn:aws:sts::1:assumed-role/a/b is not authorized to perform: secretsmanager:CreateSecret';
    const error = await errorFor(JSON.stringify({ __type: 'AccessDeniedException', [member]: said }));
    expect(String(error)).toBe(`AccessDeniedException: AWS answered 400: ${said}`);
  });

  it.each([
    [
      'the request that was signed',
      `The signature does not match.\nThe Canonical String was\n'POST\nx-amz-security-token:${TOKEN}`,
    ],
    ['the session token', `The security token ${TOKEN} is expired`],
    ['the secret key', `${KEY} does not match`],
    ['what was to be stored', `Invalid value at 'secretString': '${VALUE}' failed to satisfy constraint`],
    ['something long that may be a secret', `Value ${'A1b2'.repeat(30)} is not valid`],
  ])('shows no secret: %s', async (_, message) => {
    const error = await errorFor(JSON.stringify({ __type: 'InvalidSignatureException', message }));
    for (const secret of [TOKEN, KEY, VALUE, 'A1b2A1b2A1b2'])
      expect(`${error.message}${error.stack}`).not.toContain(secret);
    expect(error.message).toMatch(/^AWS answered 400: ./);
  });

  it('names what it is about', async () => {
    const message = 'The secret pullpass-prod/ring/registry.example already exists.';
    expect((await errorFor(JSON.stringify({ message }))).message).toContain(message);
  });

  it('is one bounded line of printable characters', async () => {
    const message = `a\u0007\u{1f600}\u009bb ${'word '.repeat(500)}\nsecond`;
    const said = (await errorFor(JSON.stringify({ message }))).message;
    expect(said).toMatch(/^[\x20-\x7e]{1,350}$/);
  });

  it.each(['', '{}', '[]', 'null', '<html>', '{"message": 7}', '{"message": ""}'])(
    'may be nothing: %s',
    async body => {
      expect((await errorFor(body)).message).toBe('AWS answered 400');
    },
  );
});
