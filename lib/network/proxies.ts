/** Which requests go through a proxy: HTTPS_PROXY, HTTP_PROXY and NO_PROXY in either case, read alike for all that connects. */
import { BlockList, isIP } from 'node:net';

export interface ProxyServer {
  /** http or https, with the user and password of the proxy if it has any. */
  readonly url: URL;
  /** The variable that names it. */
  readonly variable: string;
}

/** The proxy for a request to this URL; undefined: it goes directly. */
export type ProxyFor = (url: URL) => ProxyServer | undefined;

type Variables = Readonly<Record<string, string | undefined>>;

/** Lower case first, as curl and Node have it. HTTP_PROXY is for https too where nothing else is set, as in Node's fetch. */
const VARIABLES = ['https_proxy', 'HTTPS_PROXY', 'http_proxy', 'HTTP_PROXY'];
const EXCEPTIONS = ['no_proxy', 'NO_PROXY'];

/** Every variable that `readProxies` reads. */
export const PROXY_VARIABLES: readonly string[] = [...VARIABLES, ...EXCEPTIONS];

/** Reads the variables; an empty one counts as absent. Throws VariableError. */
export function readProxies(variables: Variables): ProxyFor {
  const variable = VARIABLES.find(name => variables[name]?.trim());
  if (variable === undefined) return () => undefined;
  const proxy = { url: parseProxy(variable, variables[variable]?.trim() ?? ''), variable };
  const exceptions = (EXCEPTIONS.map(name => variables[name]).find(Boolean) ?? '')
    .toLowerCase()
    .split(/[\s,]+/)
    .filter(entry => entry !== '');
  return url => (isDirect(url, proxy) || exceptions.some(entry => isMeant(entry, url)) ? undefined : proxy);
}

/** As in curl and Go, a proxy without a scheme speaks http. */
function parseProxy(variable: string, text: string): URL {
  const full = text.includes('://') ? text : `http://${text}`;
  const url = URL.canParse(full) ? new URL(full) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol)) return url;
  // Its value may hold a password.
  throw new VariableError(`${variable} must be the URL of an http or https proxy, such as http://HOST:PORT`);
}

const LOOPBACK = /^(?:127(?:\.\d{1,3}){3}|\[::1\]|localhost)$/;

/**
 * What no proxy is asked for. Plain http is for this machine only, and its secrets do not leave it; a proxy elsewhere
 * cannot reach this machine by its loopback names.
 */
function isDirect({ protocol, hostname }: URL, { url: proxy }: ProxyServer): boolean {
  return protocol === 'http:' || (LOOPBACK.test(hostname) && !LOOPBACK.test(proxy.hostname));
}

/** Whether an entry of NO_PROXY means the host: as in Go, a domain means its subdomains too, and a network its addresses. */
function isMeant(entry: string, { hostname, port, protocol }: URL): boolean {
  if (entry === '*') return true;
  const network = /^\[?([0-9a-f.:]+)\]?(?:\/(\d{1,3}))?$/.exec(entry);
  const address = network?.[1] ?? '';
  if (network !== null && isIP(address) !== 0)
    return isInNetwork(hostname.replace(/^\[|\]$/g, ''), address, network[2]);
  const [, name = '', only] = /^(?:\*?\.)?(.+?)(?::(\d+))?$/.exec(entry) ?? [];
  if (only !== undefined && only !== (port || (protocol === 'https:' ? '443' : '80'))) return false;
  return hostname === name || hostname.endsWith(`.${name}`);
}

function isInNetwork(host: string, address: string, bits: string | undefined): boolean {
  const [family, most] = isIP(address) === 4 ? (['ipv4', 32] as const) : (['ipv6', 128] as const);
  const version = isIP(host);
  if (version === 0 || Number(bits ?? most) > most) return false;
  const network = new BlockList();
  network.addSubnet(address, Number(bits ?? most), family);
  return network.check(host, version === 4 ? 'ipv4' : 'ipv6');
}

/** A variable that cannot be used: it names no proxy, or no file of authorities. */
export class VariableError extends Error {
  override readonly name = 'VariableError';
}
