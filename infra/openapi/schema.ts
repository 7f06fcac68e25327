/** JSON Schema 2020-12 (the dialect of OpenAPI 3.1) from the schemas of the code, with words for their members. */
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

/** Schemas by name; a schema that holds another refers to it. */
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

/** A check that has no keyword becomes the sentence that a caller would read. */
function convertAction(
  { valibotAction: action, jsonSchema }: Action,
  rules?: string,
): JsonSchema | undefined {
  switch (action.type) {
    case 'check':
      return withSentence(jsonSchema, messageOf(action));
    case 'raw_check':
      // That of a string reads what its pattern says, and only words it.
      if (jsonSchema.type === 'string') return jsonSchema;
      return withSentence(jsonSchema, rules);
    case 'readonly':
      // It types the code; in JSON Schema `readOnly` would mean that requests must not send the member.
      return jsonSchema;
    case 'regex':
      return convertRegex(jsonSchema, action as v.RegexAction<string, v.ErrorMessage<v.RegexIssue<string>>>);
    default:
      return undefined;
  }
}

/** JSON Schema reads patterns as if they had the flag `u` (section 6.4 of its core), and has no other flag. */
function convertRegex(
  jsonSchema: JsonSchema,
  action: v.RegexAction<string, v.ErrorMessage<v.RegexIssue<string>> | undefined>,
): JsonSchema | undefined {
  const { flags, source } = action.requirement;
  const message = messageOf(action);
  if (flags !== 'u' && flags !== '') return undefined;
  const withPattern = { ...jsonSchema, pattern: source };
  return message === undefined ? withPattern : withSentence(withPattern, message);
}

function convertSchema({ valibotSchema: { type }, jsonSchema }: Schema): JsonSchema | undefined {
  if (type === 'nullable') return mergeNull(jsonSchema);
  // An answer has these members and no others, although a client accepts more.
  const closed = type === 'object' ? { ...jsonSchema, additionalProperties: false } : jsonSchema;
  if (closed.required?.length !== 0) return closed === jsonSchema ? undefined : closed;
  const { required: _, ...others } = closed;
  return others;
}

/** A list of types is easier to read than `anyOf` with null. */
function mergeNull({ anyOf, ...rest }: JsonSchema): JsonSchema | undefined {
  const [inner] = anyOf ?? [];
  if (typeof inner !== 'object' || typeof inner.type !== 'string' || 'enum' in inner) return undefined;
  return { ...inner, ...rest, type: [inner.type, 'null'] };
}

function messageOf(part: object): string | undefined {
  return 'message' in part && typeof part.message === 'string' ? part.message : undefined;
}

/** Adds a sentence to the description. */
function withSentence(jsonSchema: JsonSchema, words: string | undefined): JsonSchema {
  if (words === undefined) throw new Error('a check without a keyword and without words');
  const sentence = `${words.replace(/^must/, 'Must')}${words.endsWith('.') ? '' : '.'}`;
  const before = jsonSchema.description ?? '';
  const description = before.includes(sentence) ? before : `${before} ${sentence}`.trim();
  return { ...jsonSchema, description };
}
