/** infra/permissions.md says who may do what, and the packaged template says exactly that. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Template } from '../../infra/template.ts';
import { ofType, type Stack, stackOf } from './support/cloudformation.ts';
import { PROJECT, PROXIED_SERVICES, packaged } from './support/packaged.ts';
import {
  functionRows,
  listed,
  resourceRows,
  roleRows,
  type Statement,
  statementsOf,
} from './support/permissions.ts';

const [
  ,
  FUNCTIONS = '',
  RESOURCES = '',
  REGISTRY = '',
  PROBER = '',
  DEPLOYMENTS = '',
  URL = '',
  COPIES = '',
] = readFileSync(join(PROJECT, 'infra', 'permissions.md'), 'utf8').split(/^## /m);

let template: Template;
let stack: Stack;
beforeAll(async () => {
  ({ template } = await packaged());
  stack = stackOf(template);
}, 120_000);

/** The rows of the tables in a section, without their heads. */
function rowsOf(section: string): string[] {
  return section.split('\n').filter(line => line.startsWith('| ') && !line.endsWith('| only if |'));
}

describe('the permissions', () => {
  it('of the functions are those that are written down, in every row', () => {
    expect(functionRows(stack)).toEqual(rowsOf(FUNCTIONS));
  });
  it('on resources are those that are written down, in every row', () => {
    expect(resourceRows(stack)).toEqual(rowsOf(RESOURCES));
  });
  it('are the same with every option of the template', () => {
    const Domain = 'pullpass.example.com';
    const given = { Domain, HostedZone: 'Z1', AlarmEmail: 'a@b', Concurrency: 'shared' };
    expect(functionRows(stackOf(template, given))).toEqual(rowsOf(FUNCTIONS));
  });

  it('are in one role for each function, and nowhere else', () => {
    const roles = ofType(stack, 'AWS::Lambda::Function').map(([, { Role }]) =>
      String(Role).replace(/^.*\//, ''),
    );
    const known = ofType(stack, 'AWS::IAM::Role');
    expect(new Set(roles)).toEqual(new Set(known.map(([name]) => name)));
    expect(new Set(roles).size).toBe(8);
    for (const [, properties] of known) {
      expect(new Set(Object.keys(properties))).toEqual(new Set(['AssumeRolePolicyDocument', 'Policies']));
    }
    // A key and the role that its policy names cannot each come before the other.
    const others = [...stack.resources].filter(([, { Type }]) => /^AWS::IAM::(?!Role$)/.test(Type));
    expect(others.map(([name]) => name)).toEqual(['Derivation']);
  });

  it('allow no action and no resource by a wildcard of its own', () => {
    const statements = [...statementsOf(stack).values()].flat();
    expect(statements.length).toBeGreaterThan(30);
    for (const { Effect, Action, Resource } of statements) {
      expect(Effect).toBe('Allow');
      for (const action of listed(Action)) expect(action).toMatch(/^[a-z]+:[A-Za-z]+$/);
      for (const resource of listed(Resource))
        expect(resource).toMatch(
          /^arn:aws:[a-z]+:eu-central-1:123456789012:.*(?:pullpass-dev|event-bus\/default$|key\/[\da-f-]{36}$|FailedRuns$)/,
        );
    }
  });

  it('give a login neither a root nor the derivation key, and nothing to write but the last use and refusals', () => {
    const own = statementsOf(stack).get('login') ?? [];
    const text = JSON.stringify(own);
    expect(text).not.toMatch(/kms|\/root|\/public|Delete|Put(?!LogEvents|Item)/);
    const [uses, refusals, ...others] = own.filter(({ Action }) =>
      listed(Action).some(action => /^dynamodb:(?!BatchGet|Get|Query|Describe)/.test(action)),
    );
    expect(others).toEqual([]);
    // The partitions hold nothing else.
    expect([refusals?.Action, refusals?.Condition]).toEqual([
      'dynamodb:PutItem',
      { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['refused#*'] } },
    ]);
    expect([uses?.Action, uses?.Condition?.['ForAllValues:StringEquals']]).toEqual([
      'dynamodb:UpdateItem',
      {
        'dynamodb:Attributes': [
          'pk',
          'sk',
          'lastUsedAt',
          'valueUsedAt',
          'valueUse',
          'previousUsedAt',
          'previousUse',
        ],
      },
    ]);
  });
});

describe('a deployment with upstreams', () => {
  let proxied: Stack;
  beforeAll(async () => {
    proxied = stackOf((await packaged({ services: PROXIED_SERVICES })).template);
  }, 120_000);

  it('gives one function more the permissions that are written down, and changes no other', () => {
    const [functions, resources] = [rowsOf(FUNCTIONS), rowsOf(RESOURCES)];
    const added = rowsOf(REGISTRY);
    const own = added.filter(row => row.startsWith('| registry '));
    expect(functionRows(proxied)).toEqual([...functions, ...own].sort());
    const others = added.filter(row => !own.includes(row));
    expect(resourceRows(proxied)).toEqual([...resources, ...others].sort());
  });

  it('lets it pull and do nothing else: no write at ECR, no private key, nothing of the table but use and counters', () => {
    const own = statementsOf(proxied).get('registry') ?? [];
    const actions = own.flatMap(({ Action }) => listed(Action));
    expect(
      actions.filter(action => /Put|Delete|Create|Initiate|Upload|Complete|Set|Tag/.test(action)),
    ).toEqual(['logs:CreateLogStream', 'logs:PutLogEvents']);
    expect(JSON.stringify(own)).not.toMatch(/kms|\/ring|\/root|\/credential|ledger#|proofs#/);
    const everywhere = own.filter(({ Resource }) => listed(Resource).includes('*'));
    expect(everywhere.map(({ Action }) => Action)).toEqual(['ecr:GetAuthorizationToken']);
  });
});

describe('a deployment with a prober', () => {
  it('gives one function more the permissions that are written down, and changes no other', async () => {
    const probed = stackOf((await packaged({ parameters: { prober: 'on' } })).template);
    const own = rowsOf(PROBER).filter(row => row.startsWith('| prober '));
    const others = rowsOf(PROBER).filter(row => !own.includes(row));
    expect(functionRows(probed)).toEqual([...rowsOf(FUNCTIONS), ...own].sort());
    expect(resourceRows(probed)).toEqual([...rowsOf(RESOURCES), ...others].sort());
  }, 120_000);
});

it('a URL of the login function lets anyone invoke its alias by that URL, as it is written down, and nothing else', () => {
  const reached = stackOf(template, { LoginUrl: 'on' });
  expect(functionRows(reached)).toEqual(rowsOf(FUNCTIONS));
  expect(resourceRows(reached)).toEqual([...rowsOf(RESOURCES), ...rowsOf(URL)].sort());
});

it('copies in another region give the keys function, and values of its key the management, what is written down, and no other anything', async () => {
  const replicaKey = `mrk-${'0'.repeat(32)}`;
  const parameters = { copyRegion: 'eu-west-1', replicaKey, multiRegionKey: 'on' };
  const copied = stackOf((await packaged({ parameters })).template);
  const own = rowsOf(COPIES).filter(row => /^\| (?:keys|management) /.test(row));
  const others = rowsOf(COPIES).filter(row => !own.includes(row));
  expect(functionRows(copied)).toEqual([...rowsOf(FUNCTIONS), ...own].sort());
  expect(resourceRows(copied)).toEqual([...rowsOf(RESOURCES), ...others].sort());
}, 120_000);

describe('a deployment that shifts traffic bit by bit', () => {
  it('gives CodeDeploy the permissions that are written down, and changes no other', () => {
    const shifting = stackOf(template, { DeploymentPreference: 'Canary10Percent5Minutes' });
    const written = rowsOf(DEPLOYMENTS);
    const own = written.filter(row => row !== ASSUMED);
    expect(new Set(roleRows(shifting, 'DeploymentRole'))).toEqual(new Set(own));
    expect(functionRows(shifting)).toEqual(rowsOf(FUNCTIONS));
    expect(resourceRows(shifting)).toEqual([...rowsOf(RESOURCES), ASSUMED].sort());
    expect(written).toContain(ASSUMED);
  });
});

const ASSUMED = '| DeploymentRole | codedeploy.amazonaws.com | sts:AssumeRole |  |';

describe('the list notices', () => {
  type Policies = { PolicyDocument: { Statement: Statement[] } }[];

  /** The rows of the template with a change in one statement of one function, for each statement there is. */
  function everywhere(change: (statement: Statement) => Statement): string[][] {
    const roles = Object.entries(template.Resources).filter(
      ([name, { Type }]) => Type === 'AWS::IAM::Role' && name !== 'DeploymentRole',
    );
    return roles.flatMap(([name, { Properties }]) => {
      const [{ PolicyDocument } = { PolicyDocument: { Statement: [] } }] = Properties.Policies as Policies;
      return PolicyDocument.Statement.map((_, index) => {
        const copy = structuredClone(template);
        const [policy] = (copy.Resources[name]?.Properties.Policies ?? []) as Policies;
        const own = policy?.PolicyDocument.Statement ?? [];
        own.splice(index, 1, ...own.slice(index, index + 1).map(change));
        return functionRows(stackOf(copy));
      });
    });
  }

  it.each<[what: string, change: (statement: Statement) => Statement]>([
    ['an action more', one => ({ ...one, Action: [...listed(one.Action), 'kms:Decrypt'] })],
    ['a wildcard', one => ({ ...one, Action: [...listed(one.Action), 'dynamodb:*'] })],
    ['a resource more', one => ({ ...one, Resource: [...listed(one.Resource), '*'] })],
    ['another condition', one => ({ ...one, Condition: { Bool: { 'aws:SecureTransport': 'true' } } })],
    ['another effect', one => ({ ...one, Effect: 'Deny' })],
  ])('%s in any statement', (_, change) => {
    const results = everywhere(change);
    expect(results.length).toBeGreaterThan(30);
    for (const rows of results) expect(rows).not.toEqual(rowsOf(FUNCTIONS));
  });
});
