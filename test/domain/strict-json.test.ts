/** Strict JSON: what is read, what is refused, and that errors quote nothing. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { member, parseStrictJson, readStrictJson } from '../../lib/domain/strict-json.ts';

/** `deep` arrays and objects in turn, around one number. */
function nested(deep: number): string {
  const open = Array.from({ length: deep }, (_, i) => (i % 2 === 0 ? '[' : '{"a":'));
  return (
    open.join('') +
    1 +
    open
      .map(text => (text === '[' ? ']' : '}'))
      .reverse()
      .join('')
  );
}

describe('strict JSON', () => {
  it.each([
    '{"a":1,"a":1}',
    '{"a":1,"\\u0061":2}',
    '[{"a":{"b":1 , "b"\t\r\n:2}}]',
    '{"a":"\\"","b":{},"a":2}',
    '{"":1,"":2}',
    '{"a":[{"a":1}],"a":{}}',
  ])('refuses the repeated member in %s', text => {
    expect(() => parseStrictJson(text)).toThrow(new SyntaxError('A member is given more than once.'));
  });

  it.each(['{"__proto__":1}', '{"a":{"\\u005f_proto__":{}}}'])('refuses %s', text => {
    expect(() => parseStrictJson(text)).toThrow(new SyntaxError('A member may not be named __proto__.'));
  });

  it('reads twenty levels and refuses the next', () => {
    expect(parseStrictJson(nested(20))).toEqual(JSON.parse(nested(20)));
    expect(() => parseStrictJson(nested(21))).toThrow(new SyntaxError('JSON may be nested at most 20 deep.'));
  });

  it('counts levels, not brackets', () => {
    const wide = `[${Array.from({ length: 30 }, () => '[{}]').join()}]`;
    expect(parseStrictJson(wide)).toEqual(JSON.parse(wide));
  });

  it.each([
    [
      'lists',
      (count: number) =>
        `[${Array(count - 1)
          .fill('[]')
          .join()}]`,
    ],
    ['members', (count: number) => `{${Array.from({ length: count - 1 }, (_, i) => `"${i}":1`).join()}}`],
    [
      'objects',
      (count: number) =>
        `[${Array(count - 1)
          .fill('{}')
          .join()}]`,
    ],
  ])('counts %s, and refuses too many', (_, make) => {
    expect(parseStrictJson(make(4), { maxParts: 4 })).toEqual(JSON.parse(make(4)));
    expect(() => parseStrictJson(make(5), { maxParts: 4 })).toThrow(
      new SyntaxError('JSON may have at most 4 members, objects and lists.'),
    );
  });

  it('does not count the values of a list or of members', () => {
    expect(parseStrictJson('[1,2,"a",null]', { maxParts: 1 })).toEqual([1, 2, 'a', null]);
  });

  it.each(['"', '"a', '{"a', '{"a\\', '{"a\\"', '{"a":"b\\'])(
    'ends with a text in which a string does not: %j',
    text => {
      expect(() => parseStrictJson(text)).toThrow(new SyntaxError('The text is not valid JSON.'));
    },
  );

  it.each([' ', '\t', '\n', '\r', ' \r\n\t '])(
    'sees a member that is given twice before %j and a colon',
    space => {
      expect(() => parseStrictJson(`{"a"${space}:1,"a"${space}:2}`)).toThrow(
        new SyntaxError('A member is given more than once.'),
      );
    },
  );

  it.each(['', '{', '{"a":1,}', 'secret', '{"a" 1}', '\u0000'])('quotes nothing of the bad text %j', text => {
    expect(() => parseStrictJson(text)).toThrow(new SyntaxError('The text is not valid JSON.'));
  });

  it.each([
    '{"a":"a","b":["a","a"],"c":{"a":"\\\\"}}',
    '[{"a":1},{"a":2}]',
    '"a"',
    '{"a:":1,"a":":"}',
    '{"a":"}{","b":"\\"]["}',
    '["__proto__"]',
    JSON.stringify({ a: '['.repeat(30) }),
    '7',
  ])('reads %s as JSON.parse does', text => {
    expect(parseStrictJson(text)).toEqual(JSON.parse(text));
  });

  it('reads everything that JSON.stringify writes, up to twenty levels', () => {
    const value = fc.jsonValue({ maxDepth: 8 }).filter(json => !JSON.stringify(json).includes('__proto__'));
    fc.assert(
      fc.property(value, json => {
        const text = JSON.stringify(json);
        expect(parseStrictJson(text)).toEqual(JSON.parse(text));
      }),
    );
  });
});

describe('readStrictJson', () => {
  it('refuses a byte order mark, which other parsers skip', () => {
    expect(() => readStrictJson(Buffer.from('\ufeff{}'))).toThrow(SyntaxError);
  });

  it('is refused unless it is UTF-8', () => {
    expect(readStrictJson(Buffer.from('{"ä":1}'))).toEqual({ ä: 1 });
    expect(() => readStrictJson(Buffer.from('{"ä":1}', 'latin1'))).toThrow(TypeError);
  });
});

describe('a member', () => {
  it('is returned only when it is an own member of an object', () => {
    expect(member({ a: 1 }, 'a')).toBe(1);
    expect(member({ a: 1 }, 'b')).toBeUndefined();
    for (const value of [{}, [], 'text', null, undefined, 7]) {
      expect(member(value, 'constructor')).toBeUndefined();
    }
    expect(member('text', 'length')).toBeUndefined();
  });
});
