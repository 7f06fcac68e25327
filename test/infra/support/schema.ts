/** Holds resources against the CloudFormation resource schema as AWS publishes it: names, needs, types and values of properties. */
import { loadAwsServiceSpec } from '@aws-cdk/aws-service-spec';
import type { Resource } from '../../../infra/template.ts';

type Database = Awaited<ReturnType<typeof loadAwsServiceSpec>>;
type Definition =
  ReturnType<Database['all']> extends readonly (infer E)[] ? E & { properties: Fields } : never;
type Fields = Readonly<Record<string, Field>>;
interface Field {
  readonly required?: boolean;
  readonly type: FieldType;
}
type FieldType =
  | { readonly type: 'string' | 'integer'; readonly allowedValues?: readonly unknown[] }
  | { readonly type: 'number' | 'boolean' | 'json' | 'date-time' | 'null' | 'tag' }
  | { readonly type: 'array' | 'map'; readonly element: FieldType }
  | { readonly type: 'ref'; readonly reference: { readonly $ref: string } }
  | { readonly type: 'union'; readonly types: readonly FieldType[] };

const SHAPES: ReadonlySet<string> = new Set(['array', 'map', 'ref']);
const TAG: Fields = {
  Key: { required: true, type: { type: 'string' } },
  Value: { required: true, type: { type: 'string' } },
};

export interface Schema {
  /** What is wrong with a resource, a line each; undefined: AWS knows no such type. */
  violations(name: string, resource: Resource): string[] | undefined;
}

export async function loadSchema(): Promise<Schema> {
  const database = await loadAwsServiceSpec();

  function ofFields(path: string, fields: Fields, value: unknown): string[] {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return [`${path} is no object`];
    const missing = Object.entries(fields).filter(
      ([key, { required }]) => required === true && !(key in value),
    );
    const found = Object.entries(value).flatMap(([key, inner]) => {
      const field = fields[key];
      if (field === undefined) return [`${path}.${key} is not known`];
      return ofType(`${path}.${key}`, field.type, inner);
    });
    return [...missing.map(([key]) => `${path}.${key} is missing`), ...found];
  }

  /** What the first type has against the value, unless another one has nothing. Any document counts only where no shape is given. */
  function ofAny(path: string, types: readonly FieldType[], value: unknown): string[] {
    const shaped = types.some(({ type }) => SHAPES.has(type));
    const close = types.filter(({ type }) => !shaped || type !== 'json');
    const complaints = close.map(type => ofType(path, type, value));
    return complaints.some(lines => lines.length === 0) ? [] : (complaints[0] ?? []);
  }

  function ofType(path: string, type: FieldType, value: unknown): string[] {
    switch (type.type) {
      case 'union':
        return ofAny(path, type.types, value);
      case 'array':
        if (!Array.isArray(value)) return [`${path} is no list`];
        return value.flatMap((one, index) => ofType(`${path}[${index}]`, type.element, one));
      case 'map':
        if (typeof value !== 'object' || value === null) return [`${path} is no map`];
        return Object.entries(value).flatMap(([key, one]) => ofType(`${path}.${key}`, type.element, one));
      case 'ref':
        return ofFields(
          path,
          (database.get('typeDefinition', type.reference.$ref) as unknown as Definition).properties,
          value,
        );
      case 'tag':
        return ofFields(path, TAG, value);
      case 'json':
        return /^(?:object|string)$/.test(typeof value) ? [] : [`${path} is no document`];
      default:
        return ofPrimitive(path, type, value);
    }
  }

  return {
    violations(name, { Type, Properties }) {
      const [known] = database.lookup('resource', 'cloudFormationType', 'equals', Type);
      return known && ofFields(name, known.properties as unknown as Fields, Properties);
    },
  };
}

function ofPrimitive(path: string, type: FieldType, value: unknown): string[] {
  const fits = {
    // CloudFormation writes a number where a text is wanted; parameters are either.
    string: typeof value === 'string' || typeof value === 'number',
    'date-time': typeof value === 'string',
    integer: Number.isSafeInteger(value),
    number: typeof value === 'number',
    boolean: typeof value === 'boolean',
    null: value === null,
  };
  if (!fits[type.type as keyof typeof fits]) return [`${path} is no ${type.type}: ${JSON.stringify(value)}`];
  const allowed = 'allowedValues' in type ? type.allowedValues : undefined;
  return allowed === undefined || allowed.includes(value)
    ? []
    : [`${path} may not be ${JSON.stringify(value)}`];
}
