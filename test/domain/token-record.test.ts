/** Token records: which presented value is good at which second, and how a record changes. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  hasGrace,
  isExpired,
  isUsable,
  judge,
  patchToken,
  rotateToken,
  type TokenRecord,
} from '../../lib/domain/token-record.ts';

const NOW = 1_795_244_400;
const [CURRENT, PREVIOUS, WRONG] = ['current', 'previous', 'wrong'].map(text =>
  createHash('sha256').update(text).digest(),
) as [Buffer, Buffer, Buffer];
const ZEROS = Buffer.alloc(32);

const BASE: TokenRecord = {
  account: 'ibm:acme',
  id: '017f22e2-79b0-7cc3-98c4-dc0c0c07398f',
  hash: CURRENT,
  derivation: { key: 'v1', salt: Buffer.alloc(16, 7) },
  generation: 3,
  issuedBy: 'write-1',
  access: 'pull',
  repositories: null,
  description: 'ci',
  createdAt: NOW - 1000,
  createdBy: 'ibm:alice',
  expiresAt: NOW + 1000,
  disabled: null,
  lastUsedAt: null,
  previous: null,
  version: 5,
};
const DISABLED = { at: NOW - 10, by: 'ibm:alice' } as const;

function record(changes: Partial<TokenRecord> = {}): TokenRecord {
  return { ...BASE, ...changes };
}

function previous(expiresAt: number): Partial<TokenRecord> {
  return { previous: { hash: PREVIOUS, expiresAt } };
}

describe('isExpired', () => {
  it.each([
    [NOW - 1, true],
    [NOW, true],
    [NOW + 1, false],
    [null, false],
    [0, true],
  ])('with expiresAt %s at the present second is %s', (expiresAt, expired) => {
    expect(isExpired({ expiresAt }, NOW)).toBe(expired);
  });
});

describe('isUsable', () => {
  it.each([
    ['a token within its time', {}, true],
    ['a token that never expires', { expiresAt: null }, true],
    ['a token in its last second', { expiresAt: NOW + 1 }, true],
    ['a token in the second that expiresAt names', { expiresAt: NOW }, false],
    ['a disabled token', { disabled: DISABLED }, false],
    ['a disabled token that never expires', { disabled: DISABLED, expiresAt: null }, false],
    ['a disabled and expired token', { disabled: DISABLED, expiresAt: NOW }, false],
  ] as const)('%s: %s → %s', (_, changes, usable) => expect(isUsable(record(changes), NOW)).toBe(usable));
});

describe('hasGrace', () => {
  it.each([
    ['without a previous value', {}, false],
    ['while the grace runs', previous(NOW + 1), true],
    ['from the second in which it ends', previous(NOW), false],
    ['after it', previous(NOW - 1), false],
  ] as const)('%s: %s → %s', (_, changes, grace) => expect(hasGrace(record(changes), NOW)).toBe(grace));
});

describe('judge', () => {
  const JUDGED: Record<string, [TokenRecord | undefined, Buffer, ReturnType<typeof judge>]> = {
    'the right value': [record(), CURRENT, { usable: true, generation: 3 }],
    'the right value of a token that never expires': [
      record({ expiresAt: null }),
      CURRENT,
      { usable: true, generation: 3 },
    ],
    'the right value in the last second': [
      record({ expiresAt: NOW + 1 }),
      CURRENT,
      { usable: true, generation: 3 },
    ],
    'the right value while another has its grace': [
      record(previous(NOW + 1)),
      CURRENT,
      { usable: true, generation: 3 },
    ],
    'the previous value within its grace': [
      record(previous(NOW + 1)),
      PREVIOUS,
      { usable: true, generation: 2 },
    ],
    'the previous value when its grace ends': [
      record(previous(NOW)),
      PREVIOUS,
      { usable: false, refusal: 'superseded' },
    ],
    'the previous value of an expired token': [
      record({ ...previous(NOW + 1), expiresAt: NOW }),
      PREVIOUS,
      { usable: false, refusal: 'expired' },
    ],
    'the previous value of a disabled token': [
      record({ ...previous(NOW + 1), disabled: DISABLED }),
      PREVIOUS,
      { usable: false, refusal: 'disabled' },
    ],
    'a value of a removed rotation': [record(), PREVIOUS, { usable: false, refusal: 'wrong-secret' }],
    'a wrong secret': [record(), WRONG, { usable: false, refusal: 'wrong-secret' }],
    'a wrong secret within a grace': [
      record(previous(NOW + 1)),
      WRONG,
      { usable: false, refusal: 'wrong-secret' },
    ],
    'a wrong secret of an expired token': [
      record({ expiresAt: NOW }),
      WRONG,
      { usable: false, refusal: 'wrong-secret' },
    ],
    'an expired token': [record({ expiresAt: NOW }), CURRENT, { usable: false, refusal: 'expired' }],
    'a disabled token': [record({ disabled: DISABLED }), CURRENT, { usable: false, refusal: 'disabled' }],
    'a disabled and expired token': [
      record({ disabled: DISABLED, expiresAt: NOW }),
      CURRENT,
      { usable: false, refusal: 'expired' },
    ],
    'an unknown id': [undefined, CURRENT, { usable: false, refusal: 'unknown' }],
    'zeros for an unknown id': [undefined, ZEROS, { usable: false, refusal: 'unknown' }],
    'zeros where there is no previous value': [record(), ZEROS, { usable: false, refusal: 'superseded' }],
  };
  it.each(Object.entries(JUDGED))('%s', (_, [of, presented, judgement]) => {
    expect(judge(of, presented, NOW)).toEqual(judgement);
  });

  it('finds nothing usable but the current value, or the previous one within its grace', () => {
    const second = fc.integer({ min: NOW - 2, max: NOW + 2 });
    const presented = fc.constantFrom(CURRENT, PREVIOUS, WRONG, ZEROS);
    const arbitrary = fc.record({
      expiresAt: fc.option(second),
      disabled: fc.option(fc.constant(DISABLED)),
      previous: fc.option(second.map(expiresAt => ({ hash: PREVIOUS, expiresAt }))),
    });
    fc.assert(
      fc.property(arbitrary, presented, (changes, value) => {
        const alive = changes.disabled === null && (changes.expiresAt ?? NOW + 1) > NOW;
        const right =
          value === CURRENT ||
          (value === PREVIOUS && changes.previous !== null && changes.previous.expiresAt > NOW);
        expect(judge(record(changes), value, NOW).usable).toBe(alive && right);
      }),
      { numRuns: 1000 },
    );
  });

  it('compares every bit of the hash', () => {
    for (let bit = 0; bit < 256; bit++) {
      const presented = Buffer.from(CURRENT);
      presented.writeUInt8(presented.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect(judge(record(), presented, NOW)).toEqual({ usable: false, refusal: 'wrong-secret' });
    }
  });

  it('compares for an unknown id too: a hash of the wrong length fails alike', () => {
    for (const of of [record(), undefined]) {
      expect(() => judge(of, CURRENT.subarray(1), NOW)).toThrow(RangeError);
    }
  });
});

describe('patchToken', () => {
  const patch = (of: TokenRecord, change: Parameters<typeof patchToken>[1]) =>
    patchToken(of, change, NOW, 'ibm:bob');

  it('leaves everything but the version where the patch is empty', () => {
    expect(patch(BASE, {})).toEqual({ ...BASE, version: 6 });
    const nothing = {
      description: undefined,
      access: undefined,
      repositories: undefined,
      disabled: undefined,
    };
    expect(patch(record({ disabled: DISABLED }), { ...nothing, expiresAt: undefined })).toEqual(
      record({ disabled: DISABLED, version: 6 }),
    );
  });
  it.each([
    ['description', { description: '' }],
    ['access', { access: 'push' }],
    ['repositories', { repositories: ['team/*'] }],
    ['the end', { expiresAt: NOW + 5 }],
    ['the end, to never', { expiresAt: null }],
  ] as const)('changes %s and nothing else', (_, change) => {
    expect(patch(BASE, change)).toEqual({ ...BASE, ...change, version: 6 });
  });
  it('opens a token to all repositories by null', () => {
    expect(patch(record({ repositories: ['team/a'] }), { repositories: null }).repositories).toBeNull();
  });
  it('notes when and by whom a token was disabled', () => {
    expect(patch(BASE, { disabled: true }).disabled).toEqual({ at: NOW, by: 'ibm:bob' });
  });
  it('keeps the first time and name when it is disabled again', () => {
    expect(patch(record({ disabled: DISABLED }), { disabled: true }).disabled).toEqual(DISABLED);
  });
  it('enables a token', () => {
    expect(patch(record({ disabled: DISABLED }), { disabled: false }).disabled).toBeNull();
    expect(patch(BASE, { disabled: false }).disabled).toBeNull();
  });
  it('does not change the record that it was given', () => {
    const frozen = Object.freeze(record());
    patch(frozen, { description: 'new', disabled: true });
    expect(frozen).toEqual(BASE);
  });
});

describe('rotateToken', () => {
  const issue = { hash: WRONG, derivation: { key: 'v2', salt: Buffer.alloc(16, 9) }, issuedBy: 'write-2' };
  const rotated = (of: TokenRecord, graceSeconds: number) => rotateToken(of, issue, graceSeconds, NOW);

  it('puts the new value in, with no grace when none is asked', () => {
    expect(rotated(BASE, 0)).toEqual({ ...BASE, ...issue, generation: 4, previous: null, version: 6 });
  });
  it('lets the old value work until the grace ends', () => {
    const after = rotated(BASE, 60);
    expect(after.previous).toEqual({ hash: CURRENT, expiresAt: NOW + 60 });
    expect(judge(after, CURRENT, NOW + 59)).toEqual({ usable: true, generation: 3 });
    expect(judge(after, CURRENT, NOW + 60)).toEqual({ usable: false, refusal: 'superseded' });
    expect(judge(after, WRONG, NOW + 60)).toEqual({ usable: true, generation: 4 });
  });
  it('counts a grace of one second', () => {
    expect(rotated(BASE, 1).previous?.expiresAt).toBe(NOW + 1);
  });
  it('ends the grace of the rotation before', () => {
    const before = record(previous(NOW + 1000));
    expect(judge(rotated(before, 0), PREVIOUS, NOW).usable).toBe(false);
    expect(judge(rotated(before, 60), PREVIOUS, NOW).usable).toBe(false);
    expect(rotated(before, 0).previous).toBeNull();
  });
  it('destroys the salt that the old value could be derived from', () => {
    expect(JSON.stringify(rotated(BASE, 60))).not.toContain(JSON.stringify(BASE.derivation?.salt));
  });
  it('moves neither the end nor the disabling of the token', () => {
    const after = rotated(record({ disabled: DISABLED }), 5000);
    expect([after.disabled, after.expiresAt]).toEqual([DISABLED, BASE.expiresAt]);
    expect(judge(after, CURRENT, NOW).usable).toBe(false);
    expect(judge(rotated(BASE, 5000), CURRENT, NOW + 1000)).toEqual({ usable: false, refusal: 'expired' });
  });
});
