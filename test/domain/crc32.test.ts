/** The checksum of a token's value is the one of zlib. */
import { crc32 as zlibs } from 'node:zlib';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { crc32 } from '../../lib/domain/crc32.ts';

it('has the checksum of the standard for its check value', () => {
  expect(crc32('123456789')).toBe(0xcbf43926);
  expect(crc32('')).toBe(0);
});

it('has the checksum of zlib for every text of ASCII', () => {
  const ascii = fc.string({
    unit: fc.integer({ min: 0, max: 127 }).map(code => String.fromCharCode(code)),
    maxLength: 200,
  });
  fc.assert(
    fc.property(ascii, text => {
      expect(crc32(text)).toBe(zlibs(text));
    }),
  );
});
