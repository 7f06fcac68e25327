/** Which texts are the host of one registry. */
import { describe, expect, it } from 'vitest';
import { canonicalHost, hostAsWritten, isSameRegistry } from '../../lib/domain/service.ts';

describe('the canonical host', () => {
  it.for([
    ['registry.example', 'registry.example'],
    ['Registry.Example:5000', 'registry.example:5000'],
    ['registry.example:443', 'registry.example'],
    ['[::1]:5000', '[::1]:5000'],
    ['[0:0:0:0:0:0:0:1]:5000', '[::1]:5000'],
    ['[2001:DB8::A]', '[2001:db8::a]'],
    ['127.0.0.1:65535', '127.0.0.1:65535'],
  ] as const)('of %s is %s', ([text, host]) => expect(canonicalHost(text)).toBe(host));

  it.each([
    ...[
      '',
      ':5000',
      'a:',
      'a:0',
      'a:05000',
      'a:65536',
      'a:b',
      'a/b',
      'a@b',
      'a b',
      'a\n',
      ' a',
      'a.',
      'a..b',
    ],
    ...['::1', '[::1', '[::1]x', '[1.2.3.4]', '[::g]:1', '[fe80::1%25eth0]:1', 'é.example', '*', 'a..'],
  ])('of %j is none', text => expect(canonicalHost(text)).toBeUndefined());
});

describe('the host as people write it', () => {
  it.each(['a.example', 'a.example/', 'A.example/v2', 'https://a.example/v2/', 'HTTP://a.example:443'])(
    'is read from %s',
    text => expect(hostAsWritten(text)).toBe('a.example'),
  );
  it.each([
    'https://index.docker.io/v1/',
    'a.example/team',
    'a.example//',
    'ftp://a.example',
    'https://',
    '//a',
  ])('is not read from %s', text => expect(hostAsWritten(text)).toBeUndefined());
});

it('a registry of a deployment that is no host is compared byte for byte', () => {
  expect(isSameRegistry('a..b', 'a..b')).toBe(true);
  expect(isSameRegistry('a..b', 'A..b')).toBe(false);
});
