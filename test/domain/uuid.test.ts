/** UUIDs of version 7: the example of the RFC, the fixed bits, and the order by time. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesToUuid, isUuid, UUID_RANDOM_BYTES, uuidToBytes, uuidV7 } from '../../lib/domain/identifiers.ts';

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
