/** The audit records of a deployment, as they lie in its table. */
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import type { Deployment } from './deployment.ts';

/** Those that are about `target`, in the order in which they were stored. */
export async function auditsOf(
  { engine }: Pick<Deployment, 'engine'>,
  target: string,
): Promise<Record<string, string | undefined>[]> {
  const { Items = [] } = await engine.client.send(new ScanCommand({ TableName: engine.table }));
  return Items.filter(item => item.sk?.S?.startsWith('audit#') && item.target?.S === target)
    .map(item => Object.fromEntries(Object.entries(item).map(([name, value]) => [name, value.S])))
    .sort((a, b) => ((a.sk ?? '') < (b.sk ?? '') ? -1 : 1));
}
