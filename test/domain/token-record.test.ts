/** Token records: which value is good at which second, how a record changes, and what a repeated request may do. */

import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decideReplay,
  formatIssuanceId,
  IDEMPOTENCY_SECONDS,
  type IdempotencyRecord,
  requestKeyIn,
} from '../../lib/domain/idempotency.ts';
import {
  endOfGeneration,
  hasGrace,
  isExpired,
  isUsable,
  judge,
  judgeGeneration,
  patchToken,
  revokeToken,
  rotateToken,
  type TokenRecord,
} from '../../lib/domain/token-record.ts';

const NOW = 1_795_244_400;
const [CURRENT, PREVIOUS, WRONG] = ['current', 'previous', 'wrong'].map(text =>
  createHash('sha256').update(text).digest(),
) as [Buffer, Buffer, Buffer];
const ZEROS = Buffer.alloc(32);

const at = (now: number, sourceAddress?: string) => ({ now, sourceAddress });

const BASE: TokenRecord = {
  account: 'ibm:acme',
  id: '017f22e2-79b0-7cc3-98c4-dc0c0c07398f',
  hash: CURRENT,
  derivation: { key: 'v1', salt: Buffer.alloc(16, 7) },
  generation: 3,
  issuanceId: 'write-1',
  access: 'pull',
  repositories: null,
  pullsPerDay: null,
  networks: null,
  selfRotate: false,
  name: null,
  labels: {},
  owner: null,
  valueIssuedAt: NOW - 1000,
  description: 'ci',
  createdAt: NOW - 1000,
  createdBy: 'ibm:alice',
  expiresAt: NOW + 1000,
  disabled: null,
  lastUsedAt: null,
  lastUse: null,
  previous: null,
  previousUse: null,
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
    expect(judge(of, presented, at(NOW))).toEqual(judgement);
  });

  it('accepts only the current value, and the previous one within its grace period', () => {
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
        expect(judge(record(changes), value, at(NOW)).usable).toBe(alive && right);
      }),
      { numRuns: 1000 },
    );
  });

  it('compares every bit of the hash', () => {
    for (let bit = 0; bit < 256; bit++) {
      const presented = Buffer.from(CURRENT);
      presented.writeUInt8(presented.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect(judge(record(), presented, at(NOW))).toEqual({ usable: false, refusal: 'wrong-secret' });
    }
  });

  it('compares for an unknown id too: a hash of the wrong length fails alike', () => {
    for (const of of [record(), undefined]) {
      expect(() => judge(of, CURRENT.subarray(1), at(NOW))).toThrow(RangeError);
    }
  });
});

describe('the networks of a token', () => {
  const bound = (facts: Partial<TokenRecord> = {}) => record({ networks: ['192.0.2.0/24'], ...facts });
  const OUTSIDE = { usable: false, refusal: 'outside-networks' };
  it.each<[string, TokenRecord, string | undefined, ReturnType<typeof judge> | typeof OUTSIDE]>([
    ['allow it within', bound(), '192.0.2.7', { usable: true, generation: 3 }],
    ['refuse it outside', bound(), '198.51.100.7', OUTSIDE],
    ['refuse it where the address is not known', bound(), undefined, OUTSIDE],
    ['hide from outside that it is disabled', bound({ disabled: DISABLED }), '198.51.100.7', OUTSIDE],
    ['hide from outside that it has expired', bound({ expiresAt: NOW }), '198.51.100.7', OUTSIDE],
    [
      'show within that it is disabled',
      bound({ disabled: DISABLED }),
      '192.0.2.7',
      { usable: false, refusal: 'disabled' },
    ],
  ])('%s', (_, of, address, judgement) => {
    expect(judge(of, CURRENT, at(NOW, address))).toEqual(judgement);
    expect(judgeGeneration(of, 3, at(NOW, address))).toEqual(judgement);
  });

  it('say nothing to who has a wrong secret', () => {
    expect(judge(bound(), WRONG, at(NOW, '198.51.100.7'))).toEqual({
      usable: false,
      refusal: 'wrong-secret',
    });
  });

  it('do not keep who holds the value from ending it', () => {
    const by = 'token:017f22e2-79b0-7cc3-98c4-dc0c0c07398f';
    expect(revokeToken(bound(), CURRENT, { now: NOW, by })?.disabled).toEqual({ at: NOW, by });
  });
});

describe('judgeGeneration', () => {
  const GRACED = previous(NOW + 1);
  it.each<[string, TokenRecord, number, ReturnType<typeof judgeGeneration>]>([
    ['the current generation', record(), 3, { usable: true, generation: 3 }],
    ['the current generation beside a grace', record(GRACED), 3, { usable: true, generation: 3 }],
    ['the one before in its grace', record(GRACED), 2, { usable: true, generation: 2 }],
    ['the one before after its grace', record(previous(NOW)), 2, { usable: false, refusal: 'superseded' }],
    ['the one before without a grace', record(), 2, { usable: false, refusal: 'superseded' }],
    ['an older one, also during a grace period', record(GRACED), 1, { usable: false, refusal: 'superseded' }],
    ['one that there is not yet', record(GRACED), 4, { usable: false, refusal: 'superseded' }],
    ['an expired token', record({ expiresAt: NOW }), 3, { usable: false, refusal: 'expired' }],
    ['a disabled token', record({ disabled: DISABLED }), 3, { usable: false, refusal: 'disabled' }],
    [
      'a grace of a disabled token',
      record({ ...GRACED, disabled: DISABLED }),
      2,
      { usable: false, refusal: 'disabled' },
    ],
    [
      'a grace of an expired token',
      record({ ...GRACED, expiresAt: NOW }),
      2,
      { usable: false, refusal: 'expired' },
    ],
  ])('%s', (_, of, generation, judgement) => {
    expect(judgeGeneration(of, generation, at(NOW))).toEqual(judgement);
  });

  it('judges a credential like the value that it was vended for', () => {
    const second = fc.integer({ min: NOW - 2, max: NOW + 2 });
    const changes = fc.record({
      expiresAt: fc.option(second),
      disabled: fc.option(fc.constant(DISABLED)),
      previous: fc.option(second.map(expiresAt => ({ hash: PREVIOUS, expiresAt }))),
    });
    fc.assert(
      fc.property(changes, fc.boolean(), (facts, isCurrent) => {
        const of = record(facts);
        const byValue = judge(of, isCurrent ? CURRENT : PREVIOUS, at(NOW));
        const byGeneration = judgeGeneration(of, isCurrent ? 3 : 2, at(NOW));
        expect(byGeneration.usable).toBe(byValue.usable);
      }),
    );
  });
});

describe('endOfGeneration', () => {
  const grace = previous(NOW + 50);
  it.each<[string, Partial<TokenRecord>, number, number | null]>([
    ['the current one ends with the token', {}, 3, NOW + 1000],
    ['the current one ends with the token, also during a grace period', grace, 3, NOW + 1000],
    ['the current one does not end if the token does not', { ...grace, expiresAt: null }, 3, null],
    ['the one before ends with its grace', grace, 2, NOW + 50],
    [
      'the one before ends with its grace where the token does not',
      { ...grace, expiresAt: null },
      2,
      NOW + 50,
    ],
    ['the one before ends with the token if that is first', { ...grace, expiresAt: NOW + 20 }, 2, NOW + 20],
    ['one that has no grace ends with the token at the latest', {}, 2, NOW + 1000],
  ])('%s', (_, facts, generation, end) => expect(endOfGeneration(record(facts), generation)).toBe(end));
});

describe('revokeToken', () => {
  const BY = 'token:017f22e2-79b0-7cc3-98c4-dc0c0c07398f';
  const revoke = (of: TokenRecord, presented: Buffer) => revokeToken(of, presented, { now: NOW, by: BY });

  it('disables the token of its value, and changes nothing else', () => {
    for (const of of [record(), record({ expiresAt: null }), record(previous(NOW + 1))]) {
      expect(revoke(of, CURRENT)).toEqual({ ...of, disabled: { at: NOW, by: BY }, version: 6 });
    }
  });
  it('takes only its grace period from a value that has one', () => {
    const of = record(previous(NOW + 1));
    expect(revoke(of, PREVIOUS)).toEqual({ ...of, ...previous(0), version: 6 });
  });
  it('ends a grace period of a disabled token too, which stays disabled', () => {
    const of = record({ ...previous(NOW + 1), disabled: DISABLED });
    expect(revoke(of, PREVIOUS)).toEqual({ ...of, ...previous(0), version: 6 });
  });
  it.each<[string, Partial<TokenRecord>, Buffer]>([
    ['a wrong value', {}, WRONG],
    ['a wrong value within a grace', previous(NOW + 1), WRONG],
    ['zeros', {}, ZEROS],
    ['a value after its grace', previous(NOW), PREVIOUS],
    ['the value of an expired token', { expiresAt: NOW }, CURRENT],
    ['the value of an expired and disabled token', { expiresAt: NOW, disabled: DISABLED }, CURRENT],
    ['a value in its grace of an expired token', { ...previous(NOW + 1), expiresAt: NOW }, PREVIOUS],
    ['the value of a token that is disabled already', { disabled: DISABLED }, CURRENT],
  ])('changes nothing for %s', (_, facts, presented) => {
    expect(revoke(record(facts), presented)).toBeUndefined();
  });
  it('does not change a token for a value that is not usable', () => {
    for (const presented of [CURRENT, PREVIOUS]) {
      const after = revoke(record(previous(NOW + 1)), presented);
      expect(after && judge(after, presented, at(NOW)).usable).toBe(false);
      expect(after && revoke(after, presented)).toBeUndefined();
    }
  });
});

describe('patchToken', () => {
  const patch = (of: TokenRecord, change: Parameters<typeof patchToken>[1]) =>
    patchToken(of, change, { now: NOW, by: 'ibm:bob' });

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
    ['the pulls of a day', { pullsPerDay: 5 }],
    ['the networks', { networks: ['10.0.0.0/8'] }],
    ['whether its holder may rotate it', { selfRotate: true }],
    ['the labels', { labels: { team: 'a' } }],
    ['the owner', { owner: 'ann' }],
  ] as const)('changes %s and nothing else', (_, change) => {
    expect(patch(BASE, change)).toEqual({ ...BASE, ...change, version: 6 });
  });
  it('opens a token to all repositories by null', () => {
    expect(patch(record({ repositories: ['team/a'] }), { repositories: null }).repositories).toBeNull();
  });
  it('records when and by whom a token was disabled', () => {
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
  const issue = { hash: WRONG, derivation: { key: 'v2', salt: Buffer.alloc(16, 9) }, issuanceId: 'write-2' };
  const rotated = (of: TokenRecord, graceSeconds: number) =>
    rotateToken(of, issue, { graceSeconds, now: NOW });

  it('stores the new value, without a grace period unless one is asked for', () => {
    expect(rotated(BASE, 0)).toEqual({
      ...BASE,
      ...issue,
      ...{ generation: 4, valueIssuedAt: NOW, previous: { hash: CURRENT, expiresAt: 0 }, version: 6 },
    });
  });
  it('ends the old value by every clock without a grace, and still knows it', () => {
    for (const now of [0, NOW - 1, NOW, NOW + 1]) {
      expect(judge(rotated(BASE, 0), CURRENT, at(now))).toEqual({ usable: false, refusal: 'superseded' });
    }
  });
  it('lets the old value work until the grace ends', () => {
    const after = rotated(BASE, 60);
    expect(after.previous).toEqual({ hash: CURRENT, expiresAt: NOW + 60 });
    expect(judge(after, CURRENT, at(NOW + 59))).toEqual({ usable: true, generation: 3 });
    expect(judge(after, CURRENT, at(NOW + 60))).toEqual({ usable: false, refusal: 'superseded' });
    expect(judge(after, WRONG, at(NOW + 60))).toEqual({ usable: true, generation: 4 });
  });
  it('keeps the last use of the old value in its grace, and the new value was not used yet', () => {
    const use = { at: NOW - 5, address: '192.0.2.1', client: 'docker/28', service: 'registry.example' };
    const before = record({ lastUsedAt: NOW - 5, lastUse: use, previousUse: { ...use, at: 1 } });
    expect(rotated(before, 60)).toMatchObject({ lastUsedAt: NOW - 5, lastUse: null, previousUse: use });
    expect(rotated(before, 0)).toMatchObject({ lastUsedAt: NOW - 5, lastUse: null, previousUse: null });
  });
  it('counts a grace of one second', () => {
    expect(rotated(BASE, 1).previous?.expiresAt).toBe(NOW + 1);
  });
  it('ends the grace of the rotation before', () => {
    const before = record(previous(NOW + 1000));
    expect(judge(rotated(before, 0), PREVIOUS, at(NOW)).usable).toBe(false);
    expect(judge(rotated(before, 60), PREVIOUS, at(NOW)).usable).toBe(false);
    expect(rotated(before, 0).previous).toEqual({ hash: CURRENT, expiresAt: 0 });
  });
  it('destroys the salt that the old value could be derived from', () => {
    expect(JSON.stringify(rotated(BASE, 60))).not.toContain(JSON.stringify(BASE.derivation?.salt));
  });
  it('moves neither the end nor the disabling of the token', () => {
    const after = rotated(record({ disabled: DISABLED }), 5000);
    expect([after.disabled, after.expiresAt]).toEqual([DISABLED, BASE.expiresAt]);
    expect(judge(after, CURRENT, at(NOW)).usable).toBe(false);
    expect(judge(rotated(BASE, 5000), CURRENT, at(NOW + 1000))).toEqual({
      usable: false,
      refusal: 'expired',
    });
  });
});

function first(state: 'pending' | 'done', generation: number): IdempotencyRecord {
  const [key, payload, tokenId] = ['k', 'p', '017f22e2-79b0-7cc3-98c4-dc0c0c07398f'];
  return { key, payload, tokenId, generation, write: 'write-1', state, createdAt: NOW - 10 };
}

const FRESH: TokenRecord = {
  account: 'ibm:acme',
  id: '017f22e2-79b0-7cc3-98c4-dc0c0c07398f',
  hash: Buffer.alloc(32, 1),
  derivation: { key: 'v1', salt: Buffer.alloc(16) },
  generation: 1,
  issuanceId: 'write-1',
  access: 'pull',
  repositories: null,
  pullsPerDay: null,
  networks: null,
  selfRotate: false,
  name: null,
  labels: {},
  owner: null,
  valueIssuedAt: NOW - 1000,
  description: '',
  createdAt: NOW - 10,
  createdBy: 'ibm:alice',
  expiresAt: NOW + 1,
  disabled: null,
  lastUsedAt: null,
  lastUse: null,
  previous: null,
  previousUse: null,
  version: 1,
};

/** What may have become of the token: the record, and whether the value of `write-1` may be shown. */
const BECAME: Record<string, [Partial<TokenRecord>, shown: boolean]> = {
  'as it was made': [{}, true],
  'never expiring': [{ expiresAt: null }, true],
  'changed by an administrator': [{ version: 9, description: 'new', access: 'push' }, true],
  expired: [{ expiresAt: NOW }, false],
  disabled: [{ disabled: { at: NOW - 1, by: 'ibm:alice' } }, false],
  'not retrievable': [{ derivation: null }, false],
};

describe('decideReplay, where the token still has the value of the first attempt', () => {
  const states = (['pending', 'done'] as const).flatMap(state =>
    [1, 2].map(generation => ({ state, generation })),
  );
  for (const { state, generation } of states) {
    it.each(Object.entries(BECAME))(
      `${state}, generation ${generation}: a token %s`,
      (_, [changes, shown]) => {
        const token = { ...FRESH, generation, ...changes };
        expect(decideReplay(first(state, generation), token, NOW)).toBe(shown ? 'replay' : 'reject');
      },
    );
  }
});

describe('decideReplay, where the token has another value, or there is none', () => {
  /** The generation of the token (0: no token), that of the request, and the state: only one kind of row goes on. */
  const rows = [0, 1, 2, 3].flatMap(present =>
    [1, 2, 3].flatMap(asked => (['pending', 'done'] as const).map(state => ({ present, asked, state }))),
  );
  it.each(rows)('generation $present now, $asked asked, $state', ({ present, asked, state }) => {
    const token = present === 0 ? undefined : { ...FRESH, generation: present, issuanceId: 'write-0' };
    const goesOn = state === 'pending' && present + 1 === asked;
    expect(decideReplay(first(state, asked), token, NOW)).toBe(goesOn ? 'execute' : 'reject');
  });
  it('a finished request never adds a removed token again', () => {
    expect(decideReplay(first('done', 1), undefined, NOW)).toBe('reject');
  });
  it('never shows the value of another write', () => {
    expect(decideReplay(first('done', 1), { ...FRESH, issuanceId: 'write-2' }, NOW)).toBe('reject');
  });
});

it('a key is remembered for a day', () => expect(IDEMPOTENCY_SECONDS).toBe(24 * 60 * 60));

describe('an issuance id', () => {
  it('names the key of its request', () => {
    expect(formatIssuanceId('random', 'key')).toBe('random.key');
    expect(requestKeyIn(formatIssuanceId('random', 'key'))).toBe('key');
  });
  it('of a request without a key names none', () => {
    expect(formatIssuanceId('random', undefined)).toBe('random');
    expect(requestKeyIn('random')).toBeUndefined();
  });
});
