/** Whether a policy allows a call to DynamoDB: IAM's evaluation, as far as our policies use it. */
import { ACCOUNT, REGION } from './cloudformation.ts';
import { listed, type Statement } from './permissions.ts';

export interface Call {
  /** `dynamodb:GetItem`, … */
  readonly action: string;
  readonly resource: string;
  /** What conditions compare, by key. */
  readonly context: Readonly<Record<string, readonly string[]>>;
}

// biome-ignore lint/suspicious/noExplicitAny: the inputs of all operations
type Input = any;

/** The call that a request with this body is (Service Authorization Reference, "Amazon DynamoDB"). */
export function callOf(operation: string, body: string, tables: Readonly<Record<string, string>>): Call {
  const input: Input = JSON.parse(body);
  if (operation === 'ExecuteStatement') return statementCallOf(input, tables);
  const [table = '', keys] = input.RequestItems
    ? (Object.entries<Input>(input.RequestItems).map(([name, { Keys }]) => [name, Keys] as const)[0] ?? [])
    : [input.TableName, keysOf(input)];
  const attributes = [
    ...(keys ?? []).flatMap(Object.keys),
    ...Object.keys(input.Item ?? {}),
    ...namesIn(input),
  ];
  return {
    action: `dynamodb:${operation}`,
    resource: `arn:aws:dynamodb:${REGION}:${ACCOUNT}:table/${tables[table] ?? table}`,
    context: {
      'dynamodb:LeadingKeys': keys?.map(({ pk }: Input) => pk.S) ?? [],
      'dynamodb:Attributes': [...new Set<string>(attributes)],
      ...(input.ReturnValues === undefined ? {} : { 'dynamodb:ReturnValues': [input.ReturnValues] }),
    },
  };
}

/** PartiQL has an action for each kind of statement. Only inserts are read in detail; ours name every attribute. */
function statementCallOf(
  { Statement: text, Parameters: values }: Input,
  tables: Readonly<Record<string, string>>,
): Call {
  const [, verb = ''] = /^(INSERT|UPDATE|DELETE|SELECT)\b/.exec(text) ?? [];
  const [, table = ''] = /"([^"]+)"/.exec(text) ?? [];
  const attributes = [...text.matchAll(/'([^']+)': \?/g)].map(([, name]) => name ?? '');
  const partition = values[attributes.indexOf('pk')]?.S;
  return {
    action: `dynamodb:PartiQL${verb.charAt(0)}${verb.slice(1).toLowerCase()}`,
    resource: `arn:aws:dynamodb:${REGION}:${ACCOUNT}:table/${tables[table] ?? table}`,
    context: { 'dynamodb:LeadingKeys': [partition], 'dynamodb:Attributes': attributes },
  };
}

function keysOf(input: Input): Input[] | undefined {
  // The partition comes first: `#pk = :value`, under any names.
  const [, partition = ''] = /^\S+ = (:\w+)/.exec(input.KeyConditionExpression ?? '') ?? [];
  if (partition !== '') return [{ pk: input.ExpressionAttributeValues[partition], sk: {} }];
  const key = input.Key ?? (input.Item && { pk: input.Item.pk, sk: input.Item.sk });
  return key && [key];
}

const EXPRESSIONS = [
  'UpdateExpression',
  'ConditionExpression',
  'ProjectionExpression',
  'FilterExpression',
  'KeyConditionExpression',
];
const WORDS =
  /^(?:SET|REMOVE|ADD|DELETE|AND|OR|NOT|IN|BETWEEN|attribute_exists|attribute_not_exists|begins_with|if_not_exists|size)$/;

/** Every attribute that an expression names counts, also those that it only compares. */
function namesIn(input: Input): string[] {
  const text = EXPRESSIONS.map(name => input[name] ?? '').join(' ');
  const words: string[] = text.match(/(?<![:\w])#?[A-Za-z_]\w*/g) ?? [];
  return words.filter(word => !WORDS.test(word)).map(word => input.ExpressionAttributeNames?.[word] ?? word);
}

/** The statements that allow a call by themselves; ours never deny. */
export function allowing(statements: readonly Statement[], call: Call): Statement[] {
  return statements.filter(
    ({ Action, Resource, Condition = {} }) =>
      listed(Action).includes(call.action) &&
      listed(Resource).includes(call.resource) &&
      Object.entries(Condition).every(([operator, keys]) =>
        Object.entries(keys).every(([key, values]) =>
          holds(operator, call.context[key] ?? [], listed(values).map(String)),
        ),
      ),
  );
}

/** `ForAllValues` holds for no values, and so does `IfExists`. */
function holds(operator: string, actual: readonly string[], wanted: readonly string[]): boolean {
  const [, all, like] = /^(ForAllValues:)?String(Like|Equals(?:IfExists)?)$/.exec(operator) ?? [];
  if (like === undefined) throw new Error(`${operator} is not known here`);
  if (all === undefined && !like.endsWith('IfExists') && actual.length === 0) return false;
  return actual.every(value => wanted.some(one => (like === 'Like' ? isLike(value, one) : value === one)));
}

/** Our patterns hold one `*`, at their end. */
function isLike(value: string, pattern: string): boolean {
  return pattern.endsWith('*') ? value.startsWith(pattern.slice(0, -1)) : value === pattern;
}
