/** UUIDs of version 7: the example of the RFC, the fixed bits, and the order by time. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesToUuid, isUuid, UUID_RANDOM_BYTES, uuidToBytes, uuidV7 } from '../../lib/domain/uuid.ts';

const time = fc.maxSafeNat().map(value => value % 2 ** 48);
const chance = fc.uint8Array({ minLength: UUID_RANDOM_BYTES, maxLength: UUID_RANDOM_BYTES });

describe('uuidV7', () => {
  it('writes the example of RFC 9562 appendix A.6', () => {
    const random = Buffer.from('0cc318c4dc0c0c07398f', 'hex');
    expect(uuidV7(0x017f22e279b0, random)).toBe('017f22e2-79b0-7cc3-98c4-dc0c0c07398f');
  });
  it('sets version and variant whatever the random bytes are', () => {
    expect(uuidV7(0, Buffer.alloc(10, 0x00))).toBe('00000000-0000-7000-8000-000000000000');
    expect(uuidV7(0, Buffer.alloc(10, 0xff))).toBe('00000000-0000-7fff-bfff-ffffffffffff');
  });
  it('keeps every other random bit', () => {
    fc.assert(
      fc.property(chance, chance, (a, b) => {
        const free = (bytes: Uint8Array) => [
          (bytes[0] ?? 0) & 0x0f,
          (bytes[2] ?? 0) & 0x3f,
          bytes[1],
          ...bytes.slice(3),
        ];
        const same = JSON.stringify(free(a)) === JSON.stringify(free(b));
        expect(uuidV7(7, a) === uuidV7(7, b)).toBe(same);
      }),
    );
  });
  it('sorts by time, as text and as bytes', () => {
    fc.assert(
      fc.property(time, time, chance, chance, (t, u, a, b) => {
        fc.pre(t < u);
        expect(uuidV7(t, a) < uuidV7(u, b)).toBe(true);
        expect(Buffer.compare(uuidToBytes(uuidV7(t, a)), uuidToBytes(uuidV7(u, b)))).toBe(-1);
      }),
    );
  });
  it('gives the time back in its first 48 bits, and is a UUID', () => {
    fc.assert(
      fc.property(time, chance, (nowMs, random) => {
        const uuid = uuidV7(nowMs, random);
        expect(isUuid(uuid)).toBe(true);
        expect(Number.parseInt(uuid.slice(0, 13).replace('-', ''), 16)).toBe(nowMs);
      }),
    );
  });
  it('reads no more than the random bytes that it names', () => {
    expect(uuidV7(1, Buffer.alloc(16, 0xab))).toBe(uuidV7(1, Buffer.alloc(UUID_RANDOM_BYTES, 0xab)));
  });
});

describe('isUuid', () => {
  const good = '017f22e2-79b0-7cc3-98c4-dc0c0c07398f';
  it('takes lower case with hyphens', () => expect(isUuid(good)).toBe(true));
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
  it('are sixteen, and give it back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), bytes => {
        expect(isUuid(bytesToUuid(bytes))).toBe(true);
        expect(uuidToBytes(bytesToUuid(bytes))).toEqual(Buffer.from(bytes));
      }),
    );
  });
});
