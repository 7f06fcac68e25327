/** What a services file becomes in the template: the rights at upstreams, and a domain for each host. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { registryDomains, registryServices, registryStatements } from '../../infra/registry.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'pullpass-services-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

const ECR = 'https://111122223333.dkr.ecr.eu-west-1.amazonaws.com';
const ROLE = 'arn:aws:iam::444455556666:role/pull';
const SECRET = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:robot';

function read(...services: readonly object[]) {
  const file = join(directory, 'services.json');
  writeFileSync(file, JSON.stringify(services));
  return registryServices(file);
}

const behind = (upstream: object, name = 'pull.example.com') => ({
  name,
  upstream: { url: ECR, ...upstream },
});
const statements = (...upstreams: readonly object[]) =>
  registryStatements(read(...upstreams.map((upstream, i) => behind(upstream, `p${i}.example.com`))));
const repositories = (...upstreams: readonly object[]) =>
  statements(...upstreams).flatMap(({ Resource }) => (Array.isArray(Resource) ? Resource : []));
/** The deployment's own, as CloudFormation fills it in. */
const OWN = `\${AWS::Region}:\${AWS::AccountId}`;
const arn = (rest: string) => ({ 'Fn::Sub': `arn:\${AWS::Partition}:ecr:${rest}` });

describe('an upstream of ECR', () => {
  it.each<[what: string, url: string, place: string]>([
    ['of a region', ECR, 'eu-west-1:111122223333'],
    ['in China', 'https://111122223333.dkr.ecr.cn-north-1.amazonaws.com.cn', 'cn-north-1:111122223333'],
    [
      'in GovCloud, FIPS',
      'https://111122223333.dkr.ecr-fips.us-gov-west-1.amazonaws.com',
      'us-gov-west-1:111122223333',
    ],
    [
      'in the European Sovereign Cloud',
      'https://111122223333.dkr.ecr.eusc-de-east-1.amazonaws.eu',
      'eusc-de-east-1:111122223333',
    ],
    ['by its dual-stack host', 'https://111122223333.dkr-ecr.eu-west-1.on.aws', 'eu-west-1:111122223333'],
    ['behind a name of its own', 'https://images.example.com', OWN],
    ['behind a name that only looks like it', `${ECR}.example.com`, OWN],
  ])('%s: its repositories under the prefix can be pulled, in its account and region', (_, url, place) => {
    expect(repositories({ url, prefix: 'a/b/', authentication: 'ecr' })).toEqual([
      arn(`${place}:repository/a/b/*`),
    ]);
  });

  it('behind a name of its own, in the region that the operator names', () => {
    const authentication = { kind: 'ecr', region: 'us-east-2' };
    expect(repositories({ url: 'https://images.example.com', authentication })).toEqual([
      arn(`us-east-2:\${AWS::AccountId}:repository/*`),
    ]);
  });

  it('twice, with two prefixes, is one statement with both, and one password', () => {
    const [first, second] = ['a/', 'b/'].map(prefix => ({ prefix, authentication: 'ecr' }));
    const found = statements(first ?? {}, second ?? {}, second ?? {});
    expect(found.map(({ Resource }) => Resource)).toEqual([
      '*',
      ['a/', 'b/'].map(prefix => arn(`eu-west-1:111122223333:repository/${prefix}*`)),
    ]);
  });

  it('by a role of its account: only the role is assumed, with its external id', () => {
    expect(statements({ authentication: { kind: 'ecr', roleArn: ROLE } })).toEqual([
      { Effect: 'Allow', Action: 'sts:AssumeRole', Resource: ROLE },
    ]);
    expect(statements({ authentication: { kind: 'ecr', roleArn: ROLE, externalId: 'x' } })).toEqual([
      {
        Effect: 'Allow',
        Action: 'sts:AssumeRole',
        Resource: ROLE,
        Condition: { StringEquals: { 'sts:ExternalId': 'x' } },
      },
    ]);
  });
});

describe('an upstream with a password', () => {
  const login = (password: string) => ({ authentication: { username: 'robot', password } });

  it('lets that secret be read, by its whole ARN or by the one without its suffix', () => {
    expect(statements(login(SECRET), login(SECRET), login(`${SECRET}-AbCd12`))).toEqual([
      {
        Effect: 'Allow',
        Action: 'secretsmanager:GetSecretValue',
        Resource: [`${SECRET}-??????`, `${SECRET}-AbCd12`],
      },
    ]);
  });

  it('in a file is refused, because functions have no such file', () => {
    expect(() => read(behind(login('file:/etc/password')))).toThrow(
      /password of pull\.example\.com is in a file/,
    );
  });
});

describe('a registry that reports what was pulled', () => {
  const reporting = (secret: string, name = 'registry.example.com') => ({ name, notifications: { secret } });

  it('lets its secret be read, and has no domain, with or without a port', () => {
    const services = read(reporting(SECRET), reporting(SECRET, 'localhost:5000'));
    expect(registryStatements(services)).toEqual([
      { Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: [`${SECRET}-??????`] },
    ]);
    expect(registryDomains(services)).toEqual({ Conditions: {}, Resources: {}, Outputs: {} });
  });

  it('with a secret in a file is refused, because functions have no such file', () => {
    expect(() => read(reporting('file:/etc/secret'))).toThrow(
      /notifications of registry\.example\.com is in a file/,
    );
  });
});

it('an upstream without a login, and a service without an upstream, need no rights', () => {
  expect(statements({ authentication: 'none' })).toEqual([]);
  expect(read({ name: 'registry.example.com' })).toEqual([]);
});

describe('the host of a service', () => {
  const domains = (...names: readonly string[]) =>
    registryDomains(read(...names.map(name => behind({}, name))));

  it('has a domain with records and an output, whose names do not depend on its place in the file', () => {
    const [one, two] = [domains('a.example.com', 'b.example.com'), domains('b.example.com', 'a.example.com')];
    expect(Object.keys(one.Resources)).toHaveLength(8);
    expect(two).toEqual(one);
    const hosts = Object.values(one.Resources).map(
      ({ Properties }) => Properties.DomainName ?? Properties.Name,
    );
    expect(hosts.filter(host => typeof host === 'string').sort()).toEqual(
      ['a.example.com', 'b.example.com'].flatMap(host => [host, host, host]),
    );
  });

  it('with a port is refused, because the API has none but 443', () => {
    expect(() => domains('localhost:5000')).toThrow(/localhost:5000/);
  });
});
