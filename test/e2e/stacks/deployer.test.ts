/**
 * The role of deployment/deployer.yml deploys, and may do nothing more: what `npm run deploy` asks moto for is held against its
 * policies, and infra/permissions.md lists them.
 */
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Template } from '../../../infra/template.ts';
import { osls, PROJECT, PROXIED_SERVICES, packaged } from '../../infra/support/packaged.ts';
import { listed, type Statement } from '../../infra/support/permissions.ts';
import { bareEnvironment } from '../support/directories.ts';
import { healthyFunctions } from '../support/healthy-functions.ts';
import { Moto } from '../support/moto.ts';
import { run } from '../support/processes.ts';
import { callOf, type RecordedCall } from '../support/recorded-calls.ts';
import { tool } from '../support/tools.ts';

const DEPLOYER = join(PROJECT, 'deployment', 'deployer.yml');
const [, LISTED = ''] = readFileSync(join(PROJECT, 'infra', 'permissions.md'), 'utf8').split(
  /^## Deployer$/m,
);
/** Anyone may ask who they are. */
const ALWAYS_ALLOWED = ['sts:GetCallerIdentity'];
/** Not asked for by two deployments in a row that go well, and when they are. */
const AT_OTHER_TIMES = {
  'after a failure': ['cloudformation:ContinueUpdateRollback', 'cloudformation:DeleteStack'],
  'by CloudFormation, of the template and the archives': ['s3:GetObject'],
  'when the account has another ledger': ['dynamodb:GetItem'],
  'when functions reserve more than the account has left': ['lambda:GetFunctionConcurrency'],
  'when old versions and archives are removed': ['lambda:DeleteFunction', 's3:DeleteObject'],
};

interface Policy {
  readonly name: string;
  readonly statements: readonly (Statement & { readonly Sid: string })[];
}

let moto: Moto;
let policies: Policy[];
let calls: RecordedCall[];
let template: Template;
beforeAll(async () => {
  moto = await Moto.start();
  policies = await policiesOfDeployer();
  const front = await healthyFunctions(moto.endpoint);
  const environment = {
    AWS_ENDPOINT_URL: front.endpoint,
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  };
  for (let time = 0; time < 2; time++) {
    const directory = await osls(['deploy'], environment);
    await rm(dirname(directory), { recursive: true });
  }
  front.stop();
  calls = front.sent.map(callOf);
  // Everything that a stage can ask for.
  const parameters = { prober: 'on', loginUrl: 'on', deploymentPreference: 'Canary10Percent5Minutes' };
  ({ template } = await packaged({ services: PROXIED_SERVICES, parameters }));
});
afterAll(async () => {
  await moto?.stop();
});

/** What CloudFormation makes of the template, in moto's reading of it. */
async function policiesOfDeployer(): Promise<Policy[]> {
  const script = join(import.meta.dirname, '..', 'support', 'deployer.py');
  const { code, output } = await run(moto.python, [script, moto.endpoint, DEPLOYER], {
    env: bareEnvironment(PROJECT),
  });
  if (code !== 0) throw new Error(output);
  return JSON.parse(output.trim().split('\n').at(-1) ?? '');
}

function statementsOf(name: string): Policy['statements'] {
  const found = policies.find(policy => policy.name.includes(name));
  if (found === undefined) throw new Error(`There is no policy ${name}.`);
  return found.statements;
}

/** IAM's `*` and `?`. */
function matches(pattern: string, text: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`).test(text);
}

function allows({ Action, Resource }: Statement, { action, resource }: RecordedCall): boolean {
  return listed(Action).includes(action) && listed(Resource).some(pattern => matches(pattern, resource));
}

it('cfn-lint finds nothing in the template of the deployer', async () => {
  const args = ['--regions', 'eu-central-1', 'us-east-1', '--template', DEPLOYER];
  expect(await run(tool('cfnLint'), args, { env: bareEnvironment(PROJECT) })).toMatchObject({
    code: 0,
    output: '',
  });
});

describe('the command that deploys', () => {
  it('asks for nothing that the deployer may not do', () => {
    const allowed = statementsOf('Deploys');
    const refused = calls.filter(
      call => !ALWAYS_ALLOWED.includes(call.action) && !allowed.some(one => allows(one, call)),
    );
    expect(calls.length).toBeGreaterThan(20);
    expect(refused).toEqual([]);
  });

  it('uses every action that the deployer has for it', () => {
    const used = new Set(calls.map(({ action }) => action));
    const actions = statementsOf('Deploys').flatMap(({ Action }) => listed(Action));
    expect(new Set(actions.filter(action => !used.has(action)))).toEqual(
      new Set(Object.values(AT_OTHER_TIMES).flat()),
    );
  });

  it.each([
    ['another stack', 'cloudformation:ExecuteChangeSet', 'cloudformation:REGION:stack/billing/1'],
    ['another stage', 'cloudformation:ExecuteChangeSet', 'cloudformation:REGION:stack/pullpass-prod/1'],
    ['another bucket', 's3:PutObject', 's3:::backups/serverless/pullpass/dev/x'],
    [
      'the archives of another stage',
      's3:PutObject',
      's3:::pullpass-prod-serverlessdeploymentbucket-1/serverless/pullpass/prod/x',
    ],
  ])('may not touch %s', (_, action, resource) => {
    const call = { action, resource: `arn:aws:${resource.replace('REGION', 'eu-central-1:123456789012')}` };
    const all = policies.flatMap(({ statements }) => statements);
    expect(all.filter(one => allows(one, call))).toEqual([]);
  });
});

describe('infra/permissions.md', () => {
  const rows = LISTED.split('\n')
    .filter(line => line.startsWith('| '))
    .slice(1)
    .map(line => line.slice(2, -2).split(' | '));

  it('lists the permissions of the deployer, in every row', () => {
    const actual = policies.flatMap(({ statements }) =>
      statements.flatMap(({ Sid, Action, Resource, Condition }) =>
        listed(Resource).map(resource => [
          Sid,
          listed(Action).join(', '),
          shorten(resource),
          conditionOf(Condition),
        ]),
      ),
    );
    expect(rows.map(([statement, , ...rest]) => [statement, ...rest])).toEqual(actual);
  });

  it('says for which types of resources each is, and leaves out none that is deployed', () => {
    const types = new Set(
      rows.flatMap(([, types = '']) => types.split(', ')).filter(one => one !== 'the command'),
    );
    const deployed = new Set(Object.values(template.Resources).map(({ Type }) => Type.replace(/^AWS::/, '')));
    expect(types).toEqual(deployed);
  });
});

function shorten(resource: string): string {
  return resource
    .replace(/^arn:aws:/, '')
    .replace('eu-central-1:123456789012:', '')
    .replace('123456789012:', '')
    .replaceAll('pullpass-dev', 'pullpass-STAGE')
    .replaceAll('pullpass/dev', 'pullpass/STAGE');
}

function conditionOf(condition: Statement['Condition'] = {}): string {
  const keys = Object.entries(condition).flatMap(([operator, all]) =>
    Object.entries(all).map(([key, value]) => `${operator} ${key} ${listed(value as string).join(', ')}`),
  );
  return keys.join('; ').replace(/stage dev$/, 'stage STAGE');
}
