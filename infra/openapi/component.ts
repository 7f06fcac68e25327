/** A schema of the document: the shape from the code, what its members mean, and an example. */
import type * as v from 'valibot';
import type { JsonSchema } from './schema.ts';

/** What a member means; where it holds an object, also what the members of that mean. */
export type Meaning = string | readonly [meaning: string, members: Readonly<Record<string, Meaning>>];

export interface Component {
  readonly schema: v.GenericSchema;
  readonly description?: string;
  readonly members: Readonly<Record<string, Meaning>>;
  readonly example?: unknown;
}

interface Described<S extends v.GenericSchema> {
  readonly schema: S;
  readonly description?: string;
  /** Members that can have only one value need no words. */
  readonly members?: { readonly [K in keyof v.InferInput<S> & string]?: Meaning };
  readonly example?: v.InferInput<S> | v.InferOutput<S>;
}

/** Checks the names of the members and the example against the schema. */
export function component<S extends v.GenericSchema>({ members = {}, ...rest }: Described<S>): Component {
  return { ...rest, members: members as Component['members'] };
}

/** The JSON Schema with the words and the example. Throws for a member without words. */
export function documented(jsonSchema: JsonSchema, { description, members, example }: Component): JsonSchema {
  const { properties, ...rest } = jsonSchema;
  const sentence = [description, rest.description].filter(Boolean).join(' ');
  return {
    ...rest,
    ...(sentence === '' ? {} : { description: sentence }),
    ...(properties === undefined ? {} : { properties: describeAll(properties, members) }),
    ...(example === undefined ? {} : { examples: [example as object] }),
  } as JsonSchema;
}

type Properties = NonNullable<JsonSchema['properties']>;

function describeAll(properties: Properties, members: Component['members']): Properties {
  const entries = Object.entries(properties).map(([name, property]) => [
    name,
    describe(name, property as JsonSchema, members[name]),
  ]);
  return Object.fromEntries(entries);
}

function describe(name: string, property: JsonSchema, meaning: Meaning | undefined): JsonSchema {
  if (meaning === undefined) {
    if ('const' in property || JSON.stringify(property).includes('"$ref"')) return property;
    throw new Error(`the member ${name} has no description`);
  }
  const [text, members] = typeof meaning === 'string' ? [meaning] : meaning;
  const described = members === undefined ? property : describeWithin(property, members);
  return { ...described, description: [text, property.description].filter(Boolean).join(' ') };
}

/** The object may be the entry of a list, the value of a map, or one of several. */
function describeWithin(property: JsonSchema, members: Component['members']): JsonSchema {
  const { properties, items, additionalProperties, anyOf } = property;
  const within = (part: unknown) => (isSchema(part) ? describeWithin(part, members) : part);
  return {
    ...property,
    ...(properties === undefined ? {} : { properties: describeAll(properties, members) }),
    ...(isSchema(items) ? { items: within(items) } : {}),
    ...(isSchema(additionalProperties) ? { additionalProperties: within(additionalProperties) } : {}),
    ...(anyOf === undefined ? {} : { anyOf: anyOf.map(within) }),
  } as JsonSchema;
}

function isSchema(part: unknown): part is JsonSchema {
  return typeof part === 'object' && part !== null && !Array.isArray(part);
}
