/** Why a server could not be asked, and what to do about it: each cause has its own sentence. */

import type { ProxyServer } from '../lib/network/proxies.ts';
import { CliError } from './errors.ts';
import { isLoopback } from './target.ts';

/** Where none fits better. */
export const GENERAL_ADVICE = 'Check the URL, the network, and that the deployment is running.';

const AUTHORITY =
  'If it is from your own authority, add that to the trusted certificates of this machine, or name its file in SSL_CERT_FILE or NODE_EXTRA_CA_CERTS. If not, do not connect.';
const NAME = 'Check the spelling. If names outside are known to your proxy only, set HTTPS_PROXY.';

interface Cause {
  /** The end of "… cannot be reached: ". */
  readonly reason: string;
  readonly next?: string;
}

const UNTRUSTED: Cause = {
  reason: 'this machine does not trust the authority of its certificate',
  next: AUTHORITY,
};
const CLOSED: Cause = { reason: 'the connection was closed' };
const PLAIN_PORT = 'Check the port: other machines are asked by https only.';
const NO_TLS: Cause = { reason: 'this port does not speak TLS' };

const UNVERIFIED = 'UNABLE_TO_VERIFY_LEAF_SIGNATURE';

/** By the error codes of Node, OpenSSL and undici. */
const CAUSES: Readonly<Record<string, Cause>> = {
  ECONNREFUSED: { reason: 'the connection was refused' },
  ECONNRESET: CLOSED,
  EPIPE: CLOSED,
  UND_ERR_SOCKET: CLOSED,
  ENOTFOUND: { reason: 'the host name is unknown', next: NAME },
  EAI_AGAIN: { reason: 'the host name cannot be looked up', next: NAME },
  EHOSTUNREACH: { reason: 'there is no route to the host' },
  ENETUNREACH: { reason: 'there is no network' },
  CERT_HAS_EXPIRED: {
    reason: 'its certificate has expired',
    next: 'Its operator must renew the certificate; check the clock of this machine too.',
  },
  CERT_NOT_YET_VALID: {
    reason: 'its certificate is not valid yet',
    next: 'Check the clock of this machine.',
  },
  DEPTH_ZERO_SELF_SIGNED_CERT: { reason: 'its certificate is self-signed', next: AUTHORITY },
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  [UNVERIFIED]: UNTRUSTED,
  ERR_TLS_CERT_ALTNAME_INVALID: {
    reason: 'its certificate is for another host name',
    next: 'Use the host name of the certificate, or have the certificate made for this one.',
  },
  ERR_SSL_WRONG_VERSION_NUMBER: NO_TLS,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: NO_TLS,
  ERR_SSL_RECORD_LAYER_FAILURE: NO_TLS,
  EPROTO: { reason: 'no TLS version or cipher is common to both' },
};

export interface Failed {
  /** Of the request. */
  readonly url: URL;
  readonly timeoutMs: number;
  readonly proxy: ProxyServer | undefined;
}

/** The error of a request that got no response. */
export function unreachable(error: unknown, failed: Failed): CliError {
  const { url, proxy } = failed;
  const { reason, next } = causeOf(error, failed);
  const way = proxy === undefined ? '' : ` through the proxy ${proxy.url.origin}`;
  return new CliError(`${url.origin} cannot be reached${way}: ${reason}.`, {
    code: 'unreachable',
    next: proxy === undefined ? (next ?? GENERAL_ADVICE) : adviceBehind(proxy, url, next),
    cause: error,
  });
}

function causeOf(error: unknown, { url, timeoutMs, proxy }: Failed): Cause {
  if (error instanceof Error && error.name === 'TimeoutError') {
    return { reason: `no answer within ${timeoutMs / 1000} s` };
  }
  const refused = proxy && refusalOf(error, proxy);
  if (refused !== undefined) return refused;
  const code = firstOf(error, codeOf) ?? '';
  const cause = Object.hasOwn(CAUSES, code) ? CAUSES[code] : undefined;
  if (cause === NO_TLS) return { ...NO_TLS, next: proxy === undefined ? otherScheme(url) : PLAIN_PORT };
  const isCut = cause === CLOSED || code.startsWith('HPE_');
  if (isCut && url.protocol === 'http:') {
    return { ...CLOSED, next: `Check that it is running. If the port speaks TLS, use https://${url.host}.` };
  }
  if (firstOf(error, ({ message }) => message) === 'bad port')
    return { reason: 'fetch refuses this port', next: 'Use another port.' };
  return cause ?? { reason: code || 'the request failed' };
}

/** Whether a server was not asked because of its certificate: it does speak TLS. */
export function isCertificateRefused(error: unknown): boolean {
  const code = firstOf(error, codeOf) ?? '';
  return code.includes('CERT') || code === UNVERIFIED;
}

/** What a port that speaks the other protocol should be asked. */
function otherScheme({ protocol, host, href }: URL): string {
  if (protocol === 'http:') return `Use https://${host}, or check the port.`;
  return isLoopback(href) ? `Use http://${host}, or check the port.` : PLAIN_PORT;
}

/** undici says it in words alone. */
const REFUSED = /^Proxy response \((\d{3})\)/;

/** What a proxy refuses, or why it is not reached itself. */
function refusalOf(error: unknown, { variable, url }: ProxyServer): Cause | undefined {
  const status = firstOf(error, ({ message }) => REFUSED.exec(message)?.[1]);
  // tinyproxy answers 401 to a bad password.
  if (status === '407' || status === '401') {
    return url.username === ''
      ? {
          reason: `it requires a user and a password (${status})`,
          next: `Write them into ${variable}: http://USER:PASSWORD@HOST:PORT`,
        }
      : { reason: `it refuses the user or the password (${status})`, next: `Correct them in ${variable}.` };
  }
  if (status !== undefined) return { reason: `it answered with status ${status}` };
  return firstOf(error, codeOf)?.startsWith('HPE_') ? { reason: 'it does not answer as a proxy' } : undefined;
}

/** Behind a proxy the name that is looked up is that of the proxy, and what is silent may be the proxy. */
function adviceBehind(
  { variable, url: proxy }: ProxyServer,
  { host }: URL,
  next: string | undefined,
): string {
  if (next !== undefined && next !== NAME && next !== PLAIN_PORT) return next;
  const plain =
    next === PLAIN_PORT && proxy.protocol === 'https:'
      ? ` If the proxy speaks plain http, write http://${proxy.host}.`
      : '';
  return `Check ${variable}.${plain} If ${host} can be reached directly, list its name in NO_PROXY.`;
}

/** What `find` finds first in an error and its causes. */
function firstOf(error: unknown, find: (error: Error) => string | undefined): string | undefined {
  if (!(error instanceof Error)) return undefined;
  return firstOf(error.cause, find) ?? find(error);
}

function codeOf(error: Error): string | undefined {
  const code = 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** What servers that speak TLS answer to plain http: Go, nginx and Apache. */
const WANTS_TLS = /HTTP request (?:was sent )?to (?:an )?HTTPS (?:server|port)|plain HTTP to an SSL-enabled/i;

/** Whether a response to plain http says that the port speaks TLS. */
export function wantsTls(url: URL, status: number, text: string): boolean {
  return url.protocol === 'http:' && status === 400 && WANTS_TLS.test(text);
}

/** The error of plain http sent to a port that speaks TLS. */
export function plainToTls(url: URL): CliError {
  return new CliError(`${url.origin} speaks TLS, and was asked by plain http.`, {
    code: 'wrong-scheme',
    next: otherScheme(url),
  });
}
