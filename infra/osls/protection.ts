/**
 * A table is protected from deletion once the deployment that makes it has succeeded: CloudFormation could not take back a protected one
 * from a deployment that fails, and the next one would find its name taken.
 */
import type { Resource } from '../template.ts';
import { deployerOf, type Osls } from './osls.ts';
import { templateOf } from './stack.ts';

/** Answers the tables that the stack does not have yet, without protection. */
export async function unprotectNew(osls: Osls): Promise<readonly Resource[]> {
  const { Resources: present } = await templateOf(osls);
  const { Resources } = osls.service.provider.compiledCloudFormationTemplate;
  const tables = Object.entries(Resources).filter(
    ([name, { Type, Properties }]) =>
      Type === 'AWS::DynamoDB::Table' && Properties.DeletionProtectionEnabled === true && !(name in present),
  );
  for (const [, { Properties }] of tables) Properties.DeletionProtectionEnabled = false;
  return tables.map(([, table]) => table);
}

/** Deploys once more, with the tables protected. */
export async function protect(osls: Osls, tables: readonly Resource[]): Promise<void> {
  if (tables.length === 0) return;
  for (const { Properties } of tables) Properties.DeletionProtectionEnabled = true;
  const deployer = deployerOf(osls);
  await deployer.uploadCloudFormationFile();
  await deployer.update();
}
