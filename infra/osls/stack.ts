/** The stack as CloudFormation has it, before osls changes it. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  ContinueUpdateRollbackCommand,
  CreateChangeSetCommand,
  DeleteChangeSetCommand,
  DeleteStackCommand,
  DescribeStacksCommand,
  ExecuteChangeSetCommand,
  GetTemplateCommand,
  type ResourceToImport,
} from '@aws-sdk/client-cloudformation';
import { endpointOf } from '../../lib/aws/client.ts';
import type { Template } from '../template.ts';
import { deployerOf, type Osls, type Utilities } from './osls.ts';

/** Nothing was ever served from a stack in these states, or its removal has begun: CloudFormation only deletes it. */
const ONLY_DELETED = new Set([
  'CREATE_FAILED',
  'DELETE_FAILED',
  'REVIEW_IN_PROGRESS',
  'ROLLBACK_COMPLETE',
  'ROLLBACK_FAILED',
]);

const POLL_MS = 2_000;

export type StackTemplate = Partial<Template> & Pick<Template, 'Resources'>;

/** Brings the stack out of the states in which CloudFormation takes no update. */
export async function makeUsable(osls: Osls, { log }: Utilities): Promise<void> {
  const { client, StackName } = await connect(osls);
  // osls ends when something has failed, and does not wait until CloudFormation has taken the rest back.
  const { status } = await settled(osls, /ROLLBACK|DELETE/);
  if (status === 'UPDATE_ROLLBACK_FAILED') {
    log.notice(`Stack ${StackName} could not be taken back by an earlier deployment: that is finished first`);
    await client.send(new ContinueUpdateRollbackCommand({ StackName }));
    await expectEnd(osls, 'UPDATE_ROLLBACK_COMPLETE');
  }
  if (status === undefined || !ONLY_DELETED.has(status)) return;
  log.notice(`Stack ${StackName} is in ${status}, in which it can only be deleted: it is deleted first`);
  await client.send(new DeleteStackCommand({ StackName }));
  await expectEnd(osls, undefined);
}

/** What the stack is in when nothing of these kinds is under way any more. */
async function settled(osls: Osls, kinds: RegExp): Promise<StackState> {
  for (;;) {
    const state = await stateOf(osls);
    const { status = '' } = state;
    if (!status.endsWith('_IN_PROGRESS') || !kinds.test(status)) return state;
    await sleep(POLL_MS);
  }
}

async function expectEnd(osls: Osls, wanted: string | undefined): Promise<void> {
  const { status, reason } = await settled(osls, /./);
  const { StackName } = await connect(osls);
  if (status !== wanted) throw new osls.classes.Error(`Stack ${StackName} is in ${status}. ${reason}`);
}

/** The template that the stack is made of, or that of no resource where there is no stack. */
export async function templateOf(osls: Osls): Promise<StackTemplate> {
  if ((await stateOf(osls)).status === undefined) return { Resources: {} };
  const { client, StackName } = await connect(osls);
  const { TemplateBody = '' } = await client.send(
    new GetTemplateCommand({ StackName, TemplateStage: 'Original' }),
  );
  return JSON.parse(TemplateBody);
}

/** What CloudFormation takes in a request ("CreateChangeSet", `TemplateBody`); a stack with more has a bucket for it. */
const MAX_BODY = 51_200;

/** Makes the stack that of this template. */
export async function update(osls: Osls, template: StackTemplate): Promise<void> {
  await upload(osls, template);
  await deployerOf(osls).update();
}

/** Answers where CloudFormation finds the template. */
async function upload(osls: Osls, template: StackTemplate): Promise<string> {
  const { provider, package: artifacts } = osls.service;
  const deployer = deployerOf(osls);
  const compiled = provider.compiledCloudFormationTemplate;
  await deployer.setBucketName();
  provider.compiledCloudFormationTemplate = template as Template;
  try {
    await deployer.uploadCloudFormationFile();
  } finally {
    provider.compiledCloudFormationTemplate = compiled;
  }
  const { naming } = osls.getProvider('aws');
  const { region } = osls.configurationInput.provider;
  const name = `${artifacts.artifactDirectoryName}/${naming.getCompiledTemplateS3Suffix()}`;
  return `${endpointOf('s3', region)}/${deployer.bucketName}/${name}`;
}

/** Takes what is there already into the stack, unchanged. */
export async function importInto(
  osls: Osls,
  template: StackTemplate,
  resources: ResourceToImport[],
): Promise<void> {
  const { client, StackName } = await connect(osls);
  const deployer = deployerOf(osls);
  const isLong = Buffer.byteLength(JSON.stringify(template)) > MAX_BODY;
  const from = isLong ? { templateUrl: await upload(osls, template) } : { templateBody: template };
  // An import may not change the tags of a stack; the deployment sets them.
  const {
    Tags: _,
    ChangeSetName,
    ...given
  } = deployer.getCreateChangeSetParams({ changeSetType: 'IMPORT', ...from });
  if ((await stateOf(osls)).status !== undefined)
    await client.send(new DeleteChangeSetCommand({ StackName, ChangeSetName }));
  await client.send(new CreateChangeSetCommand({ ...given, ChangeSetName, ResourcesToImport: resources }));
  await deployer.waitForChangeSetCreation(ChangeSetName, StackName);
  await client.send(new ExecuteChangeSetCommand(deployer.getExecuteChangeSetParams()));
  await expectEnd(osls, 'IMPORT_COMPLETE');
}

interface StackState {
  /** Absent where there is no stack. */
  readonly status?: string | undefined;
  readonly reason?: string | undefined;
}

async function stateOf(osls: Osls): Promise<StackState> {
  const { client, StackName } = await connect(osls);
  try {
    const { Stacks: [stack] = [] } = await client.send(new DescribeStacksCommand({ StackName }));
    return { status: stack?.StackStatus, reason: stack?.StackStatusReason };
  } catch (error) {
    if (/does not exist/.test(String(error))) return {};
    throw error;
  }
}

async function connect(osls: Osls) {
  const provider = osls.getProvider('aws');
  return { client: await provider.getCloudFormationClient(), StackName: provider.naming.getStackName() };
}
