/**
 * Two other readings of addresses and networks, which share no code with lib/domain/networks.ts: whole numbers, with the
 * URL parser to read IPv6, and the block lists of Node.
 */
import { BlockList, isIPv4 } from 'node:net';

interface Numbered {
  readonly family: 4 | 6;
  readonly value: bigint;
}

/** The address as one number. */
export function numberOf(address: string): Numbered {
  if (isIPv4(address)) {
    return { family: 4, value: address.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n) };
  }
  // The URL standard spells IPv6 without dots.
  const host = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [before = [], after] = host.split('::').map(half => half.split(':').filter(group => group !== ''));
  const zeros = after === undefined ? [] : Array<string>(8 - before.length - after.length).fill('0');
  const groups = [...before, ...zeros, ...(after ?? [])];
  const value = groups.reduce((sum, group) => sum * 65_536n + BigInt(`0x${group}`), 0n);
  const isMapped = value >> 32n === 0xffffn;
  return isMapped ? { family: 4, value: value & 0xffff_ffffn } : { family: 6, value };
}

/** Whether the address is in the network, by division. */
export function dividesInto(address: string, network: string): boolean {
  const [base = '', bits = ''] = network.split('/');
  const [inner, outer] = [numberOf(address), numberOf(base)];
  const size = 1n << BigInt((outer.family === 4 ? 32 : 128) - Number(bits));
  return inner.family === outer.family && inner.value / size === outer.value / size;
}

/** Whether the address is in the network, by Node, which would take all of IPv4 for a part of IPv6. */
export function isBlocked(address: string, network: string): boolean {
  const [base = '', bits = ''] = network.split('/');
  const list = new BlockList();
  list.addSubnet(base, Number(bits), isIPv4(base) ? 'ipv4' : 'ipv6');
  const { family, value } = numberOf(address);
  if (family !== (isIPv4(base) ? 4 : 6)) return false;
  if (family === 6) return list.check(address, 'ipv6');
  const bytes = [24n, 16n, 8n, 0n].map(shift => (value >> shift) & 255n);
  return list.check(bytes.join('.'), 'ipv4');
}
