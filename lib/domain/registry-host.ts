/** The host of a registry: one spelling for the ways in which clients and people write it. */

const HOST = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*)(?::([1-9]\d{0,4}))?$/;

const MAX_PORT = 65_535;

const HTTPS_PORT = '443';

/** A scheme before the host, and what docker writes behind it. */
const WRITTEN = /^(?:https?:\/\/)?([^/]+)(?:\/(?:v2\/?)?)?$/i;

/**
 * `host` or `host:port` in lower case, an IPv6 address in its shortest form, without the port that https has anyway.
 * Nothing else is normalised: a name that only looks like a registry's is another one. Undefined: it is no host.
 */
export function canonicalHost(text: string): string | undefined {
  const [, host = '', port] = HOST.exec(text) ?? [];
  if (host === '' || Number(port ?? 1) > MAX_PORT) return undefined;
  const name = host.startsWith('[') ? ipv6(host) : host.toLowerCase();
  return name === undefined || port === undefined || port === HTTPS_PORT ? name : `${name}:${port}`;
}

/** As `canonicalHost`, for what people write: `https://host`, `http://host/`, `host/v2/`. */
export function hostAsWritten(text: string): string | undefined {
  const [, host = ''] = WRITTEN.exec(text) ?? [];
  return canonicalHost(host);
}

/** Whether both are the same registry. The first is as the deployment writes it, the second as people do. */
export function isSameRegistry(registry: string, written: string): boolean {
  return registry === written || (canonicalHost(registry) ?? registry) === hostAsWritten(written);
}

function ipv6(bracketed: string): string | undefined {
  const url = `http://${bracketed}`;
  return URL.canParse(url) ? new URL(url).hostname : undefined;
}
