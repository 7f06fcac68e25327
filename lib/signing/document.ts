/** Reads the JSON documents that hold keys. Errors say what is wrong and never quote a document. */
import * as v from 'valibot';

/** Seconds since 1970. */
export const Seconds = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
/** Padded base64 (RFC 4648 section 4). */
export const Base64 = v.pipe(v.string(), v.nonEmpty(), v.base64());

/** The document in `text`. Throws an error with `name` and the paths at fault, never with values. */
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

/** Without a cause, because the error of JSON.parse quotes the text. */
function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`${name}: not JSON`);
  }
}

/** As documents are stored. */
export function writeDocument(document: object): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}
