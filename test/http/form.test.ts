/** The form reader: random forms, and everything that it refuses. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_FIELDS, parseForm, single } from '../../lib/http/form.ts';
import { errorOf } from '../support/errors.ts';

function isEncoded(text: string): boolean {
  try {
    return decodeURIComponent(text) !== undefined;
  } catch {
    return false;
  }
}

const entries = (text: string) => [...parseForm(text)];

describe('a form', () => {
  it.each<[string, string, [string, string[]][]]>([
    ['nothing', '', []],
    ['empty pairs', '&&a=1&', [['a', ['1']]]],
    ['a name without a value', 'a', [['a', ['']]]],
    ['a value without a name', '=1', [['', ['1']]]],
    ['a value with equals signs', 'a=b=c', [['a', ['b=c']]]],
    ['plus for a space, also in names', 'a+b=c+d', [['a b', ['c d']]]],
    ['an escaped plus', 'a=c%2Bd', [['a', ['c+d']]]],
    ['an escaped percent, once', 'a=%2541', [['a', ['%41']]]],
    ['escapes in both cases', 'a=%c3%A9', [['a', ['é']]]],
    ['escapes beside other letters', 'a=%C3%A9é', [['a', ['éé']]]],
    ['an escaped line feed', 'a=%0A', [['a', ['\n']]]],
    [
      'repetitions in their order',
      'a=2&b=x&a=1',
      [
        ['a', ['2', '1']],
        ['b', ['x']],
      ],
    ],
    [
      'the names of an object as ordinary names',
      '__proto__=1&constructor=2',
      [
        ['__proto__', ['1']],
        ['constructor', ['2']],
      ],
    ],
  ])('reads %s', (_, text, expected) => {
    expect(entries(text)).toEqual(expected);
  });

  it.each([
    ['a letter that is no digit', 'a=%zz'],
    ['a first letter that is no digit, where the bytes would be UTF-8 without a check', 'a=%z0%90%80%80'],
    ['one digit', 'a=%4'],
    ['no digit', 'a=100%'],
    ['a broken escape in a name', '%=1'],
    ['a sign before a digit', 'a=%+1'],
    ['a byte that is not UTF-8', 'a=%ff'],
    ['an overlong spelling', 'a=%c0%af'],
    ['half a surrogate pair', 'a=%ed%a0%80'],
    ['a cut sequence', 'a=%c3'],
    ['a sequence that another parameter goes on with', 'a=%c3&b=%a9'],
  ])('is refused for %s', (_, text) => {
    expect(errorOf(() => parseForm(text)).code).toBe('invalid-request');
  });

  it('reads every form that URLSearchParams writes', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 20 });
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text), { maxLength: 8 }), pairs => {
        const form = parseForm(new URLSearchParams(pairs).toString());
        for (const [name] of pairs) {
          expect(form.get(name)).toEqual(pairs.filter(([other]) => other === name).map(([, value]) => value));
        }
        expect(form.size).toBe(new Set(pairs.map(([name]) => name)).size);
      }),
    );
  });

  it('is read from bytes as from text', () => {
    const text = fc.string({ unit: fc.constantFrom('a', '=', '&', '+', '%41', '%C3%A9', 'é', '%', '4') });
    const read = (form: string | Buffer) => {
      try {
        return [...parseForm(form)];
      } catch (error) {
        return error;
      }
    };
    fc.assert(
      fc.property(text, form => {
        expect(read(Buffer.from(form))).toEqual(read(form));
      }),
    );
  });

  it('must be UTF-8 between its escapes too', () => {
    expect(errorOf(() => parseForm(Buffer.from('a=\xff', 'latin1'))).code).toBe('invalid-request');
  });

  it('agrees with URLSearchParams, and is refused only for escapes that are broken or not UTF-8', () => {
    const piece = fc.constantFrom(
      'a',
      'b=',
      '=',
      '&',
      '+',
      '%41',
      '%2B',
      '%26',
      '%C3%A9',
      '%c3',
      '%4',
      '%ff',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), pieces => {
        const text = pieces.join('');
        const pairs = [...new URLSearchParams(text)];
        if (!text.split(/[&=]/).every(isEncoded)) {
          expect(errorOf(() => parseForm(text)).code).toBe('invalid-request');
        } else {
          const read = entries(text).flatMap(([name, values]) => values.map(value => [name, value]));
          const names = [...new Set(pairs.map(([name]) => name))];
          expect(read).toEqual(names.flatMap(name => pairs.filter(([other]) => other === name)));
        }
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['fields', 'a=1'],
    ['fields of one name only', 'a'],
    ['empty fields', ''],
  ])('has at most 256 %s', (_, field) => {
    const form = (count: number) => `${Array<string>(count).fill(field).join('&')}&`;
    expect(MAX_FIELDS).toBe(256);
    expect(() => parseForm(form(256))).not.toThrow();
    const { code, details } = errorOf(() => parseForm(form(257)));
    expect([code, details.detail]).toEqual(['invalid-request', 'A form may have at most 256 fields.']);
  });

  it.each([
    ['a broken escape', 'a=%zz', 'A percent escape is malformed.'],
    ['bytes that are not UTF-8', 'a=%ff', 'The text is not valid UTF-8.'],
  ])('is told from another by what is wrong: %s', (_, text, detail) => {
    expect(errorOf(() => parseForm(text)).details.detail).toBe(detail);
  });

  it('gives the one value of a parameter, and refuses to choose between two', () => {
    const form = parseForm('a=1&b=1&b=1');
    expect([single(form, 'a'), single(form, 'c')]).toEqual(['1', undefined]);
    expect(errorOf(() => single(form, 'b'))).toMatchObject({
      code: 'invalid-request',
      details: { detail: 'The parameter b is given more than once.' },
    });
  });
});
