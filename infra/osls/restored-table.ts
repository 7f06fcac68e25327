/**
 * A table that was restored has another name than the one it replaces. The stack lets that one go, which stays as it is, and takes the
 * restored one over like anything else that is there (adoption.ts). CloudFormation itself would make a new table.
 */
import type { Resource } from '../template.ts';
import { describer } from './aws.ts';
import type { Osls, Utilities } from './osls.ts';
import { type StackTemplate, templateOf, update } from './stack.ts';

/** Before anything is changed it is sure that the other table is there. */
export async function letGoOfReplaced(osls: Osls, { log }: Utilities): Promise<void> {
  const current = await templateOf(osls);
  const { Resources } = osls.service.provider.compiledCloudFormationTemplate;
  const replaced = Object.entries(current.Resources).flatMap(([name, before]) => {
    const [from, to] = [before, Resources[name]].map(tableIn);
    return from === undefined || to === undefined || from === to ? [] : [{ name, from, to }];
  });
  if (replaced.length === 0) return;
  const describe = describer(await osls.getProvider('aws').getAwsSdkV3Config());
  for (const { from, to } of replaced) {
    if ((await describe('dynamodb', 'DescribeTable', { TableName: to })) === undefined)
      throw new osls.classes.Error(
        `There is no table ${to}, which is to replace ${from}. Restore it first, or leave table as it was.`,
      );
    log.notice(`The stack takes over the table ${to}. It lets ${from} go, which stays until you delete it`);
  }
  await update(osls, without(current, new Set(replaced.map(({ name }) => name))));
}

function tableIn(resource: Resource | undefined): string | undefined {
  return resource?.Type === 'AWS::DynamoDB::Table' ? String(resource.Properties.TableName) : undefined;
}

function without(template: StackTemplate, names: ReadonlySet<string>): StackTemplate {
  const kept = Object.entries(template.Resources).filter(([name]) => !names.has(name));
  const independent = kept.map(([name, { DependsOn, ...resource }]): [string, Resource] => {
    const others = [DependsOn ?? []].flat().filter(one => !names.has(one));
    return [name, others.length === 0 ? resource : { ...resource, DependsOn: others }];
  });
  return { ...template, Resources: Object.fromEntries(independent) };
}
