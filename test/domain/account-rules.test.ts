/** Rules of an account: never wider than their ceiling, and no token that they forbid is one that they allow. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AccountRules,
  brokenRules,
  CEILING_SHAPE,
  ceilingOf,
  ceilingProblems,
  defaultsOf,
  factsOf,
  narrowerRules,
  parseCeilingRule,
  RULE_NAMES,
  type RuledFacts,
  ruleProblems,
  rulesBeyond,
  TOKEN_LIFE_SECONDS,
  WIDEST,
} from '../../lib/domain/account-rules.ts';
import { narrowRules, remainingRules } from '../../lib/domain/revocation.ts';
import { ACCOUNT, aToken, NOW } from '../support/records.ts';

const life = fc.constantFrom(60, 600, 3600, 86_400, 2_592_000, 31_536_000);
const rules: fc.Arbitrary<AccountRules> = fc.record({
  maxExpiresInSeconds: life,
  nonExpiring: fc.constantFrom('allowed', 'forbidden'),
  maxCredentialSeconds: fc.constantFrom(60, 600, 3600, 43_200),
  retrievable: fc.boolean(),
  requireOwner: fc.boolean(),
  requireNetworks: fc.boolean(),
});
const facts: fc.Arbitrary<RuledFacts> = fc.record({
  expiresInSeconds: fc.option(life),
  retrievable: fc.boolean(),
  owner: fc.constantFrom(null, 'builds@acme.example'),
  networks: fc.constantFrom(null, ['10.0.0.0/8']),
});

/** What a sentence of the contract says, written anew. */
function isAllowed(
  { expiresInSeconds, retrievable, owner, networks }: RuledFacts,
  by: AccountRules,
): boolean {
  if (expiresInSeconds === null && by.nonExpiring === 'forbidden') return false;
  if (typeof expiresInSeconds === 'number' && expiresInSeconds > by.maxExpiresInSeconds) return false;
  if (retrievable === true && !by.retrievable) return false;
  if (by.requireOwner && owner === null) return false;
  return !(by.requireNetworks && networks === null);
}

describe('rules of any kind', () => {
  it('allow together what each of them allows, and nothing else', () => {
    let [allowed, refused] = [0, 0];
    fc.assert(
      fc.property(rules, rules, facts, (some, others, token) => {
        const both = narrowerRules(some, others);
        const expected = isAllowed(token, some) && isAllowed(token, others);
        if (expected) allowed++;
        else refused++;
        expect(brokenRules(token, both).length === 0).toBe(expected);
        expect(both.maxCredentialSeconds).toBe(
          Math.min(some.maxCredentialSeconds, others.maxCredentialSeconds),
        );
        expect(narrowerRules(others, some)).toEqual(both);
        expect(rulesBeyond(both, some)).toEqual([]);
      }),
      { numRuns: 3000 },
    );
    expect(Math.min(allowed, refused)).toBeGreaterThan(200);
  });

  it('are beyond a ceiling exactly where they allow what it does not', () => {
    fc.assert(
      fc.property(rules, rules, (some, ceiling) => {
        const beyond = rulesBeyond(some, ceiling);
        expect(beyond).toEqual(ceilingProblems(some, ceiling).map(({ path }) => path));
        expect(beyond.length === 0).toBe(
          JSON.stringify(narrowerRules(some, ceiling)) === JSON.stringify(some),
        );
      }),
    );
  });

  it('allow what they leave a request with', () => {
    fc.assert(
      fc.property(rules, some => {
        const given = { ...defaultsOf(some), owner: 'x', networks: ['10.0.0.0/8'] };
        expect(brokenRules(given, some)).toEqual([]);
        expect(given.expiresInSeconds).toBeLessThanOrEqual(TOKEN_LIFE_SECONDS.default);
      }),
    );
  });

  it('name a member of the request for each rule that it breaks', () => {
    fc.assert(
      fc.property(rules, facts, (some, token) => {
        const problems = ruleProblems(token, some);
        expect(problems).toHaveLength(brokenRules(token, some).length);
        for (const { message } of problems) expect(message).toMatch(/ by the rules of the account$/);
      }),
    );
  });

  it('say nothing of what is not asked for', () => {
    fc.assert(
      fc.property(rules, some => {
        expect(brokenRules({}, some)).toEqual([]);
      }),
    );
  });

  it('are after a replay of the ledger no wider than they were set last, nor than in the copy', () => {
    const sets = fc.array(rules, { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(sets, fc.nat(), (script, at) => {
        const states = [
          undefined,
          ...script.map((each, i) => ({ account: ACCOUNT, rules: each, version: i + 1 })),
        ];
        const entries = script.flatMap((after, i) => {
          const left = remainingRules(states[i]?.rules ?? WIDEST, after);
          return left === undefined
            ? []
            : [{ act: 'narrow-rules', account: ACCOUNT, version: i, left } as const];
        });
        const copy = states[at % states.length];
        const last = states.at(-1)?.rules ?? WIDEST;
        for (const order of [entries, entries.toReversed()]) {
          const replayed = order.reduce((so, entry) => narrowRules(so, entry), copy);
          const left = replayed?.rules ?? WIDEST;
          expect(rulesBeyond(left, copy?.rules ?? WIDEST)).toEqual([]);
          expect(rulesBeyond(left, last)).toEqual([]);
          expect(order.reduce((so, entry) => narrowRules(so, entry), replayed)).toEqual(replayed);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('what a request is told', () => {
  const STRICT: AccountRules = {
    ...{ maxExpiresInSeconds: 600, nonExpiring: 'forbidden', maxCredentialSeconds: 60 },
    ...{ retrievable: false, requireOwner: true, requireNetworks: true },
  };
  const by = (path: string, message: string) => ({ path, message: `${message} by the rules of the account` });

  it('of a token is each rule that it breaks, by the member of the request', () => {
    const wanted = { expiresInSeconds: 601, retrievable: true, owner: null, networks: null };
    const others = [
      by('retrievable', 'must be false'),
      by('owner', 'must be given'),
      by('networks', 'must be given'),
    ];
    expect(ruleProblems(wanted, STRICT)).toEqual([by('expiresInSeconds', 'must be at most 600'), ...others]);
    expect(ruleProblems({ ...wanted, expiresInSeconds: null }, STRICT)).toEqual([
      by('nonExpiring', 'must not be true'),
      ...others,
    ]);
  });

  it('of rules that are wider than the ceiling is the ceiling', () => {
    const message = (most: string) => `must be ${most}, the ceiling that the operator has set`;
    expect(ceilingProblems(WIDEST, STRICT)).toEqual([
      { path: 'maxExpiresInSeconds', message: message('at most 600') },
      { path: 'nonExpiring', message: message('forbidden') },
      { path: 'maxCredentialSeconds', message: message('at most 60') },
      { path: 'retrievable', message: message('false') },
      { path: 'requireOwner', message: message('true') },
      { path: 'requireNetworks', message: message('true') },
    ]);
  });
});

describe('a token as it is', () => {
  const strict = {
    ...WIDEST,
    maxExpiresInSeconds: 600,
    nonExpiring: 'forbidden',
    retrievable: false,
    requireOwner: true,
  } as const;
  const SHOWN = { key: 'k1', salt: new Uint8Array(16) };
  it.each<[string, Parameters<typeof aToken>[0], readonly string[]]>([
    ['within the rules breaks none', { expiresAt: NOW + 600, owner: 'x' }, []],
    [
      'that lives longer from now breaks the longest life',
      { expiresAt: NOW + 601, owner: 'x' },
      ['maxExpiresInSeconds'],
    ],
    [
      'that was made long ago and ends soon breaks none',
      { createdAt: 0, expiresAt: NOW + 60, owner: 'x' },
      [],
    ],
    ['without an end breaks that rule alone', { expiresAt: null, owner: 'x' }, ['nonExpiring']],
    ['without an owner breaks that rule', { expiresAt: NOW + 60 }, ['requireOwner']],
    [
      'whose value can be shown breaks that rule',
      { expiresAt: NOW, owner: 'x', derivation: SHOWN },
      ['retrievable'],
    ],
    ['breaks all that it breaks', { expiresAt: null }, ['nonExpiring', 'requireOwner']],
  ])('%s', (_, record, broken) => {
    expect(brokenRules(factsOf(aToken({ derivation: null, ...record }), NOW), strict)).toEqual(broken);
  });
});

describe('a ceiling', () => {
  it.each([
    ['maxExpiresInSeconds=60', { maxExpiresInSeconds: 60 }],
    ['maxExpiresInSeconds=31536000', { maxExpiresInSeconds: 31_536_000 }],
    ['maxCredentialSeconds=43200', { maxCredentialSeconds: 43_200 }],
    ['nonExpiring=allowed', { nonExpiring: 'allowed' }],
    ['nonExpiring=forbidden', { nonExpiring: 'forbidden' }],
    ['retrievable=false', { retrievable: false }],
    ['requireOwner=true', { requireOwner: true }],
    ['requireNetworks=false', { requireNetworks: false }],
  ])('is read from %s', (entry, rule) => expect(parseCeilingRule(entry)).toEqual(rule));

  it.each([
    ...[
      '',
      '=',
      'x=1',
      'maxExpiresInSeconds',
      'maxExpiresInSeconds=',
      'maxExpiresInSeconds=59',
      'maxExpiresInSeconds=1d',
      'maxExpiresInSeconds=6e1',
      'maxExpiresInSeconds= 60',
      'maxExpiresInSeconds=0x3c',
      'maxExpiresInSeconds=0000000060',
      'maxExpiresInSeconds=60=',
      'requireOwnertrue',
      ' requireOwner=true',
      'requireOwner=true\n',
    ],
    ...['maxExpiresInSeconds=31536001', 'maxCredentialSeconds=43201', 'nonExpiring=false', 'nonExpiring=no'],
    ...['retrievable=forbidden', 'requireOwner=1', 'requireOwner=TRUE', 'constructor=true', 'toString=1'],
  ])('is not %j', entry => expect(parseCeilingRule(entry)).toBeUndefined());

  it('has the narrower of two entries for one rule', () => {
    const entries = [
      { maxExpiresInSeconds: 600 },
      { maxExpiresInSeconds: 60 },
      { requireOwner: true },
      { requireOwner: false },
    ];
    expect(ceilingOf(entries)).toEqual({ ...WIDEST, maxExpiresInSeconds: 60, requireOwner: true });
  });

  it('is described by rules that it can be read from', () => {
    const [, rules = ''] = CEILING_SHAPE.split(', as in ');
    expect(rules.split(' or ').map(parseCeilingRule)).toEqual([
      { maxExpiresInSeconds: 2_592_000 },
      { requireOwner: true },
    ]);
  });

  it('is as wide as the API without entries', () => {
    expect(ceilingOf([])).toEqual(WIDEST);
    expect(RULE_NAMES).toHaveLength(6);
  });
});
