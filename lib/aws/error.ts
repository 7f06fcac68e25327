/** An error of AWS: named as AWS names it, with what AWS says about it, and without any secret of the request. */
import type { Protocol } from './protocols.ts';

/** https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html, as far as these services answer them. */
const THROTTLED =
  /^(?:Throttling|ThrottlingException|ProvisionedThroughputExceeded(?:Exception)?|RequestLimitExceeded)$/;

/** What a service has answered. */
export interface Received {
  readonly status: number;
  readonly body: string;
}

/** An answer that is not 200. */
export class AwsError extends Error {
  readonly transient: boolean;

  /** `secrets`: what must not be in the message. */
  constructor({ status, body }: Received, protocol: Protocol, secrets: readonly string[]) {
    const said = saying(protocol.errorMessage(body) ?? '', secrets);
    super(said === '' ? `AWS answered ${status}` : `AWS answered ${status}: ${said}`);
    this.name = protocol.errorName(body) ?? 'AwsError';
    this.transient = status >= 500 || status === 429 || THROTTLED.test(this.name);
  }
}

export function isNamed(error: unknown, name: string): boolean {
  return error instanceof Error && error.name === name;
}

const MAX_SAYING = 300;
const HIDDEN = '***';
/** Shorter texts of a request are names and numbers, not secrets. */
const MIN_SECRET = 16;
/** Such a run of letters and digits is no name. */
const OPAQUE = /[A-Za-z0-9+=_-]{100,}/g;

/**
 * One line of printable ASCII, and not too long. An error about a signature quotes the request, with its session token, behind a line
 * break; one about a value may quote the value.
 */
function saying(message: string, secrets: readonly string[]): string {
  const [line = ''] = message.split(/[\r\n]/);
  const hide = (text: string, secret: string) => text.replaceAll(secret, HIDDEN);
  const hidden = secrets.filter(({ length }) => length >= MIN_SECRET).reduce(hide, line);
  return hidden
    .replaceAll(OPAQUE, HIDDEN)
    .replaceAll(/[^\x20-\x7e]/g, '?')
    .slice(0, MAX_SAYING);
}

/** Members that name things: an error without them is of no use. */
const NAMES = new Set(['EventBusName', 'KeyId', 'Name', 'RoleArn', 'SecretId', 'TableName']);

/** The texts of a request that the message must not show. */
export function valuesIn(input: object): string[] {
  return Object.entries(input).flatMap(([name, value]: [string, unknown]) => {
    if (typeof value === 'string') return NAMES.has(name) ? [] : [value];
    return typeof value === 'object' && value !== null ? valuesIn(value) : [];
  });
}
