/** ECDSA signatures from DER to the form of JWS. */
import { createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { concatenated } from '../../lib/signing/signer.ts';

/** The DER sequence of two integers, written by hand. */
function der(r: bigint, s: bigint): Buffer {
  const integers = [r, s].map(value => {
    const hex = value.toString(16);
    const even = hex.length % 2 === 0 ? hex : `0${hex}`;
    const digits = Number.parseInt(even.slice(0, 2), 16) >= 0x80 ? `00${even}` : even;
    return Buffer.concat([Buffer.from([2, digits.length / 2]), Buffer.from(digits, 'hex')]);
  });
  const body = Buffer.concat(integers);
  return Buffer.concat([Buffer.from([0x30, body.length]), body]);
}

describe('r and s side by side', () => {
  it('verify, over thousands of signatures, short r and s among them', () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const publicKey = createPublicKey(privateKey);
    let short = 0;
    for (let i = 0; i < 3000; i++) {
      const message = Buffer.from(`message ${i}`);
      const inDer = sign('sha256', message, privateKey);
      const raw = concatenated(inDer);
      if (raw[0] === 0 || raw[32] === 0) short++;
      expect(raw).toHaveLength(64);
      expect(verify('sha256', message, { key: publicKey, dsaEncoding: 'ieee-p1363' }, raw)).toBe(true);
    }
    expect(short).toBeGreaterThan(3);
  });

  const WIDTHS = [1, 7, 8, 9, 127, 128, 129, 240, 247, 248, 249, 255, 256];
  it.for(WIDTHS.flatMap(r => WIDTHS.map(s => [r, s] as const)))('keep %i and %i bit', ([r, s]) => {
    for (const [high, low] of [
      [1n << BigInt(r - 1), (1n << BigInt(s)) - 1n],
      [(1n << BigInt(r)) - 1n, 1n << BigInt(s - 1)],
    ] as const) {
      const raw = Buffer.from(concatenated(der(high, low))).toString('hex');
      expect([BigInt(`0x${raw.slice(0, 64)}`), BigInt(`0x${raw.slice(64)}`)]).toEqual([high, low]);
    }
  });
});
