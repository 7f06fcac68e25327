/** How requests to issuers connect: through the proxy of the environment, and with every authority that this machine trusts. */
import { Agent } from 'node:https';
import { createSecureContext, type SecureContext } from 'node:tls';
import { allAuthorities, isUnknownAuthority, namedAuthorities } from '../network/authorities.ts';
import { type ProxyFor, readProxies } from '../network/proxies.ts';

/** What a request needs besides its URL. */
export interface Connection {
  /** false: a connection of its own, directly. */
  readonly agent: Agent | false;
  /** Absent: the authorities of Node alone. */
  readonly secureContext?: SecureContext;
  readonly timeout?: number;
}

/** A tunnel that does not come is not kept open for longer than anyone waits for an issuer. */
const TUNNEL_MS = 10_000;

export class Connections {
  readonly #variables: Readonly<Record<string, string | undefined>>;
  readonly #proxyFor: ProxyFor;
  #authorities: SecureContext | undefined;

  /** Throws VariableError for a variable that names no proxy, or no file of authorities. */
  constructor(variables: Readonly<Record<string, string | undefined>>) {
    this.#variables = variables;
    this.#proxyFor = readProxies(variables);
    // Read when it is needed; here only that it can be.
    namedAuthorities(variables);
  }

  /** A fresh connection each time: a pooled one may have died while the function was frozen. */
  to(url: URL): Connection {
    const proxy = this.#proxyFor(url);
    const secureContext = this.#authorities;
    return {
      ...(secureContext === undefined ? {} : { secureContext }),
      ...(proxy === undefined
        ? { agent: false }
        : { agent: new Agent({ proxyEnv: { https_proxy: proxy.url.href } }), timeout: TUNNEL_MS }),
    };
  }

  /**
   * Whether the connection failed because Node's own authorities do not know the server, so that a second one, with all
   * of this machine, may succeed. Nothing was sent then.
   */
  mayRepeat(failed: Connection, error: unknown): boolean {
    if (failed.secureContext !== undefined || !isUnknownAuthority(error)) return false;
    this.#authorities ??= createSecureContext({ ca: allAuthorities(this.#variables) });
    return true;
  }
}

/** Without any variable. */
export const DIRECT = new Connections({});
