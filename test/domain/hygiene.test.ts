/** What the hygiene report names, and what not. */
import { describe, expect, it } from 'vitest';
import {
  type Candidate,
  findingKindOf,
  MAX_EXAMPLES,
  noticeOf,
  withFinding,
} from '../../lib/domain/hygiene.ts';
import { DAY_SECONDS, HOUR_SECONDS } from '../../lib/domain/time.ts';
import { ACCOUNT, aClaim, aToken, NOW } from '../support/records.ts';

const RULES = { at: NOW, unusedSeconds: 90 * DAY_SECONDS };
const LONG_AGO = NOW - RULES.unusedSeconds;
const token = (facts: Parameters<typeof aToken>[0]): Candidate => ({ kind: 'token', ...aToken(facts) });

/** A token that lives so long, so many seconds after it was made. */
const lived = (age: number, life: number) => token({ createdAt: NOW - age, expiresAt: NOW - age + life });

describe('a finding is', () => {
  const CASES: Record<string, [Candidate, ReturnType<typeof findingKindOf>]> = {
    'a released namespace': [{ kind: 'claim', ...aClaim({ state: 'released' }) }, 'releasedNamespaces'],
    'no namespace that is held': [{ kind: 'claim', ...aClaim() }, undefined],
    'a token without end that was never used since': [
      token({ expiresAt: null, createdAt: LONG_AGO }),
      'unusedTokens',
    ],
    'a token without end that was last used then': [
      token({ expiresAt: null, createdAt: 1, lastUsedAt: LONG_AGO }),
      'unusedTokens',
    ],
    'no token that was used a second later': [
      token({ expiresAt: null, createdAt: 1, lastUsedAt: LONG_AGO + 1 }),
      undefined,
    ],
    'no token that is younger': [token({ expiresAt: null, createdAt: LONG_AGO + 1 }), undefined],
    'a token that ends in a week': [
      token({ createdAt: 1, expiresAt: NOW + 7 * DAY_SECONDS }),
      'expiringTokens',
    ],
    'a token that ends in a second, however long it was not used': [
      token({ expiresAt: NOW + 1, createdAt: 1 }),
      'expiringTokens',
    ],
    'no token that has ended': [token({ expiresAt: NOW }), undefined],
    'no token that ends later': [token({ createdAt: 1, expiresAt: NOW + 7 * DAY_SECONDS + 1 }), undefined],
    'no token for a day that was just made': [lived(0, DAY_SECONDS), undefined],
    'no token for an hour that was just made': [lived(0, HOUR_SECONDS), undefined],
    'no token for a week that was just made': [lived(0, 7 * DAY_SECONDS), undefined],
    'no token for a day before its last quarter': [lived(18 * HOUR_SECONDS - 1, DAY_SECONDS), undefined],
    'a token for a day in its last quarter': [lived(18 * HOUR_SECONDS, DAY_SECONDS), 'expiringTokens'],
    'no token for 28 days a week and a second before its end': [
      lived(21 * DAY_SECONDS - 1, 28 * DAY_SECONDS),
      undefined,
    ],
    'a token for 28 days in its last week': [lived(21 * DAY_SECONDS, 28 * DAY_SECONDS), 'expiringTokens'],
    'no token for 90 days before its last week': [lived(83 * DAY_SECONDS - 1, 90 * DAY_SECONDS), undefined],
    'a token whose end was put off, in the last week of its longer life': [
      lived(30 * DAY_SECONDS, 31 * DAY_SECONDS),
      'expiringTokens',
    ],
    'no token of a clock that was ahead': [token({ createdAt: NOW + 60, expiresAt: NOW + 61 }), undefined],
  };
  it.each(Object.entries(CASES))('%s', (_, [candidate, kind]) => {
    expect(findingKindOf(candidate, RULES)).toBe(kind);
  });
});

it('a report counts all findings, and names the first ones', () => {
  const tokens = Array.from({ length: MAX_EXAMPLES + 5 }, () => token({}));
  const report = tokens.reduce<ReturnType<typeof withFinding> | undefined>(
    (before, candidate) => withFinding(before, 'expiringTokens', candidate),
    undefined,
  );
  const released = { kind: 'claim', ...aClaim({ state: 'released' }) } as const;
  const both = withFinding(report, 'releasedNamespaces', released);
  expect(noticeOf(both, NOW)).toEqual({
    reportedAt: '2026-11-21T07:00:00Z',
    account: ACCOUNT,
    releasedNamespaces: { count: 1, examples: ['team-a'] },
    unusedTokens: { count: 0, examples: [] },
    expiringTokens: {
      count: MAX_EXAMPLES + 5,
      examples: tokens.slice(0, MAX_EXAMPLES).map(candidate => candidate.kind === 'token' && candidate.id),
    },
  });
});
