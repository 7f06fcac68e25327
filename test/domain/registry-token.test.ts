/** Registry tokens: one spelling, every typo refused, and a derivation that no two sets of facts share. */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accountHandle, bytesToUuid, encodeBase62 } from '../../lib/domain/identifiers.ts';
import {
  derivationMessage,
  formatRegistryToken,
  hashRegistryToken,
  parseRegistryToken,
  SALT_BYTES,
  SECRET_BYTES,
} from '../../lib/domain/registry-token.ts';
import { REGISTRY_TOKEN_PREFIX, Secret } from '../../lib/domain/secret.ts';
import { account } from './arbitraries.ts';

const ACCOUNT = 'ibm:0123456789abcdef0123456789abcdef';
const ID = '017f22e2-79b0-7cc3-98c4-dc0c0c07398f';
const SECRET = Uint8Array.from({ length: SECRET_BYTES }, (_, i) => i);
/** Reckoned outside this code base, from the description of the format. */
const VALUE = 'plp_ByGLtf3VYiFLlrq102p5oQZoHTv0zeY5yG21K3003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf3K2KfY';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const OUTSIDE = ['_', '-', '.', '/', ' ', '\n', '\0', 'é', 'а', '😀', ''];

const uuid = fc.uint8Array({ minLength: 16, maxLength: 16 }).map(bytesToUuid);
const secret = fc.uint8Array({ minLength: SECRET_BYTES, maxLength: SECRET_BYTES });

function parse(text: string) {
  return parseRegistryToken(new Secret(text));
}

/** `body` with the checksum that belongs to it: what passes every check but those of the parts. */
function sealed(body: string): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(body));
  return body + encodeBase62(bytes);
}

describe('the value of a token', () => {
  it('is the known one for known facts', () => {
    expect(formatRegistryToken(ACCOUNT, ID, SECRET).reveal()).toBe(VALUE);
  });
  it('has 91 characters and parses back to its address', () => {
    fc.assert(
      fc.property(account, uuid, secret, (of, id, bytes) => {
        const value = formatRegistryToken(of, id, bytes);
        expect(value.reveal()).toMatch(/^plp_[0-9A-Za-z]{87}$/);
        expect(parseRegistryToken(value)).toEqual({ handle: accountHandle(of), id });
      }),
    );
  });
  it('holds the secret: two secrets never give one value', () => {
    fc.assert(
      fc.property(secret, secret, (a, b) => {
        const [left, right] = [a, b].map(bytes => formatRegistryToken(ACCOUNT, ID, bytes).reveal());
        expect(left === right).toBe(Buffer.compare(a, b) === 0);
      }),
    );
  });
  it('begins with the prefix that leak scanners look for', () => {
    expect(VALUE.startsWith(REGISTRY_TOKEN_PREFIX)).toBe(true);
    expect(REGISTRY_TOKEN_PREFIX).toBe('plp_');
  });
  it('prints as a secret', () => {
    expect(`${formatRegistryToken(ACCOUNT, ID, SECRET)}`).toBe('[secret]');
  });
  it('has a secret of 32 bytes and a salt of 16', () => expect([SECRET_BYTES, SALT_BYTES]).toEqual([32, 16]));
});

describe('parseRegistryToken', () => {
  it('refuses every truncation, at either end', () => {
    for (let length = 0; length < VALUE.length; length++) {
      expect(parse(VALUE.slice(0, length))).toBeUndefined();
      expect(parse(VALUE.slice(VALUE.length - length))).toBeUndefined();
    }
  });
  it('refuses every change of one character, at all 91 positions', () => {
    let changes = 0;
    for (let at = 0; at < VALUE.length; at++) {
      for (const character of [...ALPHABET, ...OUTSIDE]) {
        if (character === VALUE[at]) continue;
        changes++;
        const changed = VALUE.slice(0, at) + character + VALUE.slice(at + 1);
        expect(parse(changed), changed).toBeUndefined();
      }
    }
    expect(changes).toBe(91 * (ALPHABET.length + OUTSIDE.length - 1));
  });
  it('refuses every swap of two neighbouring characters', () => {
    for (let at = 0; at + 1 < VALUE.length; at++) {
      const [a, b] = [VALUE.charAt(at), VALUE.charAt(at + 1)];
      if (a !== b) expect(parse(VALUE.slice(0, at) + b + a + VALUE.slice(at + 2))).toBeUndefined();
    }
  });
  it('refuses every added or missing character', () => {
    for (let at = 0; at <= VALUE.length; at++) {
      for (const more of ['0', 'z', '_', '\n', ' ']) {
        expect(parse(VALUE.slice(0, at) + more + VALUE.slice(at))).toBeUndefined();
      }
    }
    for (let at = 0; at < VALUE.length; at++) {
      expect(parse(VALUE.slice(0, at) + VALUE.slice(at + 1))).toBeUndefined();
    }
  });
  it('refuses a right checksum over another prefix or another alphabet', () => {
    const body = VALUE.slice(0, -6);
    expect(parse(sealed(body))).toBeDefined();
    for (const wrong of [
      body.replace('plp_', 'plc_'),
      body.replace('plp_', 'PLP_'),
      `${body.slice(0, -1)}_`,
    ]) {
      expect(parse(sealed(wrong))).toBeUndefined();
    }
    expect(parse(sealed(`0${body.slice(0, -1)}`))).toBeUndefined();
    expect(parse(sealed(`${body}0`))).toBeUndefined();
    expect(parse(sealed(body.slice(0, -1)))).toBeUndefined();
  });
  it('refuses an id that is more than sixteen bytes, though the checksum is right', () => {
    const withId = (digits: string) => parse(sealed(VALUE.slice(0, 20) + digits + VALUE.slice(42, -6)));
    expect(withId('7n42DGM5Tflk9n8mt7Fhc7')?.id).toBe('ffffffff-ffff-ffff-ffff-ffffffffffff');
    expect(withId('7n42DGM5Tflk9n8mt7Fhc8')).toBeUndefined();
    expect(withId('z'.repeat(22))).toBeUndefined();
  });
  it('refuses any other text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 120 }), text => parse(text) === undefined));
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...ALPHABET), minLength: 87, maxLength: 87 }), rest => {
        expect(parse(`plp_${rest}`)).toBeUndefined();
      }),
    );
  });
});

describe('hashRegistryToken', () => {
  it('is SHA-256 of the whole value', () => {
    const expected = createHash('sha256').update(VALUE).digest();
    expect(hashRegistryToken(new Secret(VALUE))).toEqual(expected);
    expect(expected.toString('hex')).toBe('5ea0e4e7ba0c918fdd42f49862c0af67e69f9a73bf99c296083cd835844ea4a0');
  });
});

describe('derivationMessage', () => {
  it('is label, account, id and salt, each behind its length in four bytes', () => {
    const salt = Uint8Array.from({ length: SALT_BYTES }, (_, i) => i);
    const message = Buffer.from(derivationMessage(ACCOUNT, ID, salt)).toString('latin1');
    expect(message).toBe(
      [
        `\0\0\0\x1apullpass/registry-token/v1\0\0\0\x24${ACCOUNT}\0\0\0\x24${ID}`,
        `\0\0\0\x10${Buffer.from(salt).toString('latin1')}`,
      ].join(''),
    );
  });
  it('can be read back, so that two sets of facts never give one message', () => {
    fc.assert(
      fc.property(account, fc.string(), fc.uint8Array({ maxLength: 40 }), (of, id, salt) => {
        const [label, ...facts] = readParts(derivationMessage(of, id, salt));
        expect(label?.toString()).toBe('pullpass/registry-token/v1');
        expect(facts).toEqual([Buffer.from(of), Buffer.from(id), Buffer.from(salt)]);
      }),
    );
  });
  it('differs for facts that are equal without their lengths', () => {
    const text = 'ibm:aaaa0000bbbb';
    const cut = fc.tuple(fc.integer({ min: 4, max: text.length }), fc.integer({ min: 4, max: text.length }));
    fc.assert(
      fc.property(cut, cut, (a, b) => {
        const [left, right] = [a, b].map(cuts => {
          const [from, to] = [Math.min(...cuts), Math.max(...cuts)];
          const of = `ibm:${text.slice(4, from)}` as const;
          const message = derivationMessage(of, text.slice(from, to), Buffer.from(text.slice(to)));
          return { facts: `${from},${to}`, message: Buffer.from(message).toString('hex') };
        });
        expect(left?.message === right?.message).toBe(left?.facts === right?.facts);
      }),
      { numRuns: 2000 },
    );
  });
});

function readParts(message: Uint8Array): Buffer[] {
  const parts: Buffer[] = [];
  for (let rest = Buffer.from(message); rest.length > 0; ) {
    const end = 4 + rest.readUInt32BE(0);
    expect(end).toBeLessThanOrEqual(rest.length);
    parts.push(rest.subarray(4, end));
    rest = rest.subarray(end);
  }
  return parts;
}
