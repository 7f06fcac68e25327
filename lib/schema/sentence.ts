/** Says in our words what a schema refuses: the library's own message names its types and quotes the input, which could be a secret. */

/** An issue of the schema library, as far as a sentence needs it. */
interface Issue {
  readonly kind: string;
  readonly type: string;
  readonly expected: string | null;
  readonly received: string;
  readonly message: string;
}

/** How the library's own messages begin. */
const LIBRARY = 'Invalid ';

const TYPES: Readonly<Record<string, string>> = {
  string: 'must be a string',
  number: 'must be a number',
  boolean: 'must be true or false',
  array: 'must be a list',
  object: 'must be an object',
  strict_object: 'must be an object',
  record: 'must be an object',
};

/** What is wrong and what is expected. A message that we gave the schema ourselves stays as it is. */
export function sentenceOf({ type, expected, received, message }: Issue): string {
  if (!message.startsWith(LIBRARY)) return message;
  if (expected === 'never') return 'is an unknown field';
  if (received === 'undefined') return 'is missing';
  if (type === 'picklist' || type === 'literal') return `must be ${choicesIn(expected ?? '')}`;
  return TYPES[type] ?? 'is not valid';
}

/** `("pull" | "push")`, as the library writes it, as `pull or push`. */
function choicesIn(expected: string): string {
  const choices = expected.replaceAll(/^\(|\)$|"/g, '').split(' | ');
  const [last, ...others] = choices.reverse();
  return others.length === 0 ? String(last) : `${others.reverse().join(', ')} or ${last}`;
}
