/** Who the client is, behind proxies that are trusted and others that are not. */
import { describe, expect, it } from 'vitest';
import { parseNetwork } from '../../lib/config/values.ts';
import { clientAddresses } from '../../local/client-address.ts';

const PROXIES = ['10.0.0.0/8', '192.0.2.7', '2001:db8:1::/48'].map(entry => parseNetwork(entry) ?? '');

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
    ['is not known when a proxy says nothing that is an address', '10.1.2.3', 'unknown', ''],
    ['is not known behind what is no address', '10.1.2.3', '198.51.100.1, x, 192.0.2.7', ''],
    ['is not known behind an entry that is empty', '10.1.2.3', '198.51.100.1,', ''],
    ['is the proxy with an empty header', '10.1.2.3', ' ', '10.1.2.3'],
    ['is no address with a zone', '10.1.2.3', 'fe80::1%eth0', ''],
    ['is not known where the connection has a zone', 'fe80::1%eth0', undefined, ''],
    ['is not known where the connection is closed', '', '198.51.100.1', ''],
    ['is not what a client says in the form of a proxy', '203.0.113.1', '10.0.0.1', '203.0.113.1'],
    ['is spelled in one way', '10.1.2.3', '2001:DB8:2:0::1', '2001:db8:2::1'],
    ['is IPv4 however a proxy spells it', '10.1.2.3', '::ffff:c633:6401', '198.51.100.1'],
    ['is none in brackets that do not close', '10.1.2.3', '[2001:db8:2::1', ''],
    ['is none with a port too long', '10.1.2.3', '198.51.100.1:123456', ''],
    ['is in the last entry of a header that came twice', '10.1.2.3', '8.8.8.8,198.51.100.1', '198.51.100.1'],
    [
      'is the mapped IPv4 address of a proxy taken for what it is',
      '10.1.2.3',
      '8.8.8.8, ::ffff:192.0.2.7',
      '8.8.8.8',
    ],
  ])('%s', (_, connection, forwardedFor, client) => {
    expect(clientAddresses(PROXIES).of(connection, forwardedFor)).toBe(client);
  });

  it('is that of the last proxy that is looked at, however many there are', () => {
    const proxies = Array.from({ length: 5000 }, (_, i) => `10.0.${i >> 8}.${i & 255}`).reverse();
    expect(clientAddresses(PROXIES).of('10.1.2.3', proxies.join(','))).toBe('10.0.0.31');
  });

  it('is that of the connection while no proxy is trusted', () => {
    expect(clientAddresses([]).of('127.0.0.1', '198.51.100.1')).toBe('127.0.0.1');
  });
});

describe('the network of a proxy', () => {
  it.each([
    ['10.0.0.0/8', '10.0.0.0/8'],
    ['192.0.2.7', '192.0.2.7/32'],
    ['::1', '::1/128'],
    ['2001:DB8::/32', '2001:db8::/32'],
    ['::ffff:192.0.2.7', '192.0.2.7/32'],
  ])('is read from %s', (entry, network) => expect(parseNetwork(entry)).toBe(network));

  it.each([
    ...['10.0.0.0/33', '::/129', '10.0.0', 'localhost', '10.0.0.0/', '10.0.0.0/8/8', 'fe80::1%eth0', ''],
    ...['10.0.0.1/8', '2001:db8::1/32'],
  ])('is not %s', entry => expect(parseNetwork(entry)).toBeUndefined());
});
