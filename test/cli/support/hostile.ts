/** Responses of a hostile deployment: every text that a schema leaves free could do harm on a terminal. */
import * as v from 'valibot';

/** Escape sequences, C1 and bidi controls, separators, invisible characters, a lone surrogate, and a line of its own. */
export const HOSTILE =
  'a\u001b[2J\u001b]0;x\u0007\u009b31m\u202e\u2066\u200f\u061c\u2028\u2029\u200b\ud800\u{e0041}\u007f\b\r\nerror: forged\t\u0000';

/** What a terminal would obey, or a reader would not see. A tab only moves on; line ends are looked at by themselves. */
const DANGEROUS = /[\p{Cf}\p{Cs}\p{Zl}\p{Zp}]|(?![\n\t])\p{Cc}/u;

/** The first dangerous character of a text, with what is around it; undefined: the text is safe. */
export function dangerIn(text: string): string | undefined {
  const found = DANGEROUS.exec(text);
  return found === null
    ? undefined
    : JSON.stringify(text.slice(Math.max(0, found.index - 40), found.index + 20));
}

/** Texts for strings that a schema restricts. */
const EXAMPLES = [
  '01a1fde6-b720-7292-88d8-03b75b4a87b0',
  '2026-11-21T07:00:00Z',
  '2026-11-21',
  `plp_${'x'.repeat(87)}`,
  'plc_k1.abc',
  'an.access.token',
  'AAAA',
  '60s',
  'https://a.example',
  '3.1.0',
];

/** A schema as this file walks it. */
interface Node extends v.GenericSchema {
  readonly entries?: Readonly<Record<string, Node>>;
  readonly item?: Node;
  readonly value?: Node;
  readonly wrapped?: Node;
  readonly options?: readonly unknown[];
  readonly literal?: unknown;
  readonly pipe?: readonly Node[];
}

/** A value that the schema accepts, hostile wherever it accepts that, with a hostile unknown member in each object. */
export function hostileValue(schema: v.GenericSchema): unknown {
  return exampleOf(schema as Node, [HOSTILE, ...EXAMPLES]);
}

/** As `hostileValue`, with hostile texts also where the schema does not accept them. */
export function malformedValue(schema: v.GenericSchema): unknown {
  return exampleOf(schema as Node, undefined);
}

function exampleOf(schema: Node, texts: readonly string[] | undefined): unknown {
  const inner = (node: Node | undefined) => (node === undefined ? undefined : exampleOf(node, texts));
  switch (schema.type) {
    case 'object':
    case 'loose_object':
    case 'strict_object': {
      const members = Object.entries(schema.entries ?? {}).map(([name, node]) => [name, inner(node)]);
      return {
        ...Object.fromEntries(members),
        ...(schema.type === 'strict_object' ? {} : { [HOSTILE]: HOSTILE }),
      };
    }
    case 'array':
      return [inner(schema.item)];
    case 'record':
      return { [HOSTILE]: inner(schema.value) };
    case 'exact_optional':
    case 'nullable':
    case 'optional':
      return inner(schema.wrapped);
    case 'picklist':
      return texts === undefined ? HOSTILE : schema.options?.[0];
    case 'union':
      return inner(schema.options?.at(-1) as Node);
    case 'literal':
      return texts === undefined ? HOSTILE : schema.literal;
    case 'number':
      return 60;
    case 'boolean':
      return true;
    case 'string':
      return textFor(schema, texts);
    default:
      throw new Error(`There is no example for ${schema.type}.`);
  }
}

function textFor(schema: Node, texts: readonly string[] | undefined): string {
  if (texts === undefined) return HOSTILE;
  const found = texts.find(text => v.is(schema, text));
  if (found === undefined) throw new Error('None of the examples fits a string of the schema.');
  return found;
}
