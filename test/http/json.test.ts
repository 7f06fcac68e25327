/** Strict JSON against JSON.parse, with random values. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJson } from '../../lib/http/body.ts';
import { errorOf } from '../support/errors.ts';

const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;

describe('strict JSON', () => {
  it('reads what JSON.parse reads, for every value without equal members', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), fc.constantFrom(undefined, 1, '\t'), (value, space) => {
        const text = JSON.stringify(value, null, space);
        fc.pre(!text.includes('__proto__'));
        expect(parseJson(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  it('refuses every object into which a member was put twice, in any spelling and at any depth', () => {
    const escaped = (name: string) =>
      [...name].map(c => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');
    const name = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(
        name,
        fc.boolean(),
        fc.nat(15),
        fc.jsonValue({ maxDepth: 2 }),
        (member, isEscaped, depth, value) => {
          const twin = isEscaped ? `"${escaped(member)}"` : JSON.stringify(member);
          const object = `{${JSON.stringify(member)}: ${JSON.stringify(value)}, "\\"}{": [], ${twin} :1}`;
          fc.pre(member !== '"}{');
          const text = `${'{"x":['.repeat(depth / 2)}${object}${']}'.repeat(depth / 2)}`;
          expect(errorOf(() => parseJson(text)).code).toBe('invalid-request');
        },
      ),
    );
  });

  it.each([
    ['a member given twice', '{"a":1,"a":2}'],
    ['a member given twice, once escaped', '{"a":1,"\\u0061":2}'],
    ['a member given twice with white space before its colon', '{"a":1,"a"\n\t :2}'],
    ['a member given twice inside', '{"b":[{"a":1,"a":1}]}'],
    ['a member given twice around an object', '{"a":{"a":1},"a":2}'],
    ['__proto__', '{"__proto__":{}}'],
    ['__proto__ escaped', '{"\\u005f_proto__":{}}'],
    ['__proto__ inside', '[{"a":{"__proto__":1}}]'],
    ['21 levels', nested(21)],
    ['21 levels of objects', `${'{"a":'.repeat(21)}1${'}'.repeat(21)}`],
    ['thirty thousand levels', nested(30_000)],
    ['1001 members, objects and lists', `[${Array(1000).fill('[]').join()}]`],
    ['nothing', ''],
    ['white space', ' \n'],
    ['a trailing comma', '{"a":1,}'],
    ['a comment', '{}//'],
    ['single quotes', "{'a':1}"],
    ['a byte order mark', '\ufeff{}'],
    ['two values', '{}{}'],
    ['NaN', 'NaN'],
    ['a raw line feed in a string', '"\n"'],
  ])('refuses %s', (_, text) => {
    expect(errorOf(() => parseJson(text)).code).toBe('invalid-request');
  });

  it.each([
    ['20 levels', nested(20)],
    ['1000 members, objects and lists', `[${Array(999).fill('[]').join()}]`],
    ['brackets, quotes and colons in strings', '{"a":"{\\"a\\":[[[","b":"\\\\","c:":"\\"a\\":"}'],
    ['one name in two objects', '[{"a":1},{"a":{"a":2}}]'],
    ['equal strings in a list', '["a","a"]'],
    ['names that differ in case', '{"a":1,"A":2}'],
    ['the names of an object', '{"constructor":1,"toString":2}'],
    ['sixty thousand characters', JSON.stringify({ a: '"\\'.repeat(15_000) })],
  ])('takes %s', (_, text) => {
    expect(parseJson(text)).toEqual(JSON.parse(text));
  });

  it.each([
    ['a member given twice', '{"a":1,"a":2}', 'A member is given more than once.'],
    ['__proto__', '{"__proto__":{}}', 'A member may not be named __proto__.'],
    ['too deep a text', nested(21), 'JSON may be nested at most 20 deep.'],
    [
      'too many parts',
      `[${Array(1000).fill('[]').join()}]`,
      'JSON may have at most 1000 members, objects and lists.',
    ],
    ['no JSON', '{', 'The text is not valid JSON.'],
  ])('says what is wrong: %s', (_, text, detail) => {
    const { details } = errorOf(() => parseJson(text));
    expect(details).toMatchObject({ detail, cause: expect.any(SyntaxError) });
  });

  it('never quotes the text', () => {
    const { details, cause } = errorOf(() => parseJson('{"plp_secret": plp_secret}'));
    expect(JSON.stringify({ details, cause })).not.toContain('plp_secret');
  });
});
