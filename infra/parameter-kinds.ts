/** The kinds of values that a parameter of a deployment can have: how it is written, its default, and its constraints in the template. */
import * as v from 'valibot';

type Range = readonly [min: number, max: number];

/** `--param` may set it for one deployment. */
export const OVERRIDE = { override: true } as const;

/** A whole number that only the package knows. */
export function count(absent: number, [min, max]: Range) {
  return {
    absent,
    schema: v.pipe(
      v.number('must be a number'),
      v.integer('must be a whole number'),
      v.minValue(min, `must be at least ${min}`),
      v.maxValue(max, `must be at most ${max}`),
    ),
    range: [min, max] as Range,
  };
}

/** A number of the template. */
export function shown<C extends ReturnType<typeof count>>(of: C) {
  const [MinValue, MaxValue] = of.range;
  return { ...of, template: { MinValue, MaxValue } };
}

/** Requests a second, or at the same instant, that one route takes. */
export function throttle(absent: number) {
  return { ...count(absent, [1, 100_000]), ...OVERRIDE };
}

export function text(absent: string, pattern: RegExp, problem: string) {
  return {
    absent,
    schema: v.pipe(v.string('must be a string'), v.regex(pattern, problem)),
    template: { AllowedPattern: pattern.source.slice(1, -1) },
  };
}

/** A text that only the package knows. */
export function packaged(absent: string, pattern: RegExp, problem: string) {
  const { schema } = text(absent, pattern, problem);
  return { absent, schema };
}

/** The first word is the default. */
export function choice<const W extends readonly [string, ...string[]]>(...words: W) {
  const named = words.map(word => (word === '' ? 'empty' : word)).join(' or ');
  return {
    absent: words[0] as string,
    schema: v.picklist(words as readonly string[], `must be ${named}`),
    template: { AllowedValues: words },
  };
}

/** Entries that the functions read, from a file that is packaged with them. */
export function list(absent: 'open' | readonly string[]) {
  const problem = absent === 'open' ? 'must be "open", or a list of entries' : 'must be a list of entries';
  const entries = v.array(v.pipe(v.string(), v.nonEmpty()), problem);
  return { absent, schema: absent === 'open' ? v.union([v.literal('open'), entries], problem) : entries };
}
