/** Networks of the configuration: an address, or an address and the length of its prefix. */
import { isIP } from 'node:net';

export interface Network {
  readonly address: string;
  readonly bits: number;
  readonly family: 'ipv4' | 'ipv6';
}

const ENTRY = /^([0-9a-f.:]+)(?:\/(\d{1,3}))?$/i;

/** Reads `10.0.0.0/8` or `2001:db8::1`; undefined for anything else. */
export function parseNetwork(entry: string): Network | undefined {
  const [, address = '', length] = ENTRY.exec(entry) ?? [];
  const version = isIP(address);
  if (version === 0) return undefined;
  const most = version === 4 ? 32 : 128;
  const bits = length === undefined ? most : Number(length);
  return bits > most ? undefined : { address, bits, family: version === 4 ? 'ipv4' : 'ipv6' };
}
