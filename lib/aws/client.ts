/** AWS's JSON services without the SDK, for what a registry client waits for (docs/decisions/008-login-without-the-sdk.md). */

import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock, RandomBytes } from '../ports/system.ts';
import { ATTEMPTS, connectionPool, type Received, type TimeLimits } from './connections.ts';
import { amzDate, type Credentials, requestSigner } from './signature.ts';

/** A service that speaks AWS JSON: POST to `/`, the operation in `X-Amz-Target`. */
interface JsonService {
  /** As signatures and host names have it. */
  readonly name: string;
  readonly target: string;
  readonly version: '1.0' | '1.1';
}

const SERVICES = {
  dynamodb: { name: 'dynamodb', target: 'DynamoDB_20120810', version: '1.0' },
  kms: { name: 'kms', target: 'TrentService', version: '1.1' },
  secretsManager: { name: 'secretsmanager', target: 'secretsmanager', version: '1.1' },
  ecr: { name: 'ecr', target: 'AmazonEC2ContainerRegistry_V20150921', version: '1.1' },
  eventBridge: { name: 'events', target: 'AWSEvents', version: '1.1' },
} as const satisfies Record<string, JsonService>;

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

/** https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html, as far as these services answer them. */
const THROTTLED =
  /^(?:Throttling|ThrottlingException|ProvisionedThroughputExceeded(?:Exception)?|RequestLimitExceeded)$/;

/** An answer that is not 200. */
class AwsError extends Error {
  readonly transient: boolean;

  constructor({ status, body }: Received) {
    super(`AWS answered ${status}`);
    this.name = /"__type"\s*:\s*"(?:[^"#]*#)?(\w+)"/.exec(body)?.[1] ?? 'AwsError';
    this.transient = status >= 500 || status === 429 || THROTTLED.test(this.name);
  }
}

/** A caller of one service; its connections are kept and used again. */
export function awsClient(of: AwsService, options: AwsClientOptions): AwsCall {
  const { region, credentials, clock, randomBytes } = options;
  const { name: service, target, version } = SERVICES[of];
  const url = new URL(options.endpoint ?? endpointOf(service, region));
  const post = connectionPool(url, options.limits);
  const sign = requestSigner({ region, service }, credentials);
  const token = credentials.sessionToken?.reveal();

  async function attempt(operation: string, body: string, signal?: AbortSignal): Promise<unknown> {
    const headers = {
      'content-type': `application/x-amz-json-${version}`,
      host: url.host,
      'x-amz-date': amzDate(clock()),
      'x-amz-target': `${target}.${operation}`,
      ...(token === undefined ? {} : { 'x-amz-security-token': token }),
    };
    const received = await post({ ...headers, authorization: sign(headers, body) }, body, signal);
    if (received.status !== 200) throw new AwsError(received);
    return parse(received.body);
  }

  return async (operation, input, signal) => {
    const body = JSON.stringify(input);
    for (let attempts = 1; ; attempts++) {
      try {
        return await attempt(operation, body, signal);
      } catch (error) {
        if (attempts === ATTEMPTS || !isTransient(error)) throw error;
        const [chance = 0] = randomBytes(1);
        await sleep((PAUSE_MS * chance) / 255, undefined, signal === undefined ? {} : { signal });
      }
    }
  };
}

/** The error of JSON.parse quotes the text, which may be a secret. */
function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new SyntaxError('AWS answered something that is no JSON');
  }
}

/** What the network did, or AWS says will pass; not what it refused, and not an answer that is no JSON. */
function isTransient(error: unknown): boolean {
  if (error instanceof AwsError) return error.transient;
  return (
    error instanceof Error &&
    ('code' in error || error.name === 'TimeoutError') &&
    error.name !== 'AbortError'
  );
}

/** Of the public partitions, China's and the US government's; elsewhere the endpoint has to be given. */
export function endpointOf(service: string, region: string): string {
  return `https://${service}.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
}
