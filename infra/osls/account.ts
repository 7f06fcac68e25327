/** What the account has already: other stages, the deployment before, and the concurrency that is left. It is only read. */
import {
  type CloudFormationClient,
  paginateDescribeStacks,
  type Stack,
} from '@aws-sdk/client-cloudformation';
import {
  DescribeTableCommand,
  type DynamoDBClient,
  GetItemCommand,
  paginateListTables,
} from '@aws-sdk/client-dynamodb';
import {
  GetAccountSettingsCommand,
  GetFunctionConcurrencyCommand,
  type LambdaClient,
} from '@aws-sdk/client-lambda';

/** A deployment of Pullpass in the region. */
export interface DeployedStage {
  readonly stage: string;
  readonly parameters: Readonly<Record<string, string>>;
}

export interface Account {
  stages(): Promise<DeployedStage[]>;
  /** The ledgers that know the table, by the names of their tables. */
  ledgersOf(table: string): Promise<string[]>;
  /** How many executions at once may still be reserved, with what these functions have; undefined: that cannot be asked. */
  reservable(functions: readonly string[]): Promise<number | undefined>;
}

interface Clients {
  readonly cloudFormation: CloudFormationClient;
  readonly dynamo: DynamoDBClient;
  readonly lambda: LambdaClient;
}

/** Stacks that never were a deployment, or are none any more. */
const NOTHING = /^(?:CREATE_FAILED|DELETE_|REVIEW_|ROLLBACK_)/;
const LEDGER = /^pullpass-.+-ledger$/;
/** Lambda wants as many to be left for functions that reserve nothing. */
export const UNRESERVED = 100;

export function accountOf({ cloudFormation, dynamo, lambda }: Clients): Account {
  return {
    stages: async () => {
      const found: DeployedStage[] = [];
      for await (const { Stacks = [] } of paginateDescribeStacks({ client: cloudFormation }, {}))
        found.push(...Stacks.flatMap(stageIn));
      return found;
    },
    ledgersOf: async table => {
      const id = await idOf(dynamo, table);
      const found: string[] = [];
      for await (const { TableNames = [] } of paginateListTables({ client: dynamo }, {}))
        for (const name of TableNames.filter(one => LEDGER.test(one)))
          if (id !== undefined && (await registeredIn(dynamo, name)) === id) found.push(name);
      return found;
    },
    reservable: functions => reservable(lambda, functions).catch(() => undefined),
  };
}

async function reservable(lambda: LambdaClient, functions: readonly string[]): Promise<number> {
  const { AccountLimit } = await lambda.send(new GetAccountSettingsCommand({}));
  const left = (AccountLimit?.UnreservedConcurrentExecutions ?? 0) - UNRESERVED;
  const ours = await Promise.all(functions.map(name => reservedBy(lambda, name)));
  return ours.reduce((sum, count) => sum + count, left);
}

function stageIn({ StackName = '', StackStatus, Parameters = [], Tags = [] }: Stack): DeployedStage[] {
  const tags = new Map(Tags.map(({ Key, Value }) => [Key, Value]));
  if (NOTHING.test(`${StackStatus}`) || tags.get('application') !== 'pullpass') return [];
  // A first deployment that has failed leaves a stack that holds nothing but the bucket of the packages.
  if (!Parameters.some(({ ParameterKey }) => ParameterKey === 'Table')) return [];
  const parameters = Parameters.map(({ ParameterKey, ParameterValue }) => [
    ParameterKey,
    ParameterValue ?? '',
  ]);
  const stage = tags.get('stage') ?? StackName.replace('pullpass-', '');
  return [{ stage, parameters: Object.fromEntries(parameters) }];
}

async function idOf(dynamo: DynamoDBClient, TableName: string): Promise<string | undefined> {
  try {
    return (await dynamo.send(new DescribeTableCommand({ TableName }))).Table?.TableId;
  } catch (error) {
    if (error instanceof Error && error.name === 'ResourceNotFoundException') return undefined;
    throw error;
  }
}

/** As lib/ledger/table-marker.ts has written it. */
async function registeredIn(dynamo: DynamoDBClient, TableName: string): Promise<string | undefined> {
  const Key = { pk: { S: 'ledger' }, sk: { S: 'identity' } };
  const { Item } = await dynamo.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }));
  return Item?.id?.S;
}

async function reservedBy(lambda: LambdaClient, FunctionName: string): Promise<number> {
  try {
    const answer = await lambda.send(new GetFunctionConcurrencyCommand({ FunctionName }));
    return answer.ReservedConcurrentExecutions ?? 0;
  } catch (error) {
    if (error instanceof Error && error.name === 'ResourceNotFoundException') return 0;
    throw error;
  }
}
