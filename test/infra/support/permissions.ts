/** The permissions that a stack gives, as lines that people can read. */
import { ACCOUNT, KEY_ID, ofType, REGION, type Stack } from './cloudformation.ts';

export interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource?: string | readonly string[];
  readonly Principal?: string | Readonly<Record<string, string>>;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

interface Policy {
  readonly Statement: readonly Statement[];
}

/** What each function may do, by its name. */
export function statementsOf(stack: Stack): Map<string, Statement[]> {
  const roles = new Map(ofType(stack, 'AWS::IAM::Role'));
  const attached = ofType(stack, 'AWS::IAM::Policy').map(([, properties]) => properties);
  return new Map(
    ofType(stack, 'AWS::Lambda::Function').map(([, properties]) => {
      const name = String(properties.Role).replace(/^.*\//, '');
      const others = attached.filter(({ Roles }) => (Roles as string[]).includes(name));
      const policies = [...((roles.get(name)?.Policies ?? []) as object[]), ...others] as readonly {
        PolicyDocument: Policy;
      }[];
      return [
        String(properties.FunctionName).replace(/^.*-/, ''),
        policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement),
      ];
    }),
  );
}

/** A row for each function, action and resource. */
export function functionRows(stack: Stack): string[] {
  return [...statementsOf(stack)].flatMap(([name, statements]) => rowsFor(name, statements)).sort();
}

/** A row for each action and resource of a role that is no function's. */
export function roleRows(stack: Stack, role: string): string[] {
  const { Policies = [] } = stack.resources.get(role)?.Properties ?? {};
  const policies = Policies as readonly { PolicyDocument: Policy }[];
  const statements = policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
  return rowsFor(role, statements);
}

function rowsFor(name: string, statements: readonly Statement[]): string[] {
  return statements.flatMap(statement =>
    listed(statement.Action).flatMap(action =>
      listed(statement.Resource).map(resource =>
        row(
          statement.Effect === 'Allow' ? name : `${name} (${statement.Effect})`,
          action,
          shorten(resource),
          conditionsOf(statement),
        ),
      ),
    ),
  );
}

/** A row for each resource that itself says who may use it. */
export function resourceRows(stack: Stack): string[] {
  const policies = [
    ...documents(stack, 'AWS::KMS::Key', 'KeyPolicy'),
    ...documents(stack, 'AWS::SQS::QueuePolicy', 'PolicyDocument'),
    ...documents(stack, 'AWS::S3::BucketPolicy', 'PolicyDocument'),
    ...documents(stack, 'AWS::IAM::Role', 'AssumeRolePolicyDocument'),
  ];
  const rows = policies.flatMap(([name, { Statement }]) =>
    Statement.flatMap(statement =>
      listed(statement.Action).map(action =>
        row(
          name,
          `${statement.Effect === 'Allow' ? '' : `${statement.Effect} `}${principalsOf(statement)}`,
          action,
          conditionsOf(statement),
        ),
      ),
    ),
  );
  const invocations = ofType(stack, 'AWS::Lambda::Permission').map(([, properties]) =>
    row(
      shorten(String(properties.FunctionName)).replace(/^.*-/, 'function '),
      String(properties.Principal),
      String(properties.Action),
      sourceOf(properties),
    ),
  );
  return [...rows, ...invocations].sort();
}

/** Who is behind a service that invokes a function, or that it is invoked by its URL. */
function sourceOf({
  SourceArn,
  FunctionUrlAuthType,
  InvokedViaFunctionUrl,
}: Readonly<Record<string, unknown>>): string {
  if (SourceArn !== undefined) return `from ${shorten(String(SourceArn))}`;
  return FunctionUrlAuthType !== undefined || InvokedViaFunctionUrl === true ? 'by its URL' : 'by anything';
}

function documents(stack: Stack, type: string, property: string): [string, Policy][] {
  return ofType(stack, type).map(([name, properties]) => [name, properties[property] as Policy]);
}

export function listed<T>(value: T | readonly T[] | undefined): readonly T[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value as T];
}

function row(...cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function principalsOf({ Principal = '' }: Statement): string {
  return typeof Principal === 'string' ? Principal : Object.values(Principal).map(shorten).join(' and ');
}

function conditionsOf({ Condition = {} }: Statement): string {
  const parts = Object.entries(Condition).flatMap(([operator, keys]) =>
    Object.entries(keys).map(
      ([key, values]) => `${operator} ${key} ${listed(values).map(String).map(shorten).join(', ')}`,
    ),
  );
  return parts.join('; ');
}

/** Without what every ARN has, and with the stage as a variable. */
function shorten(text: string): string {
  return text
    .replace(/^arn:aws:/, '')
    .replace(`${REGION}:${ACCOUNT}:`, '')
    .replace(`:${ACCOUNT}:`, '')
    .replace(KEY_ID, 'DerivationKey')
    .replaceAll('pullpass-dev', 'pullpass-STAGE');
}
