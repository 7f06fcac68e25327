/** The address of a client: that of its connection, or what trusted proxies say of it. */
import { isInNetworks, type Network, readAddress } from '../lib/domain/networks.ts';

export interface ClientAddresses {
  /** Whether the address is that of a proxy, which connects for many. */
  isProxy(address: string): boolean;
  /**
   * The client's address; empty where a proxy says something that is none, so that nothing is allowed for it. Each proxy
   * adds to the right of X-Forwarded-For whom it was asked by, so the first from the right that is no proxy is the client;
   * all to its left is only the client's word.
   */
  of(connection: string, forwardedFor: string | undefined): string;
}

/** What is further to the left is not looked at: no request comes by more proxies. */
const MAX_PROXIES = 32;

export function clientAddresses(proxies: readonly Network[]): ClientAddresses {
  const isProxy = (address: string) => isInNetworks(address, proxies);
  return {
    isProxy,
    of(connection, forwardedFor = '') {
      let client = readAddress(connection) ?? '';
      if (forwardedFor.trim() === '') return client;
      for (const entry of forwardedFor.split(',').slice(-MAX_PROXIES).reverse()) {
        if (!isProxy(client)) return client;
        client = addressIn(entry.trim()) ?? '';
      }
      return client;
    },
  };
}

/** Some proxies add the port. */
function addressIn(entry: string): string | undefined {
  const [, bracketed, plain] =
    /^(?:\[([0-9a-f.:]+)\](?::\d{1,5})?|(\d+\.\d+\.\d+\.\d+):\d{1,5})$/i.exec(entry) ?? [];
  return readAddress(bracketed ?? plain ?? entry);
}
