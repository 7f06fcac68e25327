/** The address of a client: that of its connection, or what trusted proxies say of it. */
import { BlockList, isIP } from 'node:net';
import type { Network } from '../lib/config/values.ts';

export interface ClientAddresses {
  /** Whether the address is that of a proxy, which connects for many. */
  isProxy(address: string): boolean;
  /**
   * The client's address. Each proxy adds to the right of X-Forwarded-For whom it was asked by, so the first from the right
   * that is no proxy is the client; all to its left is only the client's word.
   */
  of(connection: string, forwardedFor: string | undefined): string;
}

export function clientAddresses(proxies: readonly Network[]): ClientAddresses {
  const list = new BlockList();
  for (const { address, bits, family } of proxies) list.addSubnet(address, bits, family);
  const isProxy = (address: string) => {
    const plain = withoutMapping(address);
    return list.check(plain, isIP(plain) === 6 ? 'ipv6' : 'ipv4');
  };
  return {
    isProxy,
    of(connection, forwardedFor) {
      let client = withoutMapping(connection);
      for (const entry of (forwardedFor ?? '').split(',').reverse()) {
        const next = addressIn(entry.trim());
        if (!isProxy(client) || next === undefined) return client;
        client = next;
      }
      return client;
    },
  };
}

/** A socket that listens on IPv6 spells IPv4 so (RFC 4291 section 2.5.5.2). */
function withoutMapping(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '');
}

/** Some proxies add the port. */
function addressIn(entry: string): string | undefined {
  const [, bracketed, plain] = /^(?:\[([0-9a-f.:]+)\](?::\d+)?|(\d+\.\d+\.\d+\.\d+):\d+)$/i.exec(entry) ?? [];
  const address = withoutMapping(bracketed ?? plain ?? entry);
  return isIP(address) === 0 || address.includes('%') ? undefined : address;
}
