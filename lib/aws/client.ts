/** AWS's services without the SDK, for what a registry client waits for (docs/decisions/008-login-without-the-sdk.md). */

import { setTimeout as sleep } from 'node:timers/promises';
import { awsSuffix } from '../domain/aws-partitions.ts';
import type { Clock, RandomBytes } from '../ports/system.ts';
import { connectionPool, type TimeLimits } from './connections.ts';
import { AwsError, jsonProtocol, type Protocol, queryProtocol, valuesIn } from './protocols.ts';
import { amzDate, type Credentials, requestSigner, type SignedHeaders } from './signature.ts';

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
    const { type, target } = protocol.headers(operation);
    // In the order in which they are signed.
    const headers: Record<string, string> & SignedHeaders = {
      'content-type': type,
      host: url.host,
      'x-amz-date': amzDate(clock()),
    };
    if (token !== undefined) headers['x-amz-security-token'] = token;
    if (target !== undefined) headers['x-amz-target'] = target;
    headers.authorization = sign(headers, body);
    const received = await post(headers, body, signal);
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

/** Requests that one call comes to, at most. */
export const ATTEMPTS = 2;
