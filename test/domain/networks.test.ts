/** Networks: one spelling, refused where they say more than they mean, and judged as two other readings judge them. */
import { isIP } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  intersectNetworks,
  isInNetworks,
  isNetwork,
  networkOf,
  readAddress,
  readNetwork,
  remembered,
} from '../../lib/domain/networks.ts';
import { dividesInto, isBlocked } from './oracles/networks.ts';

describe('a network', () => {
  it.each([
    ['10.0.0.0/8', '10.0.0.0/8'],
    ['203.0.113.7/32', '203.0.113.7/32'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['::/0', '::/0'],
    ['2001:db8::/32', '2001:db8::/32'],
    ['2001:DB8:0:0::/32', '2001:db8::/32'],
    ['2001:0db8:0000:0000:0000:0000:0000:0001/128', '2001:db8::1/128'],
    ['2001:db8:0:0:1:0:0:0/80', '2001:db8:0:0:1::/80'],
    ['1:0:0:2:0:0:0:3/128', '1:0:0:2::3/128'],
    ['1:0:0:2:3:0:0:4/128', '1::2:3:0:0:4/128'],
    ['1:0:2:3:4:5:6:7/128', '1:0:2:3:4:5:6:7/128'],
    ['64:ff9b::192.0.2.0/120', '64:ff9b::c000:200/120'],
    ['::/96', '::/96'],
  ])('%s is spelled %s', (text, network) => {
    expect(readNetwork(text)).toEqual({ network });
  });

  it.each([
    ['10.0.0.1/8', 'has bits after the first 8: write 10.0.0.0/8'],
    ['10.255.255.255/0', 'has bits after the first 0: write 0.0.0.0/0'],
    ['203.0.113.7/31', 'has bits after the first 31: write 203.0.113.6/31'],
    ['2001:db8::1/32', 'has bits after the first 32: write 2001:db8::/32'],
    ['2001:db8:8000::/32', 'has bits after the first 32: write 2001:db8::/32'],
    ['::ffff:10.0.0.0/104', 'is IPv4 and must be written so: 10.0.0.0/8'],
    ['::ffff:10.0.0.1/104', 'is IPv4 and must be written so: 10.0.0.0/8'],
    ['::FFFF:a00:1/128', 'is IPv4 and must be written so: 10.0.0.1/32'],
    ['::ffff:10.0.0.0/95', 'has bits after the first 95: write ::fffe:0:0/95'],
    ['10.0.0.1', 'must be a network such as 10.0.0.1/32'],
    ['2001:DB8::1', 'must be a network such as 2001:db8::1/128'],
    ['::ffff:10.0.0.1', 'must be a network such as 10.0.0.1/32'],
  ])('%s is refused with what to write', (text, problem) => {
    expect(readNetwork(text)).toEqual({ problem });
  });

  it.each([
    ...[
      '',
      '/',
      '/8',
      '10.0.0.0/',
      '10.0.0.0/33',
      '10.0.0.0/-1',
      '10.0.0.0/8/8',
      '10.0.0.0/08',
      '10.0.0.0/8 ',
    ],
    ...[
      '10.0.0/8',
      '010.0.0.0/8',
      '0x0a.0.0.0/8',
      '10.0.0.0/255.0.0.0',
      '10.0.0.*',
      '10.0.0.0-10.0.0.9',
      'any',
    ],
    ...[
      '::/129',
      '::/+1',
      '::/1e1',
      'fe80::%eth0/64',
      'fe80::/64%eth0',
      '[2001:db8::]/32',
      ':::/8',
      '1::2::3/64',
    ],
    ...[
      'localhost/8',
      'example.com',
      '10.0.0.0\n/8',
      '１０.0.0.0/8',
      '2001:db8::/32\0',
      '10.0.0.0/8,10.1.0.0/16',
    ],
    `${'0'.repeat(60)}::1/128`,
  ])('%j is refused', text => {
    expect(readNetwork(text)).toEqual({
      problem: 'must be a network such as 203.0.113.0/24 or 2001:db8::/32',
    });
    expect(isNetwork(text)).toBe(false);
  });

  it('is one only in its own spelling', () => {
    expect(['10.0.0.0/8', '2001:DB8::/32', '10.0.0.1/8'].map(isNetwork)).toEqual([true, false, false]);
  });
});

describe('an address', () => {
  const no = (text: string): [string, undefined] => [text, undefined];
  it.each<[string, string | undefined]>([
    ['10.0.0.1', '10.0.0.1'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['::FFFF:0A00:0001', '10.0.0.1'],
    ['0:0:0:0:0:ffff:a00:1', '10.0.0.1'],
    ['::10.0.0.1', '::a00:1'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['::', '::'],
    ['fe80::1%eth0', undefined],
    ['10.0.0.1:443', undefined],
    ['[::1]', undefined],
    ['10.0.0.1 ', undefined],
    ['unknown', undefined],
    ['', undefined],
    ['255.255.255.255', '255.255.255.255'],
    ...['1.2.3.256', '256.2.3.4', '1.2.3.1000', '1.2.3', '1.2.3.4.5', '1.2.3.4.', '.1.2.3.4', '1..3.4'].map(
      no,
    ),
    ...['1.2.3.', '1,2,3,4', '1.2.3a4', '1.2.3.a', '1.2.3.:', '01.2.3.4', '1.2.3.00', '-1.2.3.4'].map(no),
    ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    ['::2:3:4:5:6:7:8', '0:2:3:4:5:6:7:8'],
    ['0000:0:0:0:0:0:0:ffff', '::ffff'],
    ...['1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '1:2:3:4::5:6:7:8', '1::2::3', ':1::', '1:', '::1:'].map(no),
    ...['::00001', '::g', '::@', '::`', '::/', '::1.2.3', '::1.2.3.4.5', '1:2:3:4:5:6:7:1.2.3.4'].map(no),
    ['1:2:3:4:5:6:1.2.3.4', '1:2:3:4:5:6:102:304'],
  ])('%j is read as %s', (text, address) => {
    expect(readAddress(text)).toBe(address);
  });

  it.each<[address: string | undefined, networks: readonly string[] | null, isIn: boolean]>([
    ['10.255.255.255', ['10.0.0.0/8'], true],
    ['11.0.0.0', ['10.0.0.0/8'], false],
    ['9.255.255.255', ['10.0.0.0/8'], false],
    ['10.0.0.1', ['192.0.2.0/24', '10.0.0.1/32'], true],
    ['::ffff:10.0.0.1', ['10.0.0.0/8'], true],
    ['::ffff:a00:1', ['10.0.0.0/8'], true],
    ['::ffff:10.0.0.1', ['::/0'], false],
    ['10.0.0.1', ['::/0'], false],
    ['2001:db8::1', ['0.0.0.0/0'], false],
    ['::a00:1', ['10.0.0.0/8'], false],
    ['2001:DB8::1', ['2001:db8::/127'], true],
    ['2001:db8::2', ['2001:db8::/127'], false],
    ['255.255.255.255', ['0.0.0.0/0'], true],
    ['10.0.0.1', [], false],
    ['', ['0.0.0.0/0', '::/0'], false],
    [undefined, ['0.0.0.0/0', '::/0'], false],
    ['fe80::1%eth0', ['::/0'], false],
    ['unknown', ['0.0.0.0/0', '::/0'], false],
    ['10.0.0.1', ['not a network'], false],
    [undefined, null, true],
  ])('%s in %j: %s', (address, networks, isIn) => {
    expect(isInNetworks(address, networks)).toBe(isIn);
  });
});

describe('the network of an address', () => {
  it.each([
    ['10.0.0.1', 64, '10.0.0.1'],
    ['::ffff:10.0.0.1', 64, '10.0.0.1'],
    ['2001:db8:1:2:3:4:5:6', 64, '2001:db8:1:2::/64'],
    ['2001:db8:1:2:3:4:5:6', 48, '2001:db8:1::/48'],
    ['unknown', 64, undefined],
  ])('%s, cut to %s bits, is %s', (text, bits, network) => expect(networkOf(text, bits)).toBe(network));
});

it('what is no network shares nothing with one', () => {
  expect(intersectNetworks(['10.0.0.0/8'], ['no network', '10.1.0.0/16'])).toEqual(['10.1.0.0/16']);
  expect(intersectNetworks(['no network'], ['10.0.0.0/8'])).toEqual([]);
});

it('is in the right one of more networks than are remembered', () => {
  const networks = Array.from({ length: 5000 }, (_, i) => `10.${i >> 8}.${i & 255}.0/24`);
  for (const [i, network] of networks.entries()) {
    expect(isInNetworks(`10.${i >> 8}.${i & 255}.7`, [network])).toBe(true);
    expect(isInNetworks('11.0.0.7', [network])).toBe(false);
  }
  expect(isInNetworks('10.0.1.7', networks.slice(0, 3))).toBe(true);
});

/** Close to each other, so that generated addresses and networks meet. */
const byte = fc.constantFrom(0, 1, 2, 127, 128, 254, 255);
const group = fc.constantFrom(0, 1, 0xff, 0x7fff, 0x8000, 0xffff, 0xdb8);
const ipv4 = fc.array(byte, { minLength: 4, maxLength: 4 }).map(bytes => bytes.join('.'));
const ipv6 = fc
  .array(group, { minLength: 8, maxLength: 8 })
  .map(groups => groups.map(each => each.toString(16)).join(':'))
  .map(text => text.replace(/(?:^|:)0(?::0)+(?:$|:)/, '::'));
const mapped = ipv4.map(address => `::ffff:${address}`);
const address = fc.oneof(ipv4, ipv6, mapped);

/** A network that the address is in, or is near to. */
const network = address
  .chain(text => fc.tuple(fc.constant(text), fc.nat(/:/.test(text) ? 128 : 32)))
  .map(([text, bits]) => suggestionFor(`${text}/${bits}`));

/** What the text is read as, or what the refusal says to write. */
function suggestionFor(text: string): string {
  const read = readNetwork(text);
  return 'network' in read ? read.network : (read.problem.split(' ').at(-1) ?? '');
}

describe('networks of any kind', () => {
  it('hold the addresses that whole numbers and block lists say they hold', () => {
    let [inside, outside] = [0, 0];
    fc.assert(
      fc.property(address, network, (text, block) => {
        const isIn = isInNetworks(text, [block]);
        if (isIn) inside++;
        else outside++;
        expect([dividesInto(text, block), isBlocked(text, block)], `${text} in ${block}`).toEqual([
          isIn,
          isIn,
        ]);
      }),
      { numRuns: 3000 },
    );
    expect(Math.min(inside, outside)).toBeGreaterThan(100);
  });

  it('are what a refusal says to write', () => {
    fc.assert(
      fc.property(network, block => {
        expect(readNetwork(block)).toEqual({ network: block });
      }),
    );
  });

  it('share the addresses that both hold, and no others', () => {
    const set = fc.option(fc.array(network, { maxLength: 4 }));
    fc.assert(
      fc.property(address, set, set, (text, some, others) => {
        const both = isInNetworks(text, some) && isInNetworks(text, others);
        expect(isInNetworks(text, intersectNetworks(some, others))).toBe(both);
      }),
      { numRuns: 2000 },
    );
  });

  it('spell an address as the URL standard does', () => {
    fc.assert(
      fc.property(ipv6, text => {
        const read = readAddress(text) ?? '';
        if (read.includes(':')) expect(new URL(`http://[${text}]`).hostname).toBe(`[${read}]`);
      }),
    );
  });

  it('are made of addresses that Node reads as such, and of no others', () => {
    const piece = fc.constantFrom(
      ...['0', '1', '00', '255', '256', '01', 'f', 'ffff', '10000', 'g', ':', '::', '.', ':'],
    );
    const close = fc.array(piece, { maxLength: 17 }).map(pieces => pieces.join(''));
    fc.assert(
      fc.property(
        fc.oneof(
          address,
          close,
          fc.tuple(ipv6, close).map(([head, tail]) => head + tail),
        ),
        text => {
          expect(readAddress(text) !== undefined, text).toBe(isIP(text) > 0);
        },
      ),
      { numRuns: 5000 },
    );
  });
});

describe('what is remembered of a text', () => {
  const counted = () => {
    const asked: string[] = [];
    const of = remembered((text: string) => {
      asked.push(text);
      return text.toUpperCase();
    });
    return { asked, of };
  };

  it('is found out once', () => {
    const { asked, of } = counted();
    expect([of('a'), of('b'), of('a')]).toEqual(['A', 'B', 'A']);
    expect(asked).toEqual(['a', 'b']);
  });

  it('of one that is longer than any network is found out each time', () => {
    const { asked, of } = counted();
    const [kept, long] = ['a'.repeat(64), 'a'.repeat(65)];
    for (const text of [kept, kept, long, long]) expect(of(text)).toBe(text.toUpperCase());
    expect(asked).toEqual([kept, long, long]);
  });

  it('is forgotten when there are 4096 texts, so that strangers cannot fill the memory', () => {
    const { asked, of } = counted();
    for (let i = 0; i < 4096; i++) of(String(i));
    of('0');
    expect(asked).toHaveLength(4096);
    of('4096');
    of('0');
    expect(asked.slice(4096)).toEqual(['4096', '0']);
  });
});
