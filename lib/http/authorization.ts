/** The strict reader of the `Authorization` header. */
import { PullpassError } from '../domain/errors.ts';
import { Secret } from '../domain/secret.ts';

export type Authorization =
  | { readonly scheme: 'basic'; readonly userName: string; readonly password: Secret }
  | { readonly scheme: 'bearer'; readonly token: Secret };

const HEADER = /^(Basic|Bearer) +([\x21-\x7e]+)$/i;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads Basic (RFC 7617: user name and password part at the first colon) or Bearer (RFC 6750). Undefined without a
 * header. Anything malformed is `unauthenticated`, like any other bad credential.
 */
export function parseAuthorization(header: string | undefined): Authorization | undefined {
  if (header === undefined) return undefined;
  const [, scheme, value] = HEADER.exec(header) ?? [];
  if (scheme === undefined || value === undefined) throw malformed('authorization scheme');
  if (scheme.toLowerCase() === 'bearer') return { scheme: 'bearer', token: new Secret(value) };
  const pair = decodePair(value);
  const colon = pair.indexOf(':');
  if (colon < 0) throw malformed('no colon in Basic credentials');
  return { scheme: 'basic', userName: pair.slice(0, colon), password: new Secret(pair.slice(colon + 1)) };
}

function decodePair(value: string): string {
  const bytes = Buffer.from(value, 'base64');
  // Buffer.from skips what it does not know: without the way back, many headers would spell one secret.
  if (!BASE64.test(value) || bytes.toString('base64') !== value) throw malformed('base64 is not canonical');
  try {
    return utf8.decode(bytes);
  } catch {
    throw malformed('credentials are not UTF-8');
  }
}

function malformed(reason: string): PullpassError {
  return new PullpassError('unauthenticated', {
    reason: `malformed credentials: ${reason}`,
    denial: 'unknown-secret',
  });
}
