/** What a deployment adds to roles and resources: boundary, path, a KMS key, client secrets of issuers, tags. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readParameters } from '../../infra/osls/parameter-file.ts';
import { boundRoles, fitResources, tagsOf } from '../../infra/osls/roles.ts';
import { readConfig } from '../../lib/config/config.ts';

const directory = mkdtempSync(join(tmpdir(), 'pullpass-roles-'));
mkdirSync(join(directory, 'deployment'));
afterAll(() => rmSync(directory, { recursive: true }));

const KEY = 'arn:aws:kms:eu-central-1:123456789012:key/12345678-abcd-1234-abcd-1234567890ab';
const BOUNDARY = 'arn:aws:iam::123456789012:policy/boundaries/applications';
const SECRET = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:iam/pullpass';

/** The file of the stage prod with these parameters, as osls reads it. */
function read(parameters: object) {
  writeFileSync(join(directory, 'deployment', 'prod.json'), JSON.stringify(parameters));
  return readParameters({ directory, stage: 'prod', overrides: [] });
}

type Statement = { Action: string | string[]; Resource: unknown; Condition?: unknown };

function role(...actions: string[]) {
  const statements: Statement[] = actions.map(Action => ({ Action, Resource: 'x' }));
  const Policies = [{ PolicyDocument: { Statement: statements } }];
  return { Type: 'AWS::IAM::Role', Properties: { Policies } as Record<string, unknown>, statements };
}

/** What becomes of some resources of the template, with these parameters and issuers. */
function fitted(parameters: object, issuers: unknown = []) {
  const path = join(directory, 'issuers.json');
  writeFileSync(path, JSON.stringify(issuers));
  const { values, problems } = read(parameters);
  expect(problems).toEqual([]);
  const table: { Type: string; Properties: Record<string, unknown> } = {
    Type: 'AWS::DynamoDB::Table',
    Properties: { SSESpecification: { SSEEnabled: true } },
  };
  const Resources = {
    LoginRole: role('dynamodb:GetItem', 'secretsmanager:GetSecretValue'),
    KeysRole: role('secretsmanager:CreateSecret'),
    FallbackRole: role('logs:PutLogEvents'),
    Derivation: {
      Type: 'AWS::IAM::Policy',
      Properties: { PolicyDocument: { Statement: [{ Action: 'kms:GenerateMac', Resource: 'own' }] } },
    },
    TokensTable: table,
  };
  const provider = { stage: 'prod', stackTags: {} as Record<string, string> };
  fitResources({ resources: { Resources }, provider } as never, values, path);
  boundRoles({ Resources } as never, values);
  return { ...Resources, tags: provider.stackTags };
}

describe('a deployment', () => {
  it('that asks for nothing has roles without path, boundary and key, and the tags of every deployment', () => {
    const { LoginRole, TokensTable, tags } = fitted({});
    expect(Object.keys(LoginRole.Properties)).toEqual(['Policies']);
    expect(LoginRole.statements).toHaveLength(2);
    expect(TokensTable.Properties.SSESpecification).toEqual({ SSEEnabled: true });
    expect(tags).toEqual({ application: 'pullpass', stage: 'prod' });
  });

  it('gives every role its path and its boundary', () => {
    const { LoginRole, KeysRole, FallbackRole } = fitted({
      rolePath: '/pullpass/',
      permissionsBoundary: BOUNDARY,
    });
    for (const { Properties } of [LoginRole, KeysRole, FallbackRole])
      expect(Properties).toMatchObject({ Path: '/pullpass/', PermissionsBoundary: BOUNDARY });
  });

  it('encrypts its tables with its key, which only roles that need it may use, and only through two services', () => {
    const { LoginRole, KeysRole, FallbackRole, TokensTable } = fitted({ kmsKey: KEY });
    expect(TokensTable.Properties.SSESpecification).toEqual({
      SSEEnabled: true,
      SSEType: 'KMS',
      KMSMasterKeyId: KEY,
    });
    const via = ['dynamodb', 'secretsmanager'].map(service => ({
      'Fn::Sub': `${service}.\${AWS::Region}.\${AWS::URLSuffix}`,
    }));
    const Condition = { StringEquals: { 'kms:ViaService': via } };
    const common = { Effect: 'Allow', Resource: KEY, Condition };
    expect(LoginRole.statements.at(-1)).toEqual({ ...common, Action: 'kms:Decrypt' });
    expect(KeysRole.statements.at(-1)).toEqual({ ...common, Action: ['kms:Decrypt', 'kms:GenerateDataKey'] });
    expect(FallbackRole.statements).toHaveLength(1);
  });

  it('lets its keys function make copies in one region, write over none, and use the replica of its key there', () => {
    const key = KEY.replace('12345678-abcd-1234-abcd-1234567890ab', `mrk-${'0'.repeat(32)}`);
    const { LoginRole, KeysRole } = fitted({ copyRegion: 'eu-west-1', kmsKey: key });
    const added = KeysRole.statements.slice(2);
    expect(added.map(({ Action }) => Action)).toEqual([
      ['secretsmanager:DescribeSecret', 'secretsmanager:RemoveRegionsFromReplication'],
      'secretsmanager:ReplicateSecretToRegions',
      ['kms:Decrypt', 'kms:GenerateDataKey'],
    ]);
    expect(added[1]?.Condition).toEqual({
      'ForAllValues:StringEquals': { 'secretsmanager:AddReplicaRegions': ['eu-west-1'] },
      BoolIfExists: { 'secretsmanager:ForceOverwriteReplicaSecret': 'false' },
    });
    expect(added[2]).toMatchObject({
      Resource: key.replace('eu-central-1', 'eu-west-1'),
      Condition: {
        StringEquals: { 'kms:ViaService': [{ 'Fn::Sub': `secretsmanager.eu-west-1.\${AWS::URLSuffix}` }] },
      },
    });
    expect(LoginRole.statements).toHaveLength(3);
    expect(fitted({}).KeysRole.statements).toHaveLength(1);
  });

  it('lets its management derive with the replica of a key of another region, beside its own', () => {
    const id = `mrk-${'0'.repeat(32)}`;
    const [statement] = fitted({ replicaKey: id }).Derivation.Properties.PolicyDocument.Statement;
    const replica = `arn:\${AWS::Partition}:kms:\${AWS::Region}:\${AWS::AccountId}:key/`;
    expect(statement?.Resource).toEqual(['own', { 'Fn::Sub': `${replica}${id}` }]);
  });

  it('lets the functions that ask an IAM read its client secret, with or without the six characters at its end, and no other', () => {
    const client = { id: 'pullpass', secret: SECRET };
    const { LoginRole, KeysRole } = fitted({}, [
      { key: 'a', client },
      { key: 'b' },
      { key: 'c', client },
      { key: 'd', client: null },
    ]);
    expect(LoginRole.statements.at(-1)).toEqual({
      Effect: 'Allow',
      Action: 'secretsmanager:GetSecretValue',
      Resource: [SECRET, `${SECRET}-??????`],
    });
    expect(KeysRole.statements).toHaveLength(1);
  });

  it.each([
    ['a file', [{ client: { secret: 'file:/x' } }]],
    ['an object', {}],
    ['null', [null]],
  ])('whose issuers name no secret on AWS adds nothing: %s', (_, issuers) => {
    expect(fitted({}, issuers).LoginRole.statements).toHaveLength(2);
  });

  it('has its tags on the stack and, in one variable, on the secrets that it makes', () => {
    const tags = ['team=platform', 'cost-center=a=b', 'empty='];
    expect(fitted({ tags }).tags).toEqual({
      application: 'pullpass',
      stage: 'prod',
      team: 'platform',
      'cost-center': 'a=b',
      empty: '',
    });
    const variable = Object.entries(tagsOf(read({ tags }).values, 'prod'))
      .map(tag => tag.join('='))
      .join(',');
    const { secretTags } = readConfig(['secretTags'], { PULLPASS_SECRET_TAGS: variable });
    expect(secretTags).toEqual(tagsOf(read({ tags }).values, 'prod'));
  });

  it.each([
    [{ kmsKey: 'alias/mine' }, /kmsKey in deployment\/prod.json must be the ARN of a KMS key/],
    [{ copyRegion: 'Frankfurt' }, /copyRegion .* must be the name of a region/],
    [{ replicaKey: 'alias/x' }, /replicaKey .* must be the id of a multi-Region key/],
    [{ multiRegionKey: true }, /multiRegionKey .* must be off or on/],
    [{ permissionsBoundary: 'AdministratorAccess' }, /permissionsBoundary .* must be the ARN of a policy/],
    [{ rolePath: 'pullpass' }, /rolePath .* must begin and end with a slash/],
    [{ tags: ['aws:owner=x'] }, /tags .* must be <key>=<value>/],
    [{ tags: ['stage=other'] }, /tags .* must be <key>=<value>/],
    [{ tags: ['a=b,c=d'] }, /tags .* must be <key>=<value>/],
    [{ tags: 'a=b' }, /tags/],
  ])('is refused with %j', (parameters, problem) => {
    expect(read(parameters).problems.join('\n')).toMatch(problem);
  });
});
