/** Namespace claims: one owner for each name, and a released name kept for its last owner. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decideRegistration,
  isHeldBy,
  type NamespaceClaim,
  parseRegistrationRule,
  type RegistrationRules,
  release,
} from '../../lib/domain/namespace.ts';

const [ME, OTHER, THIRD] = ['ibm:me', 'ibm:other', 'ibm:third'] as const;

const held = (account: NamespaceClaim['account'], epoch = 4): NamespaceClaim => ({
  name: 'team',
  account,
  state: 'held',
  epoch,
});
const released = (account: NamespaceClaim['account']) => release(held(account));

describe('isHeldBy', () => {
  it.each([
    ['without a claim', undefined, false],
    ['the account holds it', held(ME), true],
    ['the account released it', released(ME), false],
    ['another holds it', held(OTHER), false],
    ['another released it', released(OTHER), false],
  ] as const)('%s', (_, claim, expected) => expect(isHeldBy(claim, ME)).toBe(expected));
});

describe('decideRegistration', () => {
  const exact: RegistrationRules = [{ account: ME, pattern: 'team' }];
  const prefix: RegistrationRules = [{ account: ME, pattern: 'te*' }];
  const any: RegistrationRules = [{ account: ME, pattern: '*' }];
  const others: RegistrationRules = [{ account: OTHER, pattern: 'team' }];
  const elsewhere: RegistrationRules = [{ account: ME, pattern: 'tea' }];

  type Row = readonly [claim: NamespaceClaim | undefined, rules: RegistrationRules, kind: string];
  const DECIDED: Record<string, Row> = {
    'a free name, registration open': [undefined, 'open', 'claim'],
    'a free name, registration closed': [undefined, [], 'closed'],
    'a free name that a rule names': [undefined, exact, 'claim'],
    'a free name below a prefix': [undefined, prefix, 'claim'],
    'a free name under a star': [undefined, any, 'claim'],
    'a free name that a rule gives to another': [undefined, others, 'closed'],
    'a free name that begins like a rule': [undefined, elsewhere, 'closed'],
    'a free name, by the second rule': [undefined, [...elsewhere, ...exact], 'claim'],
    'my own name, registration open': [held(ME), 'open', 'already-held'],
    'my own name, registration closed': [held(ME), [], 'already-held'],
    'a name that another holds, registration open': [held(OTHER), 'open', 'taken'],
    'a name that another holds, which a rule gives to me': [held(OTHER), exact, 'taken'],
    'a name that another holds, registration closed': [held(OTHER), [], 'closed'],
    'a name that I released, registration open': [released(ME), 'open', 'claim'],
    'a name that I released, below a prefix': [released(ME), prefix, 'claim'],
    'a name that I released, registration closed': [released(ME), [], 'closed'],
    'a name that another released, registration open': [released(OTHER), 'open', 'taken'],
    'a name that another released, below a prefix': [released(OTHER), prefix, 'taken'],
    'a name that another released, under a star': [released(OTHER), any, 'taken'],
    'a name that another released, which the operator gives to me by name': [released(OTHER), exact, 'claim'],
    'the same, beside a prefix': [released(OTHER), [...prefix, ...exact], 'claim'],
    'a name that another released, which the operator gives to a third': [
      released(OTHER),
      [...any, { account: THIRD, pattern: 'team' }],
      'taken',
    ],
  };
  it.each(Object.entries(DECIDED))('%s', (_, [claim, rules, kind]) => {
    const decision = decideRegistration({ name: 'team', account: ME }, claim, rules);
    expect(decision.kind).toBe(kind);
    if (decision.kind !== 'claim') return;
    expect(decision.claim).toEqual({
      name: 'team',
      account: ME,
      state: 'held',
      epoch: (claim?.epoch ?? 0) + 1,
    });
  });

  it('counts the first registration as 1', () => {
    expect(decideRegistration({ name: 'team', account: ME }, undefined, 'open')).toMatchObject({
      claim: { epoch: 1 },
    });
  });

  it('never takes a held name from its owner, in any sequence of acts', () => {
    const act = fc.record({
      who: fc.constantFrom(ME, OTHER, THIRD),
      verb: fc.constantFrom('register', 'release'),
    });
    const rules = fc.constantFrom<RegistrationRules>(
      'open',
      [ME, OTHER, THIRD].map(account => ({ account, pattern: 'te*' })),
      [ME, OTHER, THIRD].map(account => ({ account, pattern: 'team' })),
    );
    fc.assert(
      fc.property(fc.array(act), rules, (acts, under) => {
        let claim: NamespaceClaim | undefined;
        for (const { who, verb } of acts) {
          const before = claim;
          if (verb === 'register') {
            const decision = decideRegistration({ name: 'team', account: who }, claim, under);
            if (decision.kind === 'claim') claim = decision.claim;
          } else if (claim !== undefined && isHeldBy(claim, who)) claim = release(claim);
          if (before?.state === 'held' && before.account !== who) expect(claim).toBe(before);
          expect(claim?.epoch ?? 0).toBeGreaterThanOrEqual(before?.epoch ?? 0);
          if (claim?.state === 'held' && before?.state !== 'held')
            expect(claim.epoch).not.toBe(before?.epoch);
        }
      }),
    );
  });
});

describe('release', () => {
  it('keeps owner, name and epoch', () => {
    expect(release(held(ME, 9))).toEqual({ name: 'team', account: ME, state: 'released', epoch: 9 });
  });
});

describe('parseRegistrationRule', () => {
  it.each([
    ['ibm:acme=team', 'ibm:acme', 'team'],
    ['ibm:acme=*', 'ibm:acme', '*'],
    ['aws:aws:123456789012=te*', 'aws:aws:123456789012', 'te*'],
    ['dev:a=b=team', 'dev:a=b', 'team'],
  ])('reads %j', (text, account, pattern) => {
    expect(parseRegistrationRule(text)).toEqual({ account, pattern });
  });
  it.each([
    ...[
      '',
      '=',
      ':=',
      'open',
      'team',
      'ibm:acme',
      'ibm=team',
      '=team',
      'ibm:=team',
      ':acme=team',
      'ibm:acme=',
    ],
    ...['IBM:acme=team', 'i_m:acme=team', ' ibm:acme=team', 'ibm:ac me=team', 'ibm:é=team', 'ibm:acme =team'],
    ...[
      'ibm:acme=team=',
      'ibm:acme=team\n',
      'ibm:a\nb=team',
      'ibm:acme= team',
      'x\nibm:acme=team',
      'ibm:acme=team\n=x',
    ],
  ])('refuses %j as a whole', text => expect(parseRegistrationRule(text)).toBeUndefined());
  it.each([
    '*',
    'team',
    'te*',
    'a*',
    '0*',
    'team-*',
    'team.*',
    'team_*',
    'a.b-c',
    `${'a'.repeat(127)}*`,
    'a'.repeat(128),
  ])('takes %j', pattern => expect(parseRegistrationRule(`ibm:acme=${pattern}`) !== undefined).toBe(true));
  it.each([
    ...[
      '',
      '**',
      '*a',
      'te*m',
      'te**',
      'Team',
      'Te*',
      'tE*',
      'team/app',
      'team/*',
      'a',
      '-a*',
      '.*',
      '_x*',
      'te* ',
      ' te*',
      'te*\n',
    ],
    ...['\nte*', 'é*', 'te%*', `${'a'.repeat(128)}*`, 'a'.repeat(129)],
  ])('refuses %j', pattern => expect(parseRegistrationRule(`ibm:acme=${pattern}`) !== undefined).toBe(false));
});
