/**
 * What outlives a stack is taken over by the next one of its name: tables, the derivation key and its alias, by an import of
 * their own; log groups by the change set of the deployment.
 */
import type { ResourceToImport } from '@aws-sdk/client-cloudformation';
import type { Resource } from '../template.ts';
import { type Describe, describer } from './aws.ts';
import { deployerOf, type Osls, type Utilities } from './osls.ts';
import { importInto, type StackTemplate, templateOf } from './stack.ts';

type Found = readonly [name: string, resource: Resource, identifier: ResourceToImport['ResourceIdentifier']];

/** Imports what is there and not in the stack. */
export async function adopt(osls: Osls, { log }: Utilities): Promise<void> {
  const describe = describer(await osls.getProvider('aws').getAwsSdkV3Config());
  const current = await templateOf(osls);
  const { Resources } = osls.service.provider.compiledCloudFormationTemplate;
  const missing = Object.entries(Resources).filter(([name]) => !(name in current.Resources));
  const found: Found[] = [];
  for (const [name, resource] of missing) {
    if (resource.Type === 'AWS::DynamoDB::Table') found.push(...(await tableLeft(describe, name, resource)));
    if (resource.Type !== 'AWS::KMS::Alias') continue;
    const { Ref: keyName } = resource.Properties.TargetKeyId as { Ref: string };
    const key = keyName in current.Resources ? undefined : Resources[keyName];
    if (key !== undefined) found.push(...(await keyLeft(describe, [keyName, key], [name, resource])));
  }
  if (found.length === 0) return;
  const names = found.flatMap(([, , identifier = {}]) => Object.values(identifier));
  log.notice(`Taking over what an earlier deployment left: ${names.join(', ')}`);
  await importInto(osls, withResources(current, found), found.map(imported));
}

/** AWS takes retained resources with a name of their own into the stack, in place of refusing to make them. */
export function adoptByName(osls: Osls): void {
  const deployer = deployerOf(osls);
  const getCreateChangeSetParams = deployer.getCreateChangeSetParams.bind(deployer);
  deployer.getCreateChangeSetParams = options => {
    const parameters = getCreateChangeSetParams(options);
    return options.templateUrl === undefined ? parameters : { ...parameters, ImportExistingResources: true };
  };
}

function withResources(current: StackTemplate, found: readonly Found[]): StackTemplate {
  const adopted = Object.fromEntries(found.map(([name, resource]) => [name, resource]));
  return { ...current, Resources: { ...current.Resources, ...adopted } };
}

function imported([LogicalResourceId, { Type }, ResourceIdentifier]: Found): ResourceToImport {
  return { LogicalResourceId, ResourceType: Type, ResourceIdentifier };
}

async function tableLeft(describe: Describe, name: string, table: Resource): Promise<Found[]> {
  const identifier = { TableName: String(table.Properties.TableName) };
  const answer = await describe('dynamodb', 'DescribeTable', identifier);
  if (answer === undefined) return [];
  const [{ TimeToLiveDescription: ttl }, { ContinuousBackupsDescription: backups }] = await Promise.all([
    describe('dynamodb', 'DescribeTimeToLive', identifier),
    describe('dynamodb', 'DescribeContinuousBackups', identifier),
  ]);
  const recovery = backups?.PointInTimeRecoveryDescription;
  // An import changes nothing: what is said here of the table is what it is, and the deployment then switches on what is off, as all is in
  // one that was restored.
  const { TimeToLiveSpecification, PointInTimeRecoverySpecification, SSESpecification, ...own } =
    table.Properties;
  const Properties = {
    ...own,
    ...(ttl?.TimeToLiveStatus === 'ENABLED' ? { TimeToLiveSpecification } : {}),
    ...(recovery?.PointInTimeRecoveryStatus === 'ENABLED' ? { PointInTimeRecoverySpecification } : {}),
    ...(answer.Table.SSEDescription?.Status === 'ENABLED' ? { SSESpecification } : {}),
    DeletionProtectionEnabled: answer.Table.DeletionProtectionEnabled === true,
  };
  return [[name, { ...table, Properties }, identifier]];
}

type Named = readonly [name: string, resource: Resource];

/** A key has no name of its own: the alias leads to it. */
async function keyLeft(describe: Describe, [keyName, key]: Named, [name, alias]: Named): Promise<Found[]> {
  const AliasName = String(alias.Properties.AliasName);
  const answer = await describe('kms', 'DescribeKey', { KeyId: AliasName });
  if (answer === undefined) return [];
  const { KeyId, KeyState } = answer.KeyMetadata;
  if (KeyState !== 'Enabled')
    throw new Error(
      `${AliasName} names the key ${KeyId}, which is ${KeyState}: enable it, or delete the alias.`,
    );
  // Its policy names a role that is not there yet; the deployment sets it.
  const { KeyPolicy: _, ...Properties } = key.Properties;
  return [
    [keyName, { ...key, Properties }, { KeyId }],
    [name, alias, { AliasName }],
  ];
}
