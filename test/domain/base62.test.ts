/** Base62: fixed width, one spelling for each value, text that sorts as the bytes do. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { base62Width, decodeBase62, encodeBase62 } from '../../lib/domain/identifiers.ts';

const bytes = fc.uint8Array({ minLength: 1, maxLength: 33 });

describe('base62Width', () => {
  it('is the least width that every value fits in', () => {
    for (let length = 1; length <= 64; length++) {
      const values = 1n << BigInt(length * 8);
      const width = BigInt(base62Width(length));
      expect(62n ** width >= values).toBe(true);
      expect(62n ** (width - 1n) < values).toBe(true);
    }
  });
  it('has the widths of the format of our secrets', () => {
    expect([4, 16, 32].map(base62Width)).toEqual([6, 22, 43]);
  });
});

describe('encodeBase62', () => {
  const KNOWN: Record<string, [number[], string]> = {
    zero: [[0], '00'],
    'the last digit before letters': [[9], '09'],
    'the first capital': [[10], '0A'],
    'the last capital': [[35], '0Z'],
    'the first small letter': [[36], '0a'],
    'the last digit': [[61], '0z'],
    'the first carry': [[62], '10'],
    'the largest byte': [[255], '47'],
    'big-endian order': [[1, 0], '048'],
    'the largest checksum': [[255, 255, 255, 255], '4gfFC3'],
    'the largest id': [Array(16).fill(255), '7n42DGM5Tflk9n8mt7Fhc7'],
    'the largest secret': [Array(32).fill(255), 'yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp1'],
  };
  it.each(Object.entries(KNOWN))('writes %s', (_, [value, text]) => {
    expect(encodeBase62(Uint8Array.from(value))).toBe(text);
  });
  it('has one width for each length', () => {
    fc.assert(fc.property(bytes, value => encodeBase62(value).length === base62Width(value.length)));
  });
  it('sorts as the bytes do', () => {
    const ofOneLength = fc.uint8Array({ minLength: 8, maxLength: 8 });
    fc.assert(
      fc.property(ofOneLength, ofOneLength, (a, b) => {
        const order = Math.sign(Buffer.compare(a, b));
        const [left, right] = [encodeBase62(a), encodeBase62(b)];
        expect(left < right ? -1 : Number(left > right)).toBe(order);
      }),
    );
  });
});

describe('decodeBase62', () => {
  it('decodes what encodeBase62 wrote', () => {
    fc.assert(
      fc.property(bytes, value => {
        expect(decodeBase62(encodeBase62(value), value.length)).toEqual(Buffer.from(value));
      }),
    );
  });
  it('accepts only the one spelling of a value', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 2, maxLength: 2 }), text => {
        const value = decodeBase62(text, 1);
        expect(value === undefined || encodeBase62(value) === text).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
  const REFUSED: Record<string, [string, number]> = {
    'a digit too few': ['z', 1],
    'a digit too many': ['000', 1],
    'no digits': ['', 1],
    'the first value that does not fit': ['48', 1],
    'the largest digits': ['zz', 1],
    'the first id that does not fit': ['7n42DGM5Tflk9n8mt7Fhc8', 16],
    'a character outside the alphabet': ['0_', 1],
    'a minus': ['-1', 1],
    'a space': [' 1', 1],
    'a character of two units': ['😀', 1],
    'a letter that looks like one of ours': ['0а', 1],
  };
  it.each(Object.entries(REFUSED))('refuses %s', (_, [text, length]) => {
    expect(decodeBase62(text, length)).toBeUndefined();
  });
});
