/** The schemas of what a start reads say what valibot says of the same value, in our words. */
import fc from 'fast-check';
import * as valibot from 'valibot';
import { describe, expect, it } from 'vitest';
import { sentenceOf } from '../../lib/domain/errors.ts';
import * as ours from '../../lib/domain/schema.ts';

type Library = typeof ours & typeof valibot;

/** Each is built once with our schemas, and once with valibot's. */
const SCHEMAS: Readonly<Record<string, (v: Library) => unknown>> = {
  'a text': v => v.string(),
  'a text with a message': v => v.string('must be so'),
  'a number': v => v.number(),
  'one of some words': v => v.picklist(['a', 'b', 'c']),
  'one word': v => v.literal(1),
  'one of some words, with a message': v => v.picklist(['a', 'b'], 'must be so'),
  'what may be null': v => v.nullable(v.string()),
  'what may be absent': v => v.optional(v.string()),
  'what has a default': v => v.optional(v.string(), 'b'),
  'a default that is read': v => v.optional(v.pipe(v.string(), v.minLength(1, 'is empty')), ''),
  'a list': v => v.array(v.string()),
  'a list of numbers within bounds': v =>
    v.array(v.pipe(v.number(), v.safeInteger(), v.minValue(1, 'must be at least 1'), v.maxValue(2))),
  'a text of some length': v => v.pipe(v.string(), v.minLength(1), v.maxLength(2, 'is too long')),
  'a text of a shape': v => v.pipe(v.string(), v.regex(/^[ab]+$/, 'must be of a and b')),
  'a text of a shape that is made a list': v =>
    v.pipe(
      v.string(),
      v.regex(/^[ab]+$/),
      v.transform(text => [...text]),
      v.minLength(2),
    ),
  'an object': v =>
    v.strictObject({
      a: v.string(),
      b: v.optional(v.string(), 'b'),
      c: v.exactOptional(v.nullable(v.number())),
      d: v.optional(v.number()),
    }),
  'a list of objects': v =>
    v.array(v.strictObject({ a: v.strictObject({ b: v.pipe(v.number(), v.minValue(1)) }) })),
  'one schema by the value': v =>
    v.lazy((input: unknown) => (input === 'a' ? v.literal('a') : v.number('must be so')) as never),
  'the first that takes it': v =>
    v.union(
      [
        v.string(),
        v.strictObject({
          a: v.pipe(
            v.string(),
            v.check(text => text === 'a', 'must be a'),
          ),
        }),
        v.strictObject({ b: v.number() }),
      ],
      'must be one of three',
    ),
};

const leaf = fc.oneof(
  fc.constantFrom<unknown>('a', 'b', 'ab', 'abc', '', 'x', null, true, false, 0, 1, 2, 3, 1.5, -1),
  fc.constantFrom<unknown>(undefined),
);
const value = fc.letrec<{ any: unknown }>(tie => ({
  any: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.array(tie('any'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd', 'e'), tie('any'), { maxKeys: 4 }),
  ),
})).any;

function byOurs(schema: ours.Schema<unknown>, given: unknown) {
  const { success, output, issues = [] } = ours.safeParse(schema, given);
  return success ? { output } : issues.map(({ path, message }) => `${path.join('.')}: ${message}`).sort();
}

function byValibot(schema: valibot.GenericSchema, given: unknown) {
  const { success, output, issues = [] } = valibot.safeParse(schema, given, { abortPipeEarly: true });
  if (success) return { output };
  return issues
    .map(issue => `${(issue.path ?? []).map(({ key }) => key).join('.')}: ${sentenceOf(issue)}`)
    .sort();
}

describe.each(Object.entries(SCHEMAS))('the schema of %s', (_, make) => {
  it('makes of every value, or says of it, what valibot does', () => {
    const [our, its] = [make(ours as Library), make(valibot as Library)];
    fc.assert(
      fc.property(value, given => {
        expect(byOurs(our as ours.Schema<unknown>, given)).toEqual(
          byValibot(its as valibot.GenericSchema, given),
        );
      }),
      { numRuns: 300 },
    );
  });
});

describe('a schema', () => {
  it('takes no member of a prototype for one of the value', () => {
    const inherited = Object.create({ a: 'x' });
    expect(ours.safeParse(ours.strictObject({ a: ours.string() }), inherited).success).toBe(false);
    expect(ours.safeParse(ours.strictObject({}), { constructor: 1 }).issues?.[0]?.message).toBe(
      'is an unknown field',
    );
  });

  it('of its own type is refused with its message, also where nothing is given', () => {
    const schema = ours.custom((given): given is 1 => given === 1, 'must be one');
    expect(ours.safeParse(schema, 1).output).toBe(1);
    expect(ours.safeParse(schema, undefined).issues).toEqual([
      { path: [], message: 'must be one', isMistyped: true },
    ]);
  });

  it('reads an absent member as its fallback, and leaves one without a fallback out', () => {
    const schema = ours.strictObject({
      a: ours.optional(ours.string(), 'x'),
      b: ours.optional(ours.string()),
    });
    expect(Object.entries(ours.parse(schema, {}))).toEqual([['a', 'x']]);
    expect(Object.entries(ours.parse(schema, { a: 'y', b: 'z' }))).toEqual([
      ['a', 'y'],
      ['b', 'z'],
    ]);
  });

  it('of several says what keeps the content of a value from the one of its type', () => {
    const long = ours.pipe(ours.string(), ours.minLength(2, 'is too short'));
    const schema = ours.union([ours.number(), long], 'must be a number or a text');
    expect(ours.safeParse(schema, 'a').issues).toMatchObject([{ path: [], message: 'is too short' }]);
    expect(ours.safeParse(schema, true).issues).toMatchObject([{ message: 'must be a number or a text' }]);
  });

  it('that is parsed throws the places and what is wrong there, without the value', () => {
    const schema = ours.strictObject({ a: ours.array(ours.string()), b: ours.number() });
    expect(ours.parse(schema, { a: ['x'], b: 1 })).toEqual({ a: ['x'], b: 1 });
    expect(() => ours.parse(schema, { a: [7], c: 'SECRET' })).toThrow(
      new Error('a.0 must be a string; b is missing; c is an unknown field'),
    );
  });
});
