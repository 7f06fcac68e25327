/** Who the client is, behind proxies that are trusted and others that are not. */
import { describe, expect, it } from 'vitest';
import { type Network, parseNetwork } from '../../lib/config/values.ts';
import { clientAddresses } from '../../local/client-address.ts';

const PROXIES = ['10.0.0.0/8', '192.0.2.7', '2001:db8:1::/48'].map(entry => parseNetwork(entry) as Network);

describe('the address of a client', () => {
  it.each<[string, string, string | undefined, string]>([
    ['is that of the connection without a header', '203.0.113.1', undefined, '203.0.113.1'],
    ['is not what a client says of itself', '203.0.113.1', '198.51.100.1', '203.0.113.1'],
    ['is what a proxy says of it', '10.1.2.3', '198.51.100.1', '198.51.100.1'],
    ['is what a proxy says, seen through IPv6', '::ffff:10.1.2.3', '198.51.100.1', '198.51.100.1'],
    ['is the right-most that is no proxy', '10.1.2.3', '1.1.1.1, 198.51.100.1, 192.0.2.7', '198.51.100.1'],
    ['is not left of one that is no proxy', '10.1.2.3', '10.9.9.9, 198.51.100.1', '198.51.100.1'],
    ['is the left-most proxy when all are', '10.1.2.3', '10.0.0.1, 192.0.2.7', '10.0.0.1'],
    ['is an IPv6 address', '2001:db8:1::5', '2001:db8:2::1', '2001:db8:2::1'],
    ['is read without its port', '10.1.2.3', '198.51.100.1:443', '198.51.100.1'],
    ['is read without brackets and port', '10.1.2.3', '[2001:db8:2::1]:443', '2001:db8:2::1'],
    ['is the proxy when it says nothing that is an address', '10.1.2.3', 'unknown', '10.1.2.3'],
    ['is the last proxy before what is no address', '10.1.2.3', '198.51.100.1, x, 192.0.2.7', '192.0.2.7'],
    ['is the proxy with an empty header', '10.1.2.3', '', '10.1.2.3'],
    ['is no address with a zone', '10.1.2.3', 'fe80::1%eth0', '10.1.2.3'],
    [
      'is the mapped IPv4 address of a proxy taken for what it is',
      '10.1.2.3',
      '8.8.8.8, ::ffff:192.0.2.7',
      '8.8.8.8',
    ],
  ])('%s', (_, connection, forwardedFor, client) => {
    expect(clientAddresses(PROXIES).of(connection, forwardedFor)).toBe(client);
  });

  it('is that of the connection while no proxy is trusted', () => {
    expect(clientAddresses([]).of('127.0.0.1', '198.51.100.1')).toBe('127.0.0.1');
  });
});

describe('a network', () => {
  it.each([
    ['10.0.0.0/8', { address: '10.0.0.0', bits: 8, family: 'ipv4' }],
    ['192.0.2.7', { address: '192.0.2.7', bits: 32, family: 'ipv4' }],
    ['::1', { address: '::1', bits: 128, family: 'ipv6' }],
    ['2001:db8::/32', { address: '2001:db8::', bits: 32, family: 'ipv6' }],
  ])('is read from %s', (entry, network) => expect(parseNetwork(entry)).toEqual(network));

  it.each(['10.0.0.0/33', '::/129', '10.0.0', 'localhost', '10.0.0.0/', '10.0.0.0/8/8', 'fe80::1%eth0', ''])(
    'is not %s',
    entry => expect(parseNetwork(entry)).toBeUndefined(),
  );
});
