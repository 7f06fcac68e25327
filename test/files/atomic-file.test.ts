/** A document with a checksum is returned as it was, or refused. */
import { describe, expect, it } from 'vitest';
import { sealed, unsealed } from '../../lib/files/atomic-file.ts';

const DOCUMENT = `${JSON.stringify({ current: 'k1', keys: { k1: 'AbC' } }, null, 2)}\n`;

describe('a sealed document', () => {
  it('is JSON with one more member, and is read as it was', () => {
    expect(Object.keys(JSON.parse(sealed(DOCUMENT)))).toEqual(['current', 'keys', 'checksum']);
    expect(unsealed(sealed(DOCUMENT), 'keys.json')).toBe(DOCUMENT);
  });

  it('is read without its checksum too: an earlier version, or the operator, wrote it', () => {
    expect(unsealed(DOCUMENT, 'keys.json')).toBe(DOCUMENT);
  });

  it('is refused by its name, or is no document any more, when any one bit of it has changed', () => {
    const bytes = Buffer.from(sealed(DOCUMENT));
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const damaged = Buffer.from(bytes);
      damaged.writeUInt8(damaged.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect(() => readStrictly(damaged.toString('latin1'))).toThrow(
        /^keys\.json is damaged|JSON|unknown member/,
      );
    }
  });

  it('is refused wherever it was cut off', () => {
    const text = sealed(DOCUMENT);
    for (let length = 0; length < text.length - 1; length++) {
      expect(() => readStrictly(text.slice(0, length))).toThrow();
    }
  });
});

/** As the readers of documents do: an unknown member is refused. */
function readStrictly(text: string): unknown {
  const { current, keys, ...others } = JSON.parse(unsealed(text, 'keys.json'));
  if (Object.keys(others).length > 0 || current === undefined || keys === undefined)
    throw new Error('unknown member');
  return { current, keys };
}
