/** How an operation is written to a service of AWS, and its answer read, or its error: AWS JSON, or the older query protocol. */

export interface Protocol {
  readonly headers: (operation: string) => ProtocolHeaders;
  readonly encode: (operation: string, input: object) => string;
  /** Throws for an answer that is not of the protocol, without its text, which may hold a secret. */
  readonly decode: (body: string) => unknown;
  /** What an answer that is not 200 calls its error; undefined: it is not of the protocol. */
  readonly errorName: (body: string) => string | undefined;
  /** What it says about it. */
  readonly errorMessage: (body: string) => string | undefined;
}

interface ProtocolHeaders {
  /** `Content-Type`. */
  readonly type: string;
  /** `X-Amz-Target`. */
  readonly target?: string;
}

/** The operation in `X-Amz-Target`, and its input in the body. */
export function jsonProtocol(target: string, version: '1.0' | '1.1'): Protocol {
  return {
    headers: operation => ({ type: `application/x-amz-json-${version}`, target: `${target}.${operation}` }),
    encode: (_, input) => JSON.stringify(input),
    decode: parse,
    errorName: body => /"__type"\s*:\s*"(?:[^"#]*#)?(\w+)"/.exec(body)?.[1],
    errorMessage: messageIn,
  };
}

/** Services write it in either way. */
function messageIn(body: string): string | undefined {
  try {
    const { message, Message = message } = Object(JSON.parse(body)) as Record<string, unknown>;
    return typeof Message === 'string' ? Message : undefined;
  } catch {
    return undefined;
  }
}

/** JSON.parse would quote the text. */
function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new SyntaxError('AWS answered something that is no JSON');
  }
}

const LEAF = /<(\w+)>([^<>&]*)<\/\1>/g;

/**
 * A form, answered in XML ("Making Query API requests"). Of that, `decode` gives the elements that hold text, by name: the answers that
 * are read here have no name twice, and no text that XML would write differently.
 */
export function queryProtocol(version: string): Protocol {
  return {
    headers: () => ({ type: 'application/x-www-form-urlencoded' }),
    encode: (operation, input) =>
      new URLSearchParams({ Action: operation, Version: version, ...input }).toString(),
    decode: body => Object.fromEntries([...body.matchAll(LEAF)].map(([, name = '', text]) => [name, text])),
    errorName: body => /<Code>(\w+)<\/Code>/.exec(body)?.[1],
    errorMessage: body => /<Message>([^<]*)<\/Message>/.exec(body)?.[1],
  };
}

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
