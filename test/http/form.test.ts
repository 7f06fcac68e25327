/** The form reader: random forms, and everything that it refuses. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseForm, single } from '../../lib/http/form.ts';
import { errorOf } from '../support/errors.ts';

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

  it('reads whatever URLSearchParams has written', () => {
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

  it('gives the one value of a parameter, and refuses to choose between two', () => {
    const form = parseForm('a=1&b=1&b=1');
    expect([single(form, 'a'), single(form, 'c')]).toEqual(['1', undefined]);
    expect(errorOf(() => single(form, 'b')).code).toBe('invalid-request');
  });
});
