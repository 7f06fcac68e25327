/** The stack as CloudFormation has it, before osls changes it. */
import {
  CreateChangeSetCommand,
  DeleteChangeSetCommand,
  DeleteStackCommand,
  DescribeStacksCommand,
  ExecuteChangeSetCommand,
  GetTemplateCommand,
  type ResourceToImport,
  waitUntilStackDeleteComplete,
  waitUntilStackImportComplete,
} from '@aws-sdk/client-cloudformation';
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

const WAITING = { maxWaitTime: 900, minDelay: 1, maxDelay: 5 };

export type StackTemplate = Partial<Template> & Pick<Template, 'Resources'>;

/** What a first deployment left that did not even begin to make the stack would be in the way of the next. */
export async function deleteUnusable(osls: Osls, { log }: Utilities): Promise<void> {
  const { client, StackName } = await connect(osls);
  const status = await statusOf(osls);
  if (status === undefined || !ONLY_DELETED.has(status)) return;
  log.notice(`Stack ${StackName} is in ${status}, in which it can only be deleted: it is deleted first`);
  await client.send(new DeleteStackCommand({ StackName }));
  await waitUntilStackDeleteComplete({ client, ...WAITING }, { StackName });
}

/** The template that the stack is made of, or that of no resource where there is no stack. */
export async function templateOf(osls: Osls): Promise<StackTemplate> {
  if ((await statusOf(osls)) === undefined) return { Resources: {} };
  const { client, StackName } = await connect(osls);
  const { TemplateBody = '' } = await client.send(
    new GetTemplateCommand({ StackName, TemplateStage: 'Original' }),
  );
  return JSON.parse(TemplateBody);
}

/** Takes what is there already into the stack, unchanged. */
export async function importInto(
  osls: Osls,
  templateBody: StackTemplate,
  resources: ResourceToImport[],
): Promise<void> {
  const { client, StackName } = await connect(osls);
  const deployer = deployerOf(osls);
  // An import may not change the tags of a stack; the deployment sets them.
  const {
    Tags: _,
    ChangeSetName,
    ...given
  } = deployer.getCreateChangeSetParams({ changeSetType: 'IMPORT', templateBody });
  if ((await statusOf(osls)) !== undefined)
    await client.send(new DeleteChangeSetCommand({ StackName, ChangeSetName }));
  await client.send(new CreateChangeSetCommand({ ...given, ChangeSetName, ResourcesToImport: resources }));
  await deployer.waitForChangeSetCreation(ChangeSetName, StackName);
  await client.send(new ExecuteChangeSetCommand(deployer.getExecuteChangeSetParams()));
  await waitUntilStackImportComplete({ client, ...WAITING }, { StackName });
}

async function statusOf(osls: Osls): Promise<string | undefined> {
  const { client, StackName } = await connect(osls);
  try {
    const { Stacks } = await client.send(new DescribeStacksCommand({ StackName }));
    return Stacks?.[0]?.StackStatus;
  } catch (error) {
    if (/does not exist/.test(String(error))) return undefined;
    throw error;
  }
}

async function connect(osls: Osls) {
  const provider = osls.getProvider('aws');
  return { client: await provider.getCloudFormationClient(), StackName: provider.naming.getStackName() };
}
