/** Filters of tokens, against a plain model of each. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isListed, type TokenFilter } from '../../lib/domain/token-filter.ts';
import type { TokenRecord } from '../../lib/domain/token-record.ts';
import { aToken, NOW } from '../support/records.ts';

const NAMES = ['team', 'env', 'toString'];
const VALUES = ['', 'a', 'b'];
const label = fc.tuple(fc.constantFrom(...NAMES), fc.constantFrom(...VALUES));
const times = [NOW - 5000, NOW - 100, NOW - 99, NOW];

const token = fc
  .record({
    labels: fc.array(label, { maxLength: 3 }).map(pairs => Object.fromEntries(pairs)),
    owner: fc.constantFrom(null, 'a', 'b'),
    access: fc.constantFrom('pull' as const, 'push' as const),
    disabled: fc.constantFrom(null, { at: NOW, by: 'dev:al' } as const),
    createdAt: fc.constantFrom(...times),
    lastUsedAt: fc.constantFrom(null, ...times),
    expiresAt: fc.constantFrom(null, NOW + 1, NOW + 100, NOW + 101, NOW + 20_000),
  })
  .map(facts => aToken(facts));

const filter = fc.record(
  {
    labels: fc.array(label, { minLength: 1, maxLength: 2 }),
    owner: fc.constantFrom('a', 'b'),
    access: fc.constantFrom('pull' as const, 'push' as const),
    state: fc.constantFrom('active' as const, 'disabled' as const, 'expiring' as const),
    unusedForSeconds: fc.constantFrom(0, 100),
    expiresWithinSeconds: fc.constantFrom(0, 100),
  },
  { requiredKeys: [] },
);

/** Each filter in one plain sentence. */
const MODEL: {
  [Name in keyof Required<TokenFilter>]: (record: TokenRecord, filter: TokenFilter) => boolean;
} = {
  id: ({ id }, { id: start = '' }) => id.slice(0, start.length) === start,
  labels: (record, { labels = [] }) =>
    labels.every(([name, value]) =>
      Object.entries(record.labels).some(([k, v]) => k === name && v === value),
    ),
  owner: (record, { owner }) => record.owner === owner,
  access: (record, { access }) => record.access === access,
  state: ({ disabled, createdAt, expiresAt }, { state }) => {
    if (state !== 'expiring') return (disabled === null) === (state === 'active');
    const left = (expiresAt ?? Number.POSITIVE_INFINITY) - NOW;
    return disabled === null && expiresAt !== null && left <= 604_800 && left * 4 <= expiresAt - createdAt;
  },
  unusedForSeconds: ({ lastUsedAt, createdAt }, { unusedForSeconds = 0 }) =>
    (lastUsedAt ?? createdAt) + unusedForSeconds <= NOW,
  expiresWithinSeconds: ({ expiresAt }, { expiresWithinSeconds = 0 }) =>
    expiresAt !== null && expiresAt <= NOW + expiresWithinSeconds,
};

describe('a filter of tokens', () => {
  it('lists what each of its members would list', () => {
    fc.assert(
      fc.property(token, filter, (record, given) => {
        const names = Object.keys(given) as (keyof TokenFilter)[];
        const wanted = names.every(name => MODEL[name](record, given));
        expect(isListed(record, given, NOW)).toBe(wanted);
      }),
      { numRuns: 3000 },
    );
  });
  it('takes a token by what its identifier begins with', () => {
    const record = aToken();
    for (const length of [0, 1, 9, 36])
      expect(isListed(record, { id: record.id.slice(0, length) }, NOW)).toBe(true);
    expect(isListed(record, { id: 'f' }, NOW)).toBe(false);
  });
});
