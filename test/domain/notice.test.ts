/** What is announced of tokens: which changes are events, and when an end is announced, never for a life that is too short. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  cloudEventOf,
  EXPIRY_NOTICES,
  expiryNoticesOf,
  noticeOfChange,
  webhookKey,
} from '../../lib/domain/notice.ts';
import { DAY_SECONDS, HOUR_SECONDS } from '../../lib/domain/time.ts';
import { patchToken, revokeToken, rotateToken, type TokenRecord } from '../../lib/domain/token-record.ts';
import { aToken, NOW } from '../support/records.ts';

const BY_ALICE = { now: NOW, by: 'dev:alice' } as const;
const ISSUE = { hash: Buffer.alloc(32, 2), derivation: null, issuanceId: 'w2' };
const DISABLED = { at: NOW, by: 'dev:alice' } as const;

describe('a change is announced', () => {
  const token = aToken();
  const rotated = rotateToken(token, ISSUE, { graceSeconds: 60, now: NOW });
  const replaced = rotateToken(token, ISSUE, { graceSeconds: 0, now: NOW });
  const ENDED = { type: 'token.revoked', facts: { ended: 'previous-value', how: 'by-its-holder' } };
  const CHANGES: [string, TokenRecord, TokenRecord | undefined, unknown][] = [
    [
      'as a rotation, with the end of the old value',
      token,
      rotated,
      { type: 'token.rotated', facts: { generation: 2, previousValueEndsAt: '2026-11-21T07:01:00Z' } },
    ],
    [
      'as a rotation without a grace',
      token,
      replaced,
      { type: 'token.rotated', facts: { generation: 2, previousValueEndsAt: null } },
    ],
    [
      'as disabled, with who did it',
      token,
      patchToken(token, { disabled: true }, BY_ALICE),
      { type: 'token.disabled', facts: { by: 'dev:alice' } },
    ],
    [
      'as revoked, when its holder did it',
      token,
      revokeToken(token, token.hash, { now: NOW, by: `token:${token.id}` }),
      { type: 'token.revoked', facts: { ended: 'token', how: 'by-its-holder' } },
    ],
    [
      'as the end of the previous value, when its holder ended that',
      rotated,
      revokeToken(rotated, token.hash, { now: NOW, by: `token:${token.id}` }),
      ENDED,
    ],
    ['not when it is described anew', token, patchToken(token, { description: 'x' }, BY_ALICE), undefined],
    [
      'not when it is described anew while a value before works',
      rotated,
      patchToken(rotated, { description: 'x' }, BY_ALICE),
      undefined,
    ],
    [
      'not when it is described anew after a rotation without a grace',
      replaced,
      patchToken(replaced, { description: 'x' }, BY_ALICE),
      undefined,
    ],
    [
      'as the end of the previous value, when its record is gone',
      rotated,
      { ...rotated, previous: null },
      ENDED,
    ],
    ['not when it lives longer', token, patchToken(token, { expiresAt: null }, BY_ALICE), undefined],
    ['not when it is enabled', aToken({ disabled: DISABLED }), aToken(), undefined],
    [
      'not when it is disabled again',
      aToken({ disabled: DISABLED }),
      aToken({ disabled: DISABLED }),
      undefined,
    ],
  ];
  it.each(CHANGES)('%s', (_, before, after, notice) => {
    expect(after).toBeDefined();
    expect(after && noticeOfChange(before, after)).toEqual(notice);
  });
});

it('an event is one of CloudEvents 1.0, and holds nothing secret', () => {
  const token = aToken({ name: 'ci', owner: 'team a', labels: { env: 'prod' } });
  const facts = { generation: 2 };
  const event = cloudEventOf(
    { id: 'e1', type: 'token.rotated', at: NOW, token, facts },
    'https://pullpass.example',
  );
  expect(event).toMatchObject({
    specversion: '1.0',
    id: 'e1',
    type: 'token.rotated',
    subject: token.id,
    time: '2026-11-21T07:00:00Z',
    datacontenttype: 'application/json',
    data: {
      account: 'dev:acme',
      token: token.id,
      name: 'ci',
      owner: 'team a',
      labels: { env: 'prod' },
      generation: 2,
    },
  });
  expect(event.source).toMatch(/^https:\/\/pullpass\.example\/accounts\/[0-9A-Za-z]{16}$/);
  const text = JSON.stringify(event);
  for (const secret of [token.hash, token.derivation?.salt ?? token.hash]) {
    for (const encoding of ['hex', 'base64', 'base64url'] as const) {
      expect(text).not.toContain(Buffer.from(secret).toString(encoding));
    }
  }
});

it.each([
  [NOW, '2026-11-21T07:00:00Z'],
  [null, null],
])('an event says when the token ends: at %s, %s', (expiresAt, text) => {
  const token = aToken({ expiresAt });
  const event = cloudEventOf({ id: 'e1', type: 'token.rotated', at: NOW, token, facts: {} }, 'https://p');
  expect(event.data.expiresAt).toBe(text);
});

describe('the key of a webhook', () => {
  const of = (bytes: number) => Buffer.alloc(bytes, 0xfb);
  it.each([24, 25, 26, 64])('of %s bytes is read', bytes => {
    expect(webhookKey(`whsec_${of(bytes).toString('base64')}`)).toEqual(of(bytes));
  });
  it.each([
    ['of 23 bytes', `whsec_${of(23).toString('base64')}`],
    ['of 65 bytes', `whsec_${of(65).toString('base64')}`],
    ['of another prefix', `whsek_${of(24).toString('base64')}`],
    ['without a prefix', of(30).toString('base64')],
    ['in the alphabet of URLs', `whsec_${of(24).toString('base64url')}`],
    ['without its padding', `whsec_${of(25).toString('base64').replaceAll('=', '')}`],
    ['with a line feed', `whsec_${of(24).toString('base64')}\n`],
    ['behind a blank', ` whsec_${of(24).toString('base64')}`],
    ['that is empty', 'whsec_'],
  ])('%s is none', (_, secret) => expect(webhookKey(secret)).toBeUndefined());
});

describe('an end is announced', () => {
  const dueOf = (lifeDays: number, passedDays: number, aheadHours = 25) => {
    const createdAt = NOW - passedDays * DAY_SECONDS;
    const token = { createdAt, expiresAt: createdAt + lifeDays * DAY_SECONDS };
    const until = NOW + aheadHours * HOUR_SECONDS;
    return expiryNoticesOf(token, { now: NOW, until }).map(
      ({ beforeSeconds }) => beforeSeconds / DAY_SECONDS,
    );
  };

  it.each([
    ['never for a life of a day', 1, 0.5, []],
    ['never for a life of three days', 3, 2.5, []],
    ['a day before for a life of four', 4, 3, [1]],
    ['a day before for a life of a week', 7, 6, [1]],
    ['not long before that', 7, 1, []],
    ['a week before for a life of a month', 30, 23, [7]],
    ['30 days before for a life of a year', 365, 335, [30]],
    ['a week before for a life of a year', 365, 358, [7]],
    ['once when it is found late', 365, 364.5, [1]],
    ['the day before the cleanup passes again', 365, 334, [30]],
    ['not when it has come', 365, 365, []],
  ])('%s', (_, life, passed, expected) => {
    expect(dueOf(life, passed)).toEqual(expected);
  });

  it('in a pass that looks ahead to its very second', () => {
    const token = { createdAt: NOW, expiresAt: NOW + 4 * DAY_SECONDS };
    const dueAt = token.expiresAt - DAY_SECONDS;
    const due = { beforeSeconds: DAY_SECONDS, dueAt };
    expect(expiryNoticesOf(token, { now: dueAt - 1, until: dueAt })).toEqual([due]);
    expect(expiryNoticesOf(token, { now: dueAt - 2, until: dueAt - 1 })).toEqual([]);
    expect(expiryNoticesOf(token, { now: dueAt, until: dueAt })).toEqual([due]);
  });

  it('never for a token without an end', () => {
    expect(
      expiryNoticesOf({ createdAt: 0, expiresAt: null }, { now: NOW, until: NOW + DAY_SECONDS }),
    ).toEqual([]);
  });

  it('at times that each pass finds again, never for a short life, and at every threshold that fits', () => {
    fc.assert(
      fc.property(fc.integer({ min: 60, max: 400 * DAY_SECONDS }), life => {
        const token = { createdAt: NOW, expiresAt: NOW + life };
        const found = new Map<number, number>();
        for (let now = NOW; now < NOW + life; now += DAY_SECONDS) {
          for (const { beforeSeconds, dueAt } of expiryNoticesOf(token, {
            now,
            until: now + 25 * HOUR_SECONDS,
          })) {
            expect(dueAt).toBe(token.expiresAt - beforeSeconds);
            expect(life).toBeGreaterThanOrEqual(beforeSeconds * EXPIRY_NOTICES.leastLives);
            found.set(beforeSeconds, dueAt);
          }
        }
        const fitting = EXPIRY_NOTICES.beforeSeconds.filter(each => life >= 4 * each);
        expect([...found.keys()].toSorted()).toEqual([...fitting].toSorted());
      }),
      { numRuns: 50 },
    );
  });
});
