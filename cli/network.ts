/** How requests reach their servers: through the proxy of the environment, and with every authority that this machine trusts. */
import { Agent } from 'node:https';
import { createSecureContext, type SecureContext } from 'node:tls';
import { allAuthorities, isUnknownAuthority } from '../lib/network/authorities.ts';
import { type ProxyFor, type ProxyServer, readProxies } from '../lib/network/proxies.ts';
import { CliError, messageOf } from './errors.ts';

type Variables = Readonly<Record<string, string | undefined>>;

export type Sent = RequestInit & { readonly redirect: 'manual' };

export class Network {
  readonly #variables: Variables;
  #proxies: ProxyFor | undefined;
  /** undefined: those of Node alone, until a server is certified by another one. */
  #authorities: SecureContext | undefined;

  constructor(variables: Variables) {
    this.#variables = variables;
  }

  /** The proxy that a request to this URL is sent through. Throws CliError when the variables name none. */
  proxyFor(url: URL): ProxyServer | undefined {
    this.#proxies ??= orExplained(() => readProxies(this.#variables));
    return this.#proxies(url);
  }

  /**
   * Connects a client that makes its own requests to a host such as this; undefined: it needs no help. It trusts all
   * authorities, because proxies that look into TLS certify everything themselves. Before Node 22.21 it connects directly.
   */
  agentFor(url: URL): Agent | undefined {
    const proxy = this.proxyFor(url);
    if (proxy === undefined) return undefined;
    const { no_proxy, NO_PROXY } = this.#variables;
    const proxyEnv = { https_proxy: proxy.url.href, no_proxy: no_proxy || NO_PROXY };
    return new Agent({ proxyEnv, secureContext: this.#allAuthorities() });
  }

  /** As `fetch`. Throws CliError when the variables name a proxy or a file that cannot be used. */
  async fetch(url: URL, sent: Sent): Promise<Response> {
    const proxy = this.proxyFor(url);
    const authorities = this.#authorities;
    try {
      return await fetchBy(url, sent, { proxy, authorities });
    } catch (error) {
      if (authorities !== undefined || !isUnknownAuthority(error)) throw error;
      // Nothing was sent yet: the handshake comes before the request.
      return await fetchBy(url, sent, { proxy, authorities: this.#allAuthorities() });
    }
  }

  #allAuthorities(): SecureContext {
    this.#authorities ??= orExplained(() => createSecureContext({ ca: allAuthorities(this.#variables) }));
    return this.#authorities;
  }
}

interface Way {
  readonly proxy: ProxyServer | undefined;
  readonly authorities: SecureContext | undefined;
}

async function fetchBy(url: URL, sent: Sent, { proxy, authorities }: Way): Promise<Response> {
  if (proxy === undefined && authorities === undefined) return await fetch(url, sent);
  const undici = await import('undici');
  const tls = authorities === undefined ? {} : { secureContext: authorities };
  const dispatcher =
    proxy === undefined
      ? new undici.Agent({ connect: tls })
      : new undici.ProxyAgent({ uri: proxy.url.href, requestTls: tls, proxyTls: tls });
  try {
    // The types of undici and of Node name the same things differently.
    return (await undici.fetch(url, { ...sent, dispatcher } as object)) as unknown as Response;
  } finally {
    // Ends its connections when the response has been read.
    void dispatcher.close();
  }
}

function orExplained<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new CliError(`${messageOf(error)}.`, {
      code: 'bad-environment',
      next: 'Correct the variable, or unset it.',
    });
  }
}
