/** Holders of a token: what they read when it has ended, and when they may rotate it. */
import { describe, expect, it } from 'vitest';
import { PullpassError } from '../../lib/domain/errors.ts';
import { type Holder, refusalOf, requireRotation } from '../../lib/domain/holder.ts';
import type { TokenRecord } from '../../lib/domain/token-record.ts';
import { aToken, NOW } from '../support/records.ts';

const HOUR = 3600;
const FORMER = Buffer.alloc(32, 1);
const CONTEXT = { now: NOW, sourceAddress: '192.0.2.1' };
const DISABLED = { at: NOW - 5, by: 'dev:alice' } as const;

/** In its third generation, rotated two hours ago. */
function rotated(facts: Partial<TokenRecord> = {}): TokenRecord {
  const former = { hash: FORMER, expiresAt: NOW + 60 };
  return aToken({
    generation: 3,
    selfRotate: true,
    valueIssuedAt: NOW - 2 * HOUR,
    previous: former,
    ...facts,
  });
}

describe('the answer to who presents a right value that has ended', () => {
  const ended = (expiresAt: number) => rotated({ previous: { hash: FORMER, expiresAt } });
  it.each<[string, TokenRecord, number, 'disabled' | 'expired' | 'superseded', string, number | undefined]>([
    ['of an expired token, when', rotated({ expiresAt: NOW - 9 }), 3, 'expired', 'token-expired', NOW - 9],
    ['of a disabled token, when', rotated({ disabled: DISABLED }), 3, 'disabled', 'value-disabled', NOW - 5],
    ['of a token that is enabled again, no time', rotated(), 3, 'disabled', 'value-disabled', undefined],
    [
      'before the last rotation, when its grace ended',
      ended(NOW - 7),
      2,
      'superseded',
      'token-rotated',
      NOW - 7,
    ],
    [
      'before it without a grace, when it was replaced',
      ended(0),
      2,
      'superseded',
      'token-rotated',
      NOW - 2 * HOUR,
    ],
    [
      'two rotations ago, when the present one began',
      ended(NOW - 7),
      1,
      'superseded',
      'token-rotated',
      NOW - 2 * HOUR,
    ],
    [
      'before a rotation of which nothing is left, when the present one began',
      rotated({ previous: null }),
      2,
      'superseded',
      'token-rotated',
      NOW - 2 * HOUR,
    ],
    [
      'before a rotation whose time was not recorded, no time',
      rotated({ previous: null, valueIssuedAt: null }),
      2,
      'superseded',
      'token-rotated',
      undefined,
    ],
  ])('says %s', (_, token, generation, end, code, at) => {
    const error = refusalOf(token, generation, end);
    const time = at === undefined ? {} : { at };
    expect([error.code, error.details]).toStrictEqual([
      code,
      { reason: `token ${token.id}: ${end}`, ...time },
    ]);
  });

  it('from another network says nothing of the token', () => {
    const token = rotated({ disabled: DISABLED });
    const error = refusalOf(token, 3, 'outside-networks');
    expect(error.code).toBe('unauthenticated');
    expect(error.details).toStrictEqual({
      reason: `token ${token.id}: outside-networks`,
      denial: 'network-not-allowed',
    });
  });
});

describe('a holder may rotate', () => {
  const holding = (token: TokenRecord, facts: Partial<Holder> = {}): Holder => ({
    ...{ presented: 'value', token, generation: token.generation, endsAt: token.expiresAt },
    ...facts,
  });
  function refusalTo(token: TokenRecord, facts: Partial<Holder> = {}): PullpassError | undefined {
    try {
      requireRotation(token, holding(token, facts), CONTEXT);
      return undefined;
    } catch (error) {
      if (error instanceof PullpassError) return error;
      throw error;
    }
  }

  it.each<[string, TokenRecord]>([
    ['an hour after the last rotation', rotated({ valueIssuedAt: NOW - HOUR })],
    ['where the time of the last rotation is not known', rotated({ valueIssuedAt: null })],
    ['where a clock was ahead by more than an hour', rotated({ valueIssuedAt: NOW + HOUR + 1 })],
    ['its first value at once', aToken({ selfRotate: true })],
    ['in its networks', rotated({ networks: ['192.0.2.0/24'] })],
  ])('%s', (_, token) => expect(refusalTo(token)).toBeUndefined());

  it.each<[string, TokenRecord, Partial<Holder>, string, string | undefined]>([
    [
      'with a credential',
      rotated(),
      { presented: 'credential' },
      'forbidden',
      'A credential can show its token, and not rotate it; send the value of the token.',
    ],
    [
      'a token that was made without selfRotate',
      rotated({ selfRotate: false }),
      {},
      'forbidden',
      'This token is rotated by its administrators: it was made without selfRotate.',
    ],
    [
      'with the value before, in its grace',
      rotated(),
      { presented: 'previous-value', generation: 2 },
      'forbidden',
      'This value was replaced by a rotation and is in its grace; send the new value.',
    ],
    ['a disabled token', rotated({ disabled: DISABLED }), {}, 'value-disabled', undefined],
    ['an expired token', rotated({ expiresAt: NOW }), {}, 'token-expired', undefined],
    ['with a value that was replaced', rotated(), { generation: 1 }, 'token-rotated', undefined],
    ['from elsewhere', rotated({ networks: ['198.51.100.0/24'] }), {}, 'unauthenticated', undefined],
  ])('not %s', (_, token, facts, code, detail) => {
    const error = refusalTo(token, facts);
    expect([error?.code, error?.details.detail]).toEqual([code, detail]);
  });

  it('not where a clock was ahead by an hour at most', () => {
    const error = refusalTo(rotated({ valueIssuedAt: NOW + HOUR }));
    expect([error?.code, error?.details.retryAfterSeconds]).toEqual(['rate-limited', 2 * HOUR]);
  });

  it('not within an hour of the last rotation, and reads how long it must wait', () => {
    const token = rotated({ valueIssuedAt: NOW - HOUR + 1 });
    const error = refusalTo(token);
    expect(error?.code).toBe('rate-limited');
    expect(error?.details).toEqual({
      detail: 'A holder can rotate its token an hour after the last rotation.',
      reason: `token ${token.id}: rotated less than an hour ago`,
      denial: 'too-often',
      retryAfterSeconds: 1,
    });
  });
});
