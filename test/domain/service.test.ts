/** Which texts are the host of one registry, and what a service asks of its deployment. */
import { describe, expect, it } from 'vitest';
import {
  asksAws,
  canonicalHost,
  ecrRegistryAt,
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
    ['127.1', '127.1'],
    ['0x7f.0.0.1:5000', '0x7f.0.0.1:5000'],
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
    ...[
      '::1',
      '[::1',
      '[::1]x',
      '[1.2.3.4]',
      '[1.2.3.4]:5000',
      '[::g]:1',
      '[fe80::1%25eth0]:1',
      'é.example',
      '*',
      'a..',
    ],
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

it('a registry of a deployment is the one that people write with a scheme, in capitals, or with the port of https', () => {
  expect(isSameRegistry('a.example', 'https://A.example:443/v2/')).toBe(true);
  expect(isSameRegistry('a.example:5000', 'a.example')).toBe(false);
  expect(isSameRegistry('A.example:443', 'a.example')).toBe(true);
  expect(isSameRegistry('a..b', 'b..a')).toBe(false);
});

describe('the registry of Amazon ECR', () => {
  it.each([
    ['dkr.ecr.eu-west-1.amazonaws.com', 'eu-west-1'],
    ['dkr.ecr.ap-southeast-10.amazonaws.com', 'ap-southeast-10'],
    ['dkr.ecr.cn-north-1.amazonaws.com.cn', 'cn-north-1'],
    ['dkr.ecr-fips.us-gov-west-1.amazonaws.com', 'us-gov-west-1'],
    ['dkr.ecr.eusc-de-east-1.amazonaws.eu', 'eusc-de-east-1'],
    ['dkr-ecr.eu-west-1.on.aws', 'eu-west-1'],
    ['dkr-ecr-fips.us-east-1.on.aws', 'us-east-1'],
    ['dkr-ecr.cn-north-1.on.amazonwebservices.com.cn', 'cn-north-1'],
    ['dkr.ecr.us-iso-east-1.c2s.ic.gov', 'us-iso-east-1'],
    ['dkr.ecr.us-isob-east-1.sc2s.sgov.gov', 'us-isob-east-1'],
    ['dkr.ecr.us-isof-south-1.csp.hci.ic.gov', 'us-isof-south-1'],
    ['dkr.ecr.eu-isoe-west-1.cloud.adc-e.uk', 'eu-isoe-west-1'],
  ])('at %s is in %s', (host, region) => {
    expect(ecrRegistryAt(`https://111122223333.${host}`)).toEqual({ account: '111122223333', region });
  });

  it.each([
    'http://111122223333.dkr.ecr.eu-west-1.amazonaws.com',
    'https://111122223333.dkr.ecr.eu-west-1.amazonaws.com:8443',
    'https://11112222333.dkr.ecr.eu-west-1.amazonaws.com',
    'https://x111122223333.dkr.ecr.eu-west-1.amazonaws.com',
    'https://111122223333.dkr_ecr.eu-west-1.amazonaws.com',
    'https://111122223333.dkr.ecr.e-west-1.amazonaws.com',
    'https://111122223333.dkr.ecr.eu-1.amazonaws.com',
    'https://111122223333.dkr.ecr.eu-west-111.amazonaws.com',
    'https://111122223333.dkr.ecr.eu-west.amazonaws.com',
    'https://111122223333.dkr.ecr.eu-west-1.amazonaws.com.evil.example',
    'https://111122223333.dkr.ecr.eu-west-1.amazonaws.org',
    'https://public.ecr.aws',
  ])('is not at %s', url => expect(ecrRegistryAt(url)).toBeUndefined());
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
