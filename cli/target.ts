/** A target: one deployment, under a name that the user gave it. */
import * as v from 'valibot';
import { isIssuerKey } from '../lib/domain/identifiers.ts';
import { UsageError } from './errors.ts';
import { STORED_LOGIN } from './login.ts';

const NAME = /^[A-Za-z0-9[][A-Za-z0-9._:[\]-]{0,127}$/;
const LOOPBACK = /^(?:127(?:\.\d{1,3}){3}|\[::1\]|localhost)$/;

/** `host` or `host:port`, as before the first slash of an image name. */
const REGISTRY = /^[A-Za-z0-9.[\]:-]{1,255}$/;

export const SERVICE = v.object({
  /** The `service` of the token protocol. */
  name: v.pipe(v.string(), v.regex(/^[\x21-\x7e]{1,255}$/)),
  registry: v.pipe(v.string(), v.regex(REGISTRY)),
});
export type TargetService = Readonly<v.InferOutput<typeof SERVICE>>;

const URL_TEXT = v.pipe(v.string(), v.regex(/^[\x21-\x7e]{1,2048}$/));

/** What a deployment says of an issuer. */
export const LISTED_ISSUER = v.object({
  key: v.pipe(
    v.string(),
    v.check(key => isIssuerKey(key)),
  ),
  issuer: URL_TEXT,
  token_endpoint: v.nullable(URL_TEXT),
  /** RFC 6749 appendix A.1. */
  client_id: v.nullable(v.pipe(v.string(), v.regex(/^[\x20-\x7e]{1,255}$/))),
});

const ISSUER = v.object({
  key: LISTED_ISSUER.entries.key,
  issuer: LISTED_ISSUER.entries.issuer,
  tokenEndpoint: v.pipe(URL_TEXT, v.check(isSafeUrl)),
  /** The client that the command is to the issuer; null: none. */
  clientId: LISTED_ISSUER.entries.client_id,
});
export type PinnedIssuer = Readonly<v.InferOutput<typeof ISSUER>>;

export const TARGET = v.object({
  name: v.pipe(v.string(), v.check(isTargetName)),
  /** Its origin, which is also the `PULLPASS_URL` of the deployment. */
  url: v.pipe(v.string(), v.check(isSafeUrl)),
  /** The registries that it serves: no other ever gets credentials of this target. */
  services: v.array(SERVICE),
  /** Exchanges API keys and refresh tokens; null: the deployment takes none. Changes only by `target-add`. */
  issuer: v.nullable(ISSUER),
  /** null: not logged in. */
  login: v.nullable(STORED_LOGIN),
  /** The deployment has refused a refresh token of the issuer, which may accept each only once. */
  keepsRefreshTokens: v.optional(v.literal(true)),
});
export type Target = Readonly<v.InferOutput<typeof TARGET>>;

/** Whether `text` is a valid name, which may be a host with a port. */
export function isTargetName(text: string): boolean {
  return NAME.test(text);
}

/**
 * The origin of a deployment's URL. Throws UsageError unless it is https, or http on this machine, with neither user
 * information, path, query nor fragment: secrets will be sent there.
 */
export function parseTargetUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !isSafe(url))
    throw new UsageError(`${schemeFault(text.trim(), url)} (http:// only on this machine).`);
  if (`${url.origin}/` !== url.href) {
    throw new UsageError(`The URL of a deployment must have no user name, path or query; use ${url.origin}.`);
  }
  return url.origin;
}

/** Whether `text` is an absolute URL that secrets may be sent to. */
export function isSafeUrl(text: string): boolean {
  return URL.canParse(text) && isSafe(new URL(text)) && !new URL(text).username && !new URL(text).password;
}

/** Whether the URL is of this machine. */
export function isLoopback(url: string): boolean {
  return LOOPBACK.test(new URL(url).hostname);
}

function isSafe({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || (protocol === 'http:' && LOOPBACK.test(hostname));
}

/** A host as people type it, and too short to be a secret that was pasted by mistake. */
const HOST = /^(localhost|127\.0\.0\.1|\[::1\]|(?:[a-z0-9-]{1,40}\.)+[a-z0-9-]{2,24})(:\d{1,5})?(?:\/.*)?$/i;

/** The text may be a secret: at most its host is shown. */
function schemeFault(text: string, url: URL | undefined): string {
  const [, name, port = ''] = HOST.exec(text) ?? [];
  if (name !== undefined) {
    const scheme = LOOPBACK.test(name.toLowerCase()) ? 'http' : 'https';
    return `${name}${port} has no scheme; write ${scheme}://${name}${port}: a URL must begin with https://`;
  }
  if (url === undefined || url.host === '')
    return 'This is not the URL of a deployment; it must begin with https://';
  if (url.protocol === 'http:')
    return `http://${url.host} would carry secrets in the clear; the URL of a deployment must begin with https://`;
  return `${url.protocol}//${url.host} is not the URL of a deployment; it must begin with https://`;
}
