/** AWS's services without the SDK, for what a registry client waits for (docs/decisions/008-login-without-the-sdk.md). */

import http from 'node:http';
import https from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { urlToHttpOptions } from 'node:url';
import { awsSuffix } from '../domain/aws-partitions.ts';
import type { Clock, RandomBytes } from '../ports/system.ts';
import { AwsError, type Received, valuesIn } from './error.ts';
import { jsonProtocol, type Protocol, queryProtocol } from './protocols.ts';
import { amzDate, type Credentials, requestSigner } from './signature.ts';

interface Service {
  /** As signatures have it. */
  readonly name: string;
  /** What its host begins with; absent: the name. */
  readonly host?: string;
  readonly protocol: Protocol;
}

const SERVICES = {
  dynamodb: { name: 'dynamodb', protocol: jsonProtocol('DynamoDB_20120810', '1.0') },
  kms: { name: 'kms', protocol: jsonProtocol('TrentService', '1.1') },
  secretsManager: { name: 'secretsmanager', protocol: jsonProtocol('secretsmanager', '1.1') },
  ecr: {
    name: 'ecr',
    host: 'api.ecr',
    protocol: jsonProtocol('AmazonEC2ContainerRegistry_V20150921', '1.1'),
  },
  eventBridge: { name: 'events', protocol: jsonProtocol('AWSEvents', '1.1') },
  sts: { name: 'sts', protocol: queryProtocol('2011-06-15') },
} as const satisfies Record<string, Service>;

export type AwsService = keyof typeof SERVICES;

export interface AwsClientOptions {
  readonly region: string;
  /** Absent: the region's own. */
  readonly endpoint: string | undefined;
  readonly credentials: Credentials;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  readonly limits?: TimeLimits;
}

/**
 * Carries out an operation. Rejects with an error named as AWS names it, or as the network does; a transient one
 * is tried a second time.
 */
export type AwsCall = (operation: string, input: object, signal?: AbortSignal) => Promise<unknown>;

/** The longest wait before the second attempt, in milliseconds. */
const PAUSE_MS = 50;

interface Call {
  readonly operation: string;
  readonly input: object;
  readonly body: string;
}

/** A caller of one service; its connections are kept and used again. */
export function awsClient(of: AwsService, options: AwsClientOptions): AwsCall {
  const { region, credentials, clock, randomBytes } = options;
  const { name: service, host = service, protocol }: Service = SERVICES[of];
  const url = new URL(options.endpoint ?? endpointOf(host, region));
  const post = connectionPool(url, options.limits);
  const sign = requestSigner({ region, service }, credentials);
  const token = credentials.sessionToken?.reveal();

  async function attempt({ operation, input, body }: Call, signal?: AbortSignal): Promise<unknown> {
    const headers = {
      ...protocol.headers(operation),
      host: url.host,
      'x-amz-date': amzDate(clock()),
      ...(token === undefined ? {} : { 'x-amz-security-token': token }),
    };
    const received = await post({ ...headers, authorization: sign(headers, body) }, body, signal);
    if (received.status === 200) return protocol.decode(received.body);
    const own = [credentials.secretAccessKey.reveal(), token ?? ''];
    throw new AwsError(received, protocol, [...own, ...valuesIn(input)]);
  }

  return async (operation, input, signal) => {
    const call = { operation, input, body: protocol.encode(operation, input) };
    for (let attempts = 1; ; attempts++) {
      try {
        return await attempt(call, signal);
      } catch (error) {
        if (attempts === ATTEMPTS || !isTransient(error)) throw error;
        const [chance = 0] = randomBytes(1);
        await sleep((PAUSE_MS * chance) / 255, undefined, signal === undefined ? {} : { signal });
      }
    }
  };
}

/** What the network did, or AWS says will pass; not what it refused, and not an answer that cannot be read. */
export function isTransient(error: unknown): boolean {
  if (error instanceof AwsError) return error.transient;
  return (
    error instanceof Error &&
    ('code' in error || error.name === 'TimeoutError') &&
    error.name !== 'AbortError'
  );
}

/** The region's own, in any partition of AWS. */
export function endpointOf(service: string, region: string): string {
  return `https://${service}.${region}.${awsSuffix(region)}`;
}

/** How long is waited, in milliseconds. */
export interface TimeLimits {
  /** For a new connection. */
  readonly connectionMs: number;
  /** For one request. */
  readonly requestMs: number;
}

export const TIME_LIMITS: TimeLimits = { connectionMs: 300, requestMs: 800 };

/** Requests that one call comes to, at most. */
export const ATTEMPTS = 2;

/** Connections, and calls under way: one that waited for a connection would spend its time limits waiting. */
export const MAX_CALLS = 50;

/** Rejects when the answer does not arrive in full: with `TimeoutError` when a limit has passed. */
export type Post = (
  headers: Readonly<Record<string, string>>,
  body: string,
  signal: AbortSignal | undefined,
) => Promise<Received>;

/** Posts to one URL. A request whose connections are all taken waits for its turn before its time limits begin. */
export function connectionPool(url: URL, limits: TimeLimits = TIME_LIMITS): Post {
  const { Agent, request } = url.protocol === 'https:' ? https : http;
  const agent = new Agent({ keepAlive: true, maxSockets: MAX_CALLS });
  // Taken apart once: Node would do it again for every request.
  const target = { ...urlToHttpOptions(url), agent, method: 'POST' };
  return (headers, body, signal) => {
    const { promise, resolve, reject } = Promise.withResolvers<Received>();
    const options = { ...target, headers, ...(signal === undefined ? {} : { signal }) };
    const call = request(options, answer => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', reject);
      answer.once('end', () =>
        resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(chunks).toString() }),
      );
    });
    const endLimits = limitTime(call, limits, reject);
    call.on('error', reject).end(body);
    return promise.finally(endLimits);
  };
}

/** So long for a new connection, and from there so long for all of the answer: one that trickles is given up too. */
function limitTime(
  call: http.ClientRequest,
  { connectionMs, requestMs }: TimeLimits,
  reject: (error: Error) => void,
): () => void {
  let timer: NodeJS.Timeout | undefined;
  let hasEnded = false;
  const giveUp = (ms: number) => {
    if (hasEnded) return;
    reject(Object.assign(new Error(`no answer within ${ms} ms`), { name: 'TimeoutError' }));
    call.destroy();
  };
  const begin = (ms: number) => {
    clearTimeout(timer);
    // A function that was frozen wakes up with its time over, and its answer may be there: it is read first.
    timer = setTimeout(() => setImmediate(giveUp, ms), ms);
  };
  call.once('socket', socket => {
    begin(socket.connecting ? connectionMs : requestMs);
    if (!socket.connecting) return;
    socket.once('encrypted' in socket ? 'secureConnect' : 'connect', () => begin(requestMs));
  });
  return () => {
    hasEnded = true;
    clearTimeout(timer);
  };
}
