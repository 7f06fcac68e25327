/** What CloudFormation makes of a template: parameters put in, conditions decided, references followed. */
import type { Resource, Template } from '../../../infra/template.ts';

export const REGION = 'eu-central-1';
export const ACCOUNT = '123456789012';
const PSEUDO: Readonly<Record<string, string>> = {
  'AWS::Partition': 'aws',
  'AWS::Region': REGION,
  'AWS::AccountId': ACCOUNT,
  'AWS::URLSuffix': 'amazonaws.com',
  'AWS::StackName': 'pullpass-dev',
};
/** Of the derivation key, which is the only one. */
export const KEY_ID = '01a1fd49-4a6c-4d65-a6e0-bc414b35f7c0';
/** A property that is not there. */
const NO_VALUE = Symbol('AWS::NoValue');

type Json = Readonly<Record<string, unknown>>;

type Mappings = Readonly<Record<string, Readonly<Record<string, Json>>>>;

/** What a resource is called in an ARN, by its type. */
const ARNS: Readonly<Record<string, (properties: Json, name: string) => string>> = {
  'AWS::DynamoDB::Table': ({ TableName }) => `dynamodb:${REGION}:${ACCOUNT}:table/${TableName}`,
  'AWS::Logs::LogGroup': ({ LogGroupName }) => `logs:${REGION}:${ACCOUNT}:log-group:${LogGroupName}:*`,
  'AWS::Lambda::Function': ({ FunctionName }) => `lambda:${REGION}:${ACCOUNT}:function:${FunctionName}`,
  'AWS::SQS::Queue': (_, name) => `sqs:${REGION}:${ACCOUNT}:${name}`,
  'AWS::KMS::Key': () => `kms:${REGION}:${ACCOUNT}:key/${KEY_ID}`,
  'AWS::IAM::Role': (_, name) => `iam::${ACCOUNT}:role/${name}`,
  'AWS::Events::Rule': (_, name) => `events:${REGION}:${ACCOUNT}:rule/${name}`,
};

export interface Stack {
  /** The resources whose conditions hold, by name, with all values put in. */
  readonly resources: ReadonlyMap<string, Resource>;
  /** The outputs whose conditions hold. */
  readonly outputs: ReadonlyMap<string, unknown>;
}

/** The stack of a template with these parameters beside its defaults. Throws for what it does not know. */
export function stackOf(template: Template, given: Readonly<Record<string, unknown>> = {}): Stack {
  const holds = (name: string): boolean => value(template.Conditions[name]) === true;

  function value(node: unknown): unknown {
    if (Array.isArray(node)) return node.map(value).filter(one => one !== NO_VALUE);
    if (typeof node !== 'object' || node === null) return node;
    const [[name = '', argument] = [], ...more] = Object.entries(node);
    const intrinsic = more.length === 0 ? INTRINSICS[name] : undefined;
    if (intrinsic !== undefined) return intrinsic(argument as never);
    if (name.startsWith('Fn::')) throw new Error(`${name} is not known here`);
    const entries = Object.entries(node).map(([key, inner]) => [key, value(inner)] as const);
    return Object.fromEntries(entries.filter(([, inner]) => inner !== NO_VALUE));
  }

  const INTRINSICS: Readonly<Record<string, (argument: never) => unknown>> = {
    Ref: (name: string) => reference(name),
    Condition: (name: string) => holds(name),
    'Fn::If': ([name, yes, no]: [string, unknown, unknown]) => value(holds(name) ? yes : no),
    'Fn::Not': ([one]: [unknown]) => value(one) !== true,
    'Fn::And': (all: unknown[]) => all.every(one => value(one) === true),
    'Fn::Equals': ([one, other]: [unknown, unknown]) => value(one) === value(other),
    'Fn::Join': ([by, parts]: [string, unknown[]]) => (value(parts) as unknown[]).join(by),
    'Fn::Sub': (argument: string | [string, Json]) => {
      const [text, own] = typeof argument === 'string' ? [argument, {}] : argument;
      return text.replace(/\$\{([^}]+)\}/g, (_, name: string) =>
        String(name in own ? value(own[name]) : reference(name)),
      );
    },
    'Fn::FindInMap': ([map, key, member]: [string, unknown, string]) =>
      (template as Template & { readonly Mappings?: Mappings }).Mappings?.[map]?.[String(value(key))]?.[
        member
      ],
    'Fn::GetAtt': ([name, attribute]: [string, string]) => attributeOf(name, attribute),
  };

  function reference(name: string): unknown {
    if (name === 'AWS::NoValue') return NO_VALUE;
    if (name in PSEUDO) return PSEUDO[name];
    const parameter = template.Parameters[name];
    if (parameter !== undefined) return given[name] ?? parameter.Default;
    if (template.Resources[name] === undefined)
      throw new Error(`${name} is neither a parameter nor a resource`);
    const { Type, Properties = {} } = template.Resources[name];
    if (Type === 'AWS::Lambda::Alias')
      return `${attributeOf((Properties.FunctionName as { Ref: string }).Ref, 'Arn')}:${Properties.Name}`;
    // It is part of host names.
    if (Type === 'AWS::ApiGatewayV2::Api') return name.toLowerCase();
    const own = Object.entries(Properties).find(([key]) => /^(?:Function|Table|Queue)Name$/.test(key));
    return own === undefined ? name : value(own[1]);
  }

  function attributeOf(name: string, attribute: string): unknown {
    const resource = template.Resources[name];
    if (resource === undefined) throw new Error(`${name} is no resource`);
    const arn = attribute === 'Arn' ? ARNS[resource.Type] : undefined;
    return arn === undefined
      ? `${name}.${attribute}`
      : `arn:aws:${arn(value(resource.Properties) as Json, name)}`;
  }

  const kept = <T extends { readonly Condition?: string }>(all: Readonly<Record<string, T>>) =>
    Object.entries(all).filter(([, { Condition }]) => Condition === undefined || holds(Condition));
  return {
    resources: new Map(
      kept(template.Resources).map(([name, resource]) => [
        name,
        { ...resource, Properties: value(resource.Properties ?? {}) as Record<string, unknown> },
      ]),
    ),
    outputs: new Map(kept(template.Outputs).map(([name, output]) => [name, value(output.Value)])),
  };
}

/** The resources of a type, by name. */
export function ofType(stack: Stack, type: string): [name: string, properties: Record<string, unknown>][] {
  return [...stack.resources].flatMap(([name, { Type, Properties }]) =>
    Type === type ? [[name, Properties] as [string, Record<string, unknown>]] : [],
  );
}
