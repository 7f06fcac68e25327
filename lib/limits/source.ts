/** The source that an address belongs to: the unit in which failures, connections and exchanges are bounded. */

/** Also as a socket that listens on IPv6 spells it (RFC 4291 section 2.5.5.2). */
const IPV4 = /^(?:::ffff:)?(\d+\.\d+\.\d+\.\d+)$/i;

/** An IPv4 address, or the /64 of an IPv6 address: one host has all of it to ask from. */
export function sourceOf(address: string): string {
  const ipv4 = IPV4.exec(address)?.[1];
  if (ipv4 !== undefined) return ipv4;
  const [head = '', tail] = address.split('::');
  const before = head.split(':').filter(group => group !== '');
  const after = (tail ?? '').split(':').filter(group => group !== '');
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
  return [...before, ...Array<string>(Math.max(0, zeros)).fill('0'), ...after].slice(0, 4).join(':');
}
