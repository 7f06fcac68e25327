/** How an operation is written to a service of AWS, and its answer read: AWS JSON, or the older query protocol. */

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
