/** Reads the JSON documents that keys are kept in; says what is wrong without a byte of what they hold. */
import * as v from 'valibot';

/** Seconds since 1970. */
export const Seconds = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
/** Padded base64 (RFC 4648 section 4). */
export const Base64 = v.pipe(v.string(), v.nonEmpty(), v.base64());

/** What the schema makes of `text`. Throws an error with `name` and the paths at fault, never with values. */
export function readDocument<const S extends v.GenericSchema>(
  schema: S,
  text: string,
  name: string,
): v.InferOutput<S> {
  const result = v.safeParse(schema, parseJson(text, name));
  if (result.success) return result.output;
  throw new Error(
    `${name}: not valid at ${result.issues.map(issue => v.getDotPath(issue) ?? '$').join(', ')}`,
  );
}

/** The error of JSON.parse quotes the text, and is therefore not passed on as the cause. */
function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`${name}: not JSON`);
  }
}

/** How documents are written. */
export function writeDocument(document: object): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}
