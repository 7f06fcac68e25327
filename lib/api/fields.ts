/** Fields that several requests and responses of the API have. */
import * as v from 'valibot';

/** `push` means pull and push. */
export const ACCESS = v.picklist(['pull', 'push']);

export const ROLE = v.picklist(['reader', 'writer', 'manager', 'administrator']);

/** A UUID of version 7. */
export const ID = v.pipe(
  v.string(),
  v.regex(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
  v.metadata({ format: 'uuid' }),
);

/** RFC 3339, UTC, whole seconds. */
export const TIME = v.pipe(v.string(), v.isoTimestamp(), v.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/));

export const WHOLE_NUMBER = v.pipe(v.number(), v.integer());

/** A list that the code does not change. */
export function list<S extends v.GenericSchema>(item: S) {
  return v.pipe(v.array(item), v.readonly());
}
