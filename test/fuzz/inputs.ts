/** Inputs for parsers: good texts, changed in a few places by chance. One seed always gives the same inputs. */
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** Chance that can be repeated. */
export interface Chance {
  /** A whole number from 0 to below `bound`. */
  below(bound: number): number;
  one<T>(values: readonly T[]): T;
}

export function chanceFrom(seed: number): Chance {
  const generator = xoroshiro128plus(seed);
  const below = (bound: number) => uniformInt(generator, 0, bound - 1);
  return { below, one: values => values[below(values.length)] as (typeof values)[number] };
}

/** What parsers stumble over: separators, escapes, controls, other alphabets, numbers at their limits. */
const ODD = [
  ...[
    '',
    ' ',
    '  ',
    '\t',
    '\n',
    '\r\n',
    '\0',
    '\u001b[31m',
    '\u007f',
    '\u0085',
    '\u200b',
    '\u202e',
    '\ufeff',
  ],
  ...[
    '/',
    '//',
    '..',
    '.',
    '-',
    '--',
    '_',
    '__',
    '*',
    '/*',
    ':',
    '::',
    ',',
    ',,',
    ';',
    '=',
    '==',
    '&',
    '&&',
    '+',
    '%',
  ],
  ...[
    '%2f',
    '%2F',
    '%41',
    '%zz',
    '%',
    '%00',
    '%ff',
    '%c3%a9',
    '%C3%A9',
    '%e2%82',
    '\\',
    '\\"',
    '"',
    "'",
    '`',
    '$',
  ],
  ...[
    '(',
    ')',
    '(plugin)',
    '[',
    ']',
    '{',
    '}',
    '<',
    '>',
    '@',
    '#',
    '?',
    '|',
    '~',
    '!',
    'é',
    'ö',
    '\uff0f',
    '\u212a',
    '😀',
  ],
  ...[
    '0',
    '00',
    '-1',
    '1e3',
    '1.5',
    '9007199254740993',
    '2147483648',
    'NaN',
    'null',
    'true',
    '__proto__',
    'constructor',
  ],
  ...['A', 'a', 'Z', 'z', 'aa', 'a'.repeat(130), '[['.repeat(12), '{"a":'.repeat(12)],
];

/** One of the seeds, changed in up to six places. */
export function mutated(chance: Chance, seeds: readonly string[], fragments: readonly string[]): string {
  let text = chance.one(seeds);
  for (let changes = chance.below(7); changes > 0; changes--)
    text = changedOnce(chance, text, seeds, fragments);
  return text.slice(0, 4096).toWellFormed();
}

function changedOnce(
  chance: Chance,
  text: string,
  seeds: readonly string[],
  fragments: readonly string[],
): string {
  const at = chance.below(text.length + 1);
  const end = Math.min(text.length, at + chance.below(chance.one([2, 4, 30])));
  const [before, middle, after] = [text.slice(0, at), text.slice(at, end), text.slice(end)];
  switch (chance.below(6)) {
    case 0:
      return before + chance.one(ODD) + after;
    case 1:
      return before + chance.one(fragments) + text.slice(at);
    case 2:
      return before + middle + middle + after;
    case 3:
      return before + after;
    case 4:
      return before + chance.one(seeds).slice(chance.below(40));
    default:
      return before + String.fromCharCode(33 + chance.below(94)) + text.slice(at + 1);
  }
}
