/** Which texts are the host of one registry, and what a service asks of its deployment. */
import { describe, expect, it } from 'vitest';
import {
  asksAws,
  canonicalHost,
  hostAsWritten,
  isProxied,
  isSameRegistry,
  type Service,
  usesRegistryFunction,
} from '../../lib/domain/service.ts';

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

const PLAIN: Service = {
  ...{ name: 'registry.example', registry: 'registry.example' },
  ...{ profile: 'x5c', algorithm: 'ES256', lifetimeSeconds: 300 },
};
const ARN = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:registry';
const behind = (authentication: NonNullable<Service['upstream']>['authentication']): Service => ({
  ...PLAIN,
  upstream: { url: 'https://upstream.example', prefix: '', authentication },
});
const password = (text: string) => behind({ kind: 'password', username: 'puller', password: text });

describe('a service', () => {
  it.each<[what: string, service: Service, isProxied: boolean, usesFunction: boolean, asksAws: boolean]>([
    ['without an upstream', PLAIN, false, false, false],
    ['with an open upstream', behind({ kind: 'none' }), true, true, false],
    ['with a password in a file', password('file:/run/secrets/arn:x'), true, true, false],
    ['with a password in Secrets Manager', password(ARN), true, true, true],
    ['with a registry of ECR', behind({ kind: 'ecr' }), true, true, true],
    [
      'that reports pulls, its secret in a file',
      { ...PLAIN, notifications: { secret: 'file:/x' } },
      false,
      true,
      false,
    ],
    [
      'that reports pulls, its secret in Secrets Manager',
      { ...PLAIN, notifications: { secret: ARN } },
      false,
      true,
      true,
    ],
  ])('%s uses the proxy, the registry function and AWS as that needs', (_, service, ...expected) => {
    expect([isProxied(service), usesRegistryFunction(service), asksAws([service])]).toEqual(expected);
    expect(asksAws([PLAIN, service])).toBe(expected[2]);
    expect(asksAws([])).toBe(false);
  });
});
