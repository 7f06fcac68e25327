/** Members of answers, each with what it means and an example. */
import * as v from 'valibot';

/** Any member: its schema, its meaning and unit, and an example. */
export function member<S extends v.GenericSchema>(
  schema: S,
  description: string,
  example?: v.InferOutput<S>,
): v.GenericSchema {
  const examples = example === undefined ? {} : { examples: [example] };
  return v.pipe(schema, v.metadata({ description, ...examples })) as v.GenericSchema;
}

export function text(description: string, example: string): v.GenericSchema {
  return member(v.string(), description, example);
}

export function url(description: string, example: string): v.GenericSchema {
  return member(v.pipe(v.string(), v.url()), description, example);
}

export function flag(description: string): v.GenericSchema {
  return member(v.boolean(), description);
}

/** RFC 3339, UTC, whole seconds. */
const TIME = v.pipe(v.string(), v.isoTimestamp(), v.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/));
export const AN_HOUR_LATER = '2026-11-21T08:00:00Z';
const A_TIME = '2026-11-21T07:00:00Z';

export function time(description: string, example: string = A_TIME): v.GenericSchema {
  return member(TIME, `${description} RFC 3339, UTC.`, example);
}

export function timeOrNull(description: string, example: string | null): v.GenericSchema {
  return member(v.nullable(TIME), `${description} RFC 3339, UTC.`, example);
}

const ID = v.pipe(
  v.string(),
  v.regex(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
);
export const AN_ID = '01a1fd49-4a6c-7d65-a6e0-bc414b35f7c0';

export function id(description: string): v.GenericSchema {
  return member(v.pipe(ID, v.metadata({ format: 'uuid' })), `${description} A UUID of version 7.`, AN_ID);
}

export const A_TOKEN = `plp_${'0'.repeat(64)}ExampleExampleExample00`;
export const A_CREDENTIAL = `plc_k1.${'ExampleExample'.repeat(4)}`;

export function registryToken(description: string): v.GenericSchema {
  return member(v.pipe(v.string(), v.regex(/^plp_[0-9A-Za-z]{87}$/)), description, A_TOKEN);
}

const CREDENTIAL = v.pipe(v.string(), v.regex(/^plc_[a-z0-9]{1,8}\.[A-Za-z0-9_-]+$/), v.maxLength(1024));

export function credential(description: string): v.GenericSchema {
  return member(CREDENTIAL, description, A_CREDENTIAL);
}

export const ACCESS = member(
  v.picklist(['pull', 'push']),
  'What may be done with the repositories; `push` means pull and push.',
  'pull',
);

export function repositories(whenNull: string): v.GenericSchema {
  return member(
    v.nullable(v.array(v.string())),
    `Repository names, and prefixes followed by \`/*\`, at most 32; null: ${whenNull}.`,
    ['team-a/app', 'team-a/tools/*'],
  );
}

export const ALL_NAMESPACES = 'every repository in the namespaces of the account';

export const CREATED = {
  createdAt: time('When it was added.'),
  createdBy: text('The subject that added it, with its issuer.', 'corp:alice'),
};
