/** The upstreams of a services file: what is accepted, and what stops a start. */

import { describe, expect, it } from 'vitest';
import { SERVICES_FILE } from '../lib/config/services.ts';
import * as v from '../lib/domain/schema.ts';

const ROLE = 'arn:aws:iam::123456789012:role/path/pull';
const SECRET = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:upstream';
const behind = (upstream: unknown, name = 'pull.example.com') => ({ name, upstream });
const URL = 'https://registry.example';

function parse(...services: readonly object[]) {
  const { success, issues = [], output } = v.safeParse(SERVICES_FILE, services);
  return success ? output : issues.map(({ message }) => message);
}

const upstreamOf = (upstream: unknown) => {
  const [service] = parse(behind(upstream)) as { upstream?: object }[];
  return service?.upstream;
};

describe('an upstream', () => {
  it('needs only its URL', () => {
    expect(upstreamOf({ url: URL })).toEqual({ url: URL, prefix: '', authentication: { kind: 'none' } });
  });

  it.each<[authentication: unknown, parsed: object]>([
    ['ecr', { kind: 'ecr' }],
    [
      { kind: 'ecr', region: 'eu-west-1', roleArn: ROLE, externalId: 'x' },
      { kind: 'ecr', region: 'eu-west-1', roleArn: ROLE, externalId: 'x' },
    ],
    [
      { kind: 'ecr', roleArn: ROLE.replace('aws', 'aws-us-gov') },
      { kind: 'ecr', roleArn: ROLE.replace('aws', 'aws-us-gov') },
    ],
    [
      { username: 'robot', password: SECRET },
      { kind: 'password', username: 'robot', password: SECRET },
    ],
    [
      { username: 'robot', password: 'file:/x' },
      { kind: 'password', username: 'robot', password: 'file:/x' },
    ],
  ])('takes the authentication %j', (authentication, parsed) => {
    expect(upstreamOf({ url: URL, authentication })).toMatchObject({ authentication: parsed });
  });

  it.each<[what: string, authentication: unknown, message?: RegExp]>([
    ['an unknown word', 'iam'],
    ['a password that is written there', { username: 'robot', password: 'secret' }],
    ['no user', { password: SECRET }],
    [
      'the ARN of no role',
      { kind: 'ecr', roleArn: 'arn:aws:iam::123456789012:user/x' },
      /^must be the ARN of a role$/,
    ],
    [
      'an external id without a role',
      { kind: 'ecr', externalId: 'x' },
      /^has an externalId without a roleArn$/,
    ],
    ['a member that is not known', { kind: 'ecr', account: '123456789012' }],
  ])('is refused with %s as its authentication', (_, authentication, message = /^must be "none", "ecr"/) => {
    expect(parse(behind({ url: URL, authentication }))).toEqual([expect.stringMatching(message)]);
  });

  it.each([
    'http://registry.example',
    'https://registry.example/',
    'https://registry.example/path',
    'https://user@registry.example',
    'ftp://registry.example',
    'registry.example',
  ])('is refused at %s', url => {
    expect(parse(behind({ url })).at(-1)).toMatch(/^must be /);
  });

  it.each(['customers', '/customers/', 'a//b/', '../', 'Customers/', 'a b/'])(
    'is refused with the prefix %j',
    prefix => {
      expect(parse(behind({ url: URL, prefix }))).toEqual([expect.stringContaining('end with a slash')]);
    },
  );
});

describe('two services with an upstream', () => {
  it('have a registry each, in any case of its letters', () => {
    const [one, other] = [
      behind({ url: URL }),
      { ...behind({ url: URL }, 'other'), registry: 'PULL.example.com' },
    ];
    expect(parse(one, other)).toEqual([expect.stringContaining('the same registry')]);
    expect(parse(one, behind({ url: URL }, 'other.example.com'))).toHaveLength(2);
  });

  it('may be one of them and a registry of its own that clients reach under the same name', () => {
    expect(parse(behind({ url: URL }), { name: 'own', registry: 'pull.example.com' })).toHaveLength(2);
  });
});
