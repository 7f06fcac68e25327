/** A first deployment that fails leaves nothing in the way of the next one, for each cause of failure; by ministack, an emulator of AWS. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { Checkout } from '../support/ministack/checkout.ts';
import { Ministack } from '../support/ministack/ministack.ts';

// Some are several deployments.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

let ministack: Ministack;
let checkout: Checkout;
beforeAll(async () => {
  ministack = await Ministack.start();
});
afterAll(() => ministack?.stop());
beforeEach(async () => {
  checkout = await Checkout.make(ministack);
});
afterEach(() => checkout?.remove());

async function tables(): Promise<string[]> {
  return (await ministack.aws('dynamodb', 'list_tables')).TableNames;
}

/** Tables are protected, and the API serves the key that the deployment made. */
async function expectDeployed(stage: string): Promise<void> {
  const { Url = '', TableName } = await checkout.deploy('--stage', stage, '--allow-change', 'stage');
  const base = ministack.apiUrl(/^https:\/\/(\w+)\.execute-api\./.exec(Url)?.[1] ?? '');
  expect(await (await fetch(`${base}/.well-known/jwks.json`)).json()).toMatchObject({
    keys: [{ use: 'sig' }],
  });
  for (const one of [TableName, `${TableName}-ledger`]) {
    const { Table } = await ministack.aws('dynamodb', 'describe_table', { TableName: one });
    expect(Table.DeletionProtectionEnabled).toBe(true);
  }
}

/** It fails of a resource, and nothing is left that has the name of the stage but what it logged. */
async function expectFailed(stage: string, resource: string): Promise<void> {
  const failed = { code: 1, output: expect.stringContaining(resource) };
  expect(await checkout.osls('deploy', '--stage', stage, '--allow-change', 'stage')).toMatchObject(failed);
  const { Stacks } = await ministack.aws('cloudformation', 'describe_stacks', {
    StackName: `pullpass-${stage}`,
  });
  expect(Stacks[0].StackStatus).toBe('UPDATE_ROLLBACK_COMPLETE');
  expect((await tables()).filter(name => name.startsWith(`pullpass-${stage}`))).toEqual([]);
  const { Aliases } = await ministack.aws('kms', 'list_aliases');
  const names: string[] = Aliases.map(({ AliasName }: { AliasName: string }) => AliasName);
  expect(names).not.toContain(`alias/pullpass-${stage}-derivation`);
}

describe('a good deployment follows a first one', () => {
  it('whose keys could not be made, which has left the log that says why', async () => {
    await checkout.addStage('keys');
    const Name = 'pullpass-keys/ring/registry.example.com';
    await ministack.aws('secretsmanager', 'create_secret', { Name, SecretString: 'no ring' });
    await expectFailed('keys', 'Rings');
    const { logGroups } = await ministack.aws('logs', 'describe_log_groups');
    const groups = logGroups.map(({ logGroupName }: { logGroupName: string }) => logGroupName);
    expect(groups).toContain('/aws/lambda/pullpass-keys-keys');
    const secret = { SecretId: Name, ForceDeleteWithoutRecovery: true };
    await ministack.aws('secretsmanager', 'delete_secret', secret);
    await expectDeployed('keys');
  });

  it('whose function for the keys did not start, and so never answered', async () => {
    await checkout.addStage('mute');
    await checkout.edit('infra/keys.yml', text => text.replace(/ServiceTimeout: \d+/, 'ServiceTimeout: 2'));
    await checkout.edit('functions/keys.ts', text => `throw new Error('no start');\n${text}`);
    await expectFailed('mute', 'Rings');
    await checkout.edit('functions/keys.ts', text => text.replace(/^throw.*\n/, ''));
    await expectDeployed('mute');
  });

  it('whose zone did not exist', async () => {
    const certificate =
      'arn:aws:acm:eu-central-1:123456789012:certificate/00000000-0000-0000-0000-000000000000';
    const domain = { domain: 'pullpass.example.com', certificate };
    await checkout.addStage('zone', { ...domain, hostedZone: 'Z0123456789ABCDEFGHIJ' });
    await expectFailed('zone', 'ApiAddress');
    await checkout.addStage('zone');
    await expectDeployed('zone');
  });

  it('that was killed before it began to make the stack', async () => {
    await checkout.addStage('killed');
    await ministack.aws('cloudformation', 'create_change_set', {
      StackName: 'pullpass-killed',
      ChangeSetName: 'pullpass-killed-change-set',
      ChangeSetType: 'CREATE',
      TemplateBody: JSON.stringify({ Resources: { Topic: { Type: 'AWS::SNS::Topic' } } }),
    });
    await expectDeployed('killed');
  });

  it('whose bucket could not be made', async () => {
    await checkout.addStage('bucket');
    await ministack.aws('cloudformation', 'create_stack', {
      StackName: 'pullpass-bucket',
      TemplateBody: JSON.stringify({
        Resources: { Bucket: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'NO' } } },
      }),
    });
    await expectDeployed('bucket');
  });

  it('of a version that left its tables, protected', async () => {
    await checkout.addStage('tables');
    const [KeySchema, AttributeDefinitions] = [
      [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      [
        { AttributeName: 'pk', AttributeType: 'S' },
        { AttributeName: 'sk', AttributeType: 'S' },
      ],
    ];
    const BillingMode = 'PAY_PER_REQUEST';
    for (const TableName of ['pullpass-tables', 'pullpass-tables-ledger'])
      await ministack.aws('dynamodb', 'create_table', {
        TableName,
        KeySchema,
        AttributeDefinitions,
        BillingMode,
        DeletionProtectionEnabled: true,
      });
    await expectDeployed('tables');
  });
});
