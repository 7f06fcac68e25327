/** Networks that a token or a trust may be used from: their one spelling, and whether an address is in one of them. */

/** A network as `readNetwork` spells it, such as `10.0.0.0/8` or `2001:db8::/32`. */
export type Network = string;

/** The most networks of one token or trust. */
export const MAX_NETWORKS = 16;

/** An address in groups of 16 bits: two of IPv4, eight of IPv6. */
type Groups = readonly number[];

interface Block {
  readonly groups: Groups;
  /** How many bits from the left count. */
  readonly bits: number;
}

/** The address in its one spelling (RFC 5952); undefined for what is no address, or has a zone. */
export const readAddress = remembered((text: string): string | undefined => {
  const groups = addressIn(text);
  return groups && formatAddress(groups);
});

/** The address of IPv4, or the first so many bits of one of IPv6 as a network; undefined for what is no address. */
export function networkOf(text: string, ipv6Bits: number): string | undefined {
  const groups = addressIn(text);
  if (groups === undefined) return undefined;
  const network = { groups, bits: ipv6Bits };
  return groups.length === 2 ? formatAddress(groups) : format({ ...network, groups: masked(network) });
}

/** Whether the address is in one of the networks (null: it need not be). An address that is not known is in none. */
export function isInNetworks(address: string | undefined, networks: readonly Network[] | null): boolean {
  if (networks === null) return true;
  const groups = address === undefined ? undefined : addressIn(address);
  if (groups === undefined) return false;
  const one = { groups, bits: 16 * groups.length };
  return networks.some(network => covers(knownBlock(network), one));
}

/** The network in its one spelling, or what is wrong with it. */
export function readNetwork(text: string): { readonly network: Network } | { readonly problem: string } {
  const block = blockIn(text);
  if (block === undefined) {
    const groups = addressIn(text);
    const example =
      groups === undefined
        ? '203.0.113.0/24 or 2001:db8::/32'
        : `${formatAddress(groups)}/${16 * groups.length}`;
    return { problem: `must be a network such as ${example}` };
  }
  const { groups, bits } = block;
  if (isMapped(groups) && bits >= MAPPED_BITS) {
    const ipv4 = {
      groups: masked({ groups: groups.slice(6), bits: bits - MAPPED_BITS }),
      bits: bits - MAPPED_BITS,
    };
    return { problem: `is IPv4 and must be written so: ${format(ipv4)}` };
  }
  const network = format({ groups: masked(block), bits });
  const isExact = formatAddress(groups) === formatAddress(masked(block));
  return isExact ? { network } : { problem: `has bits after the first ${bits}: write ${network}` };
}

export function isNetwork(text: string): boolean {
  const read = readNetwork(text);
  return 'network' in read && read.network === text;
}

/** What is in both. Of two networks, one covers the other or they share nothing. */
export function intersectNetworks(
  some: readonly Network[] | null,
  others: readonly Network[] | null,
): readonly Network[] | null {
  if (some === null || others === null) return some ?? others;
  const within = (inner: readonly Network[], outer: readonly Network[]) =>
    inner.filter(network => outer.some(other => covers(blockIn(other), blockIn(network))));
  return [...new Set([...within(some, others), ...within(others, some)])];
}

function covers(outer: Block | undefined, inner: Block | undefined): boolean {
  if (outer === undefined || inner === undefined) return false;
  const { groups, bits } = outer;
  if (groups.length !== inner.groups.length || bits > inner.bits) return false;
  return groups.every((group, i) => {
    const shift = hostBits(bits, i);
    return group >> shift === (inner.groups[i] ?? 0) >> shift;
  });
}

/** How many bits of a group a network of so many bits leaves open. */
function hostBits(bits: number, group: number): number {
  return Math.min(16, Math.max(0, 16 * (group + 1) - bits));
}

function masked({ groups, bits }: Block): Groups {
  return groups.map((group, i) => (group >> hostBits(bits, i)) << hostBits(bits, i));
}

const MAX_KNOWN = 4096;
/** Longer than any network: anyone may write such a text where an address belongs, and it is not kept. */
const MAX_KNOWN_LENGTH = 64;

/** The function, with what it has answered before: most requests come from the same addresses, and are held against the same networks. */
export function remembered<T>(of: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>();
  return text => {
    const found = known.get(text);
    if (found !== undefined || text.length > MAX_KNOWN_LENGTH) return found ?? of(text);
    if (known.size >= MAX_KNOWN) known.clear();
    const answer = of(text);
    known.set(text, answer);
    return answer;
  };
}

const knownBlock = remembered(blockIn);

const LENGTH = /^(?:0|[1-9]\d{0,2})$/;

function blockIn(text: string): Block | undefined {
  const slash = text.indexOf('/');
  const length = text.slice(slash + 1);
  const groups = LENGTH.test(length) ? groupsIn(text.slice(0, slash)) : undefined;
  const bits = Number(length);
  return groups === undefined || bits > 16 * groups.length ? undefined : { groups, bits };
}

/** How IPv6 spells IPv4 (RFC 4291 section 2.5.5.2): one address, by a socket of either version. */
const MAPPED_BITS = 96;

function isMapped(groups: Groups): boolean {
  return groups[5] === 0xffff && groups.slice(0, 5).every(group => group === 0);
}

function addressIn(text: string): Groups | undefined {
  const groups = groupsIn(text);
  return groups !== undefined && isMapped(groups) ? groups.slice(6) : groups;
}

/** Strict, and in one pass: a login reads up to sixteen networks. */
function groupsIn(text: string): number[] | undefined {
  return text.includes(':') ? ipv6Groups(text) : ipv4Groups(text, 0);
}

/** Four numbers up to 255 without leading zeros, from `start` to the end. */
function ipv4Groups(text: string, start: number): number[] | undefined {
  const bytes: number[] = [];
  let [byte, digits] = [0, 0];
  for (let i = start; i <= text.length; i++) {
    const digit = text.charCodeAt(i) - ZERO;
    if (digit >= 0 && digit <= 9) {
      if (digits > 0 && byte === 0) return undefined;
      byte = byte * 10 + digit;
      digits++;
      if (byte > 255) return undefined;
      continue;
    }
    const isEnd = i === text.length;
    if (digits === 0 || (!isEnd && text[i] !== '.')) return undefined;
    bytes.push(byte);
    [byte, digits] = [0, 0];
  }
  const [a = 0, b = 0, c = 0, d = 0] = bytes;
  return bytes.length === 4 ? [a * 256 + b, c * 256 + d] : undefined;
}

/** RFC 4291 section 2.2. */
function ipv6Groups(text: string): number[] | undefined {
  const groups: number[] = [];
  let gap = -1;
  let i = 0;
  if (text.startsWith('::')) [gap, i] = [0, 2];
  while (i < text.length) {
    const start = i;
    let group = 0;
    for (let digit = hexDigit(text, i); digit >= 0; digit = hexDigit(text, ++i)) group = group * 16 + digit;
    if (text[i] === '.') {
      const ipv4 = ipv4Groups(text, start);
      if (ipv4 === undefined) return undefined;
      groups.push(...ipv4);
      break;
    }
    if (i === start || i - start > 4) return undefined;
    groups.push(group);
    if (i === text.length) break;
    if (text[i] !== ':' || ++i === text.length) return undefined;
    if (text[i] !== ':') continue;
    if (gap >= 0) return undefined;
    gap = groups.length;
    i++;
  }
  if (gap < 0) return groups.length === 8 ? groups : undefined;
  if (groups.length > 7) return undefined;
  groups.splice(gap, 0, ...NO_GROUPS.slice(groups.length));
  return groups;
}

const ZERO = 48;
const NO_GROUPS: Groups = [0, 0, 0, 0, 0, 0, 0, 0];

/** -1: none. */
function hexDigit(text: string, at: number): number {
  const code = text.charCodeAt(at);
  if (code >= ZERO && code <= 57) return code - ZERO;
  const letter = code | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}

function format({ groups, bits }: Block): Network {
  return `${formatAddress(groups)}/${bits}`;
}

/** RFC 5952: in lower case, without leading zeros, and with `::` for the first of the longest runs of zeros. */
function formatAddress(groups: Groups): string {
  if (groups.length === 2) return groups.flatMap(group => [group >> 8, group & 255]).join('.');
  const hex = groups.map(group => group.toString(16));
  const { from, length } = longestZeros(groups);
  if (length < 2) return hex.join(':');
  return `${hex.slice(0, from).join(':')}::${hex.slice(from + length).join(':')}`;
}

function longestZeros(groups: Groups): { readonly from: number; readonly length: number } {
  let longest = { from: 0, length: 0 };
  let from = 0;
  for (const [i, group] of groups.entries()) {
    if (group !== 0) from = i + 1;
    else if (i + 1 - from > longest.length) longest = { from, length: i + 1 - from };
  }
  return longest;
}
