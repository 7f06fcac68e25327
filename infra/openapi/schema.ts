/** JSON Schema 2020-12 (the dialect of OpenAPI 3.1) from the schemas of the code. */
import {
  type ConversionConfig,
  type JsonSchema,
  toJsonSchema,
  toJsonSchemaDefs,
} from '@valibot/to-json-schema';
import type * as v from 'valibot';

export type { JsonSchema };

type Action = Parameters<NonNullable<ConversionConfig['overrideAction']>>[0];
type Schema = Parameters<NonNullable<ConversionConfig['overrideSchema']>>[0];

/** Where the schema of a component is. */
export function refTo(name: string): { $ref: string } {
  return { $ref: `#/components/schemas/${name}` };
}

/** One schema by itself. `rules` says in words what no keyword can say; throws when it is missing. */
export function schemaOf(schema: v.GenericSchema, rules?: string): JsonSchema {
  const { $schema: _, ...plain } = toJsonSchema(schema, configuration(rules));
  return plain;
}

/** Schemas by name; those that hold one another refer to it. */
export function schemasOf(
  definitions: Readonly<Record<string, v.GenericSchema>>,
): Record<string, JsonSchema> {
  return toJsonSchemaDefs(definitions, {
    ...configuration(),
    overrideRef: ({ referenceId }) => refTo(referenceId).$ref,
  });
}

function configuration(rules?: string): ConversionConfig {
  return {
    target: 'draft-2020-12',
    typeMode: 'input',
    overrideAction: context => convertAction(context, rules),
    overrideSchema: convertSchema,
  };
}

/** What a check has no keyword for is told as the caller would be told. */
function convertAction(
  { valibotAction: action, jsonSchema }: Action,
  rules?: string,
): JsonSchema | undefined {
  switch (action.type) {
    case 'check':
      return inWords(jsonSchema, messageOf(action));
    case 'raw_check':
      return inWords(jsonSchema, rules);
    case 'regex':
      return convertRegex(jsonSchema, action as v.RegexAction<string, v.ErrorMessage<v.RegexIssue<string>>>);
    default:
      return undefined;
  }
}

/** JSON Schema reads patterns as if they had the flag `u` (section 6.4 of its core), and has no other. */
function convertRegex(
  jsonSchema: JsonSchema,
  action: v.RegexAction<string, v.ErrorMessage<v.RegexIssue<string>> | undefined>,
): JsonSchema | undefined {
  const { flags, source } = action.requirement;
  const message = messageOf(action);
  if (flags !== 'u' && flags !== '') return undefined;
  const withPattern = { ...jsonSchema, pattern: source };
  return message === undefined ? withPattern : inWords(withPattern, message);
}

function convertSchema({ valibotSchema: { type, ...schema }, jsonSchema }: Schema): JsonSchema | undefined {
  if (type === 'nullable') return mergeNull(jsonSchema);
  if (type === 'picklist' && jsonSchema.enum?.length === 0) {
    // The configuration of a deployment names them.
    return inWords({ type: 'string' }, messageOf(schema));
  }
  if (jsonSchema.required?.length !== 0) return undefined;
  const { required: _, ...others } = jsonSchema;
  return others;
}

/** `anyOf` with null is how it is written, a list of types is how it is read. */
function mergeNull({ anyOf, ...rest }: JsonSchema): JsonSchema | undefined {
  const [inner] = anyOf ?? [];
  if (typeof inner !== 'object' || typeof inner.type !== 'string' || 'enum' in inner) return undefined;
  return { ...inner, ...rest, type: [inner.type, 'null'] };
}

function messageOf(part: object): string | undefined {
  return 'message' in part && typeof part.message === 'string' ? part.message : undefined;
}

/** Adds a sentence to the description. */
function inWords(jsonSchema: JsonSchema, words: string | undefined): JsonSchema {
  if (words === undefined) throw new Error('a check without a keyword and without words');
  const sentence = `${words.replace(/^must/, 'Must')}${words.endsWith('.') ? '' : '.'}`;
  const description =
    jsonSchema.description === undefined ? sentence : `${jsonSchema.description} ${sentence}`;
  return { ...jsonSchema, description };
}
