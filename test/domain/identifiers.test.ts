/** Identifiers: one spelling for each value, accounts qualified by their issuer, handles that spell nothing out. */

import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  accountHandle,
  base62Width,
  bytesToUuid,
  decodeBase62,
  encodeBase62,
  HANDLE_LENGTH,
  isIdentifierValue,
  isIssuerKey,
  isUuid,
  qualify,
  UUID_RANDOM_BYTES,
  uuidToBytes,
  uuidV7,
} from '../../lib/domain/identifiers.ts';
import { account } from './arbitraries.ts';

describe('isIssuerKey', () => {
  it.each(['a', 'ibm', 'dev', 'x-1', 'a'.repeat(32)])('takes %j', key => expect(isIssuerKey(key)).toBe(true));
  it.each([
    ...[
      '',
      'A',
      'Ibm',
      'iBm',
      '1a',
      '-a',
      'a_b',
      'a.b',
      'a:b',
      'a b',
      'ibm\n',
      '\nibm',
      ' ibm',
      'é',
      'a'.repeat(33),
    ],
    ...[undefined, null, 1, ['ibm'], { toString: () => 'ibm' }],
  ])('refuses %j', key => expect(isIssuerKey(key)).toBe(false));
});

describe('isIdentifierValue', () => {
  it.each(['!', '~', 'IBMid-1', 'a:b', 'arn:aws:iam::1:role/x', 'x'.repeat(256)])('takes %j', value => {
    expect(isIdentifierValue(value)).toBe(true);
  });
  it.each([
    ...['', ' ', 'a b', ' a', 'a ', 'a\n', '\na', 'a\tb', '\0', '\x7f', 'é', '\u200b', 'x'.repeat(257)],
    ...[undefined, null, 0, 1, true, ['a'], { toString: () => 'a' }, Symbol.iterator],
  ])('refuses %s', value => expect(isIdentifierValue(value)).toBe(false));
});

it('a qualified name is the issuer, a colon, the value', () => {
  expect(qualify('ibm', 'a:b')).toBe('ibm:a:b');
});

describe('accountHandle', () => {
  it('never changes, because records and tokens are found by it', () => {
    expect(accountHandle('ibm:0123456789abcdef0123456789abcdef')).toBe('ByGLtf3VYiFLlrq1');
  });
  it('is sixteen digits of base62 for every account', () => {
    fc.assert(fc.property(account, of => /^[0-9A-Za-z]{16}$/.test(accountHandle(of))));
    expect(HANDLE_LENGTH).toBe(16);
  });
  it('differs between accounts', () => {
    fc.assert(fc.property(account, account, (a, b) => (a === b) === (accountHandle(a) === accountHandle(b))));
  });
  it('is the beginning of a labelled hash', () => {
    const digest = createHash('sha256').update('pullpass account').update('dev:one').digest();
    expect(accountHandle('dev:one')).toBe(encodeBase62(digest).slice(0, 16));
  });
});

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

const time = fc.maxSafeNat().map(value => value % 2 ** 48);
const random = fc.uint8Array({ minLength: UUID_RANDOM_BYTES, maxLength: UUID_RANDOM_BYTES });

describe('uuidV7', () => {
  it('writes the given time and random bits, with version 7 and its variant', () => {
    expect(uuidV7(0x017f22e279b0, Buffer.alloc(16, 0x00))).toBe('017f22e2-79b0-7000-8000-000000000000');
    expect(uuidV7(0, Buffer.alloc(16, 0xff))).toBe('00000000-0000-77ff-bfff-ffffffffffff');
  });

  it('sorts by time, as text and as bytes', () => {
    fc.assert(
      fc.property(time, time, random, random, (t, u, a, b) => {
        fc.pre(t < u);
        expect(uuidV7(t, a) < uuidV7(u, b)).toBe(true);
        expect(Buffer.compare(uuidToBytes(uuidV7(t, a)), uuidToBytes(uuidV7(u, b)))).toBe(-1);
      }),
    );
  });

  it('holds the time in its first 48 bits, and is a UUID', () => {
    fc.assert(
      fc.property(time, random, (nowMs, bytes) => {
        const uuid = uuidV7(nowMs, bytes);
        expect(isUuid(uuid)).toBe(true);
        expect(Number.parseInt(uuid.slice(0, 13).replace('-', ''), 16)).toBe(nowMs);
      }),
    );
  });
});

describe('isUuid', () => {
  const good = '017f22e2-79b0-7cc3-98c4-dc0c0c07398f';
  it('accepts lower case with hyphens', () => expect(isUuid(good)).toBe(true));
  it.each([
    ...[
      '',
      good.toUpperCase(),
      good.replaceAll('-', ''),
      `{${good}}`,
      `${good}\n`,
      ` ${good}`,
      `${good}0`,
      `0${good}`,
    ],
    ...[good.slice(1), good.slice(0, -1), good.replace('f', 'g'), good.replace('-', '_'), `urn:uuid:${good}`],
  ])('refuses %j', text => expect(isUuid(text)).toBe(false));
});

describe('the bytes of a UUID', () => {
  it('are sixteen and convert back to it', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), bytes => {
        expect(isUuid(bytesToUuid(bytes))).toBe(true);
        expect(uuidToBytes(bytesToUuid(bytes))).toEqual(Buffer.from(bytes));
      }),
    );
  });
});
