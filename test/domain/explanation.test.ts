/** Explanations of a login: what each step says of a token, a policy and a trust, word for word. */
import { describe, expect, it } from 'vitest';
import {
  listOf,
  policySteps,
  refusedToken,
  type Step,
  shown,
  type TokenRefusal,
  trustSteps,
  usableToken,
} from '../../lib/domain/explanation.ts';
import { accountHandle } from '../../lib/domain/identifiers.ts';
import type { Trust, Workload } from '../../lib/domain/trust.ts';
import { ACCOUNT, aToken, aTrust, NOW } from '../support/records.ts';

const ADDRESS = '192.0.2.1';
const USE = { now: NOW, sourceAddress: ADDRESS };
const step = (check: Step['check'], result: Step['result'], detail: string): Step => ({
  check,
  result,
  detail,
});

describe('a token that is refused', () => {
  const past = aToken({ expiresAt: NOW - 1 });
  const off = aToken({ disabled: { at: NOW, by: 'dev:ann' } });
  const bound = aToken({ networks: ['10.0.0.0/8', '2001:db8::/32'] });
  it.each<[TokenRefusal, typeof past | undefined, string]>([
    ['unknown', undefined, 'This account has no such token.'],
    ['removed', undefined, 'The token was removed.'],
    ['expired', past, 'The token expired at 2026-11-21T06:59:59Z.'],
    ['expired', undefined, 'The token had expired.'],
    ['expired', aToken({ expiresAt: null }), 'The token had expired.'],
    ['disabled', off, 'The token was disabled at 2026-11-21T07:00:00Z by dev:ann.'],
    ['disabled', undefined, 'The token was disabled.'],
    ['disabled', past, 'The token was disabled.'],
    ['superseded', off, 'The token was rotated, and the value that was presented has ended.'],
    ['wrong-secret', past, 'There is such a token, and what was presented is none of its values.'],
  ])('as %s', (refusal, token, detail) => {
    expect(refusedToken(refusal, token, ADDRESS)).toEqual(step('token', 'failed', detail));
  });

  const THEN = 'was used from outside the networks that it had then';
  it.each<[typeof past | undefined, string | undefined, string]>([
    [bound, ADDRESS, 'is good from 10.0.0.0/8, 2001:db8::/32 only, and 192.0.2.1 is in none of them'],
    [bound, undefined, 'is good from 10.0.0.0/8, 2001:db8::/32 only, and no address was given'],
    [bound, '10.0.0.1', THEN],
    [aToken(), ADDRESS, THEN],
    [undefined, ADDRESS, THEN],
  ])('outside its networks, which may have changed since', (token, address, words) => {
    const expected = step('network', 'failed', `The token ${words}.`);
    expect(refusedToken('outside-networks', token, address)).toEqual(expected);
  });
});

describe('a token that is good', () => {
  const enabled = step('token', 'passed', 'The token is enabled and never expires.');
  const replaced = step('token', 'note', 'The token was rotated: a login with an earlier value is refused.');
  const former = (expiresAt: number) => ({ generation: 2, previous: { hash: Buffer.alloc(32), expiresAt } });
  it.each<[string, Parameters<typeof aToken>[0], Step[]]>([
    ['says that it never expires', {}, [enabled]],
    [
      'says when it expires',
      { expiresAt: NOW + 60 },
      [step('token', 'passed', 'The token is enabled and expires at 2026-11-21T07:01:00Z.')],
    ],
    [
      'says where it may be used',
      { networks: ['192.0.2.0/24'] },
      [enabled, step('network', 'passed', 'The token is good from 192.0.2.0/24, and 192.0.2.1 is there.')],
    ],
    [
      'says until when the value before works',
      former(NOW + 1),
      [
        enabled,
        step('token', 'note', 'The token was rotated: the value before works until 2026-11-21T07:00:01Z.'),
      ],
    ],
    ['says that the value before has ended', former(NOW), [enabled, replaced]],
    ['says that no value before works', { generation: 2, previous: null }, [enabled, replaced]],
  ])('%s', (_, facts, steps) => {
    expect(usableToken(aToken({ expiresAt: null, ...facts }), USE)).toEqual(steps);
  });
});

describe('the policies of an identity', () => {
  it('are none', () => {
    const detail =
      'No policy of this account, and no configuration, names dev:bob. Its groups are known at a login alone.';
    expect(policySteps('dev:bob', [])).toEqual([step('policy', 'failed', detail)]);
  });
  it('are a step each, with where it counts', () => {
    const steps = policySteps('dev:bob', [
      { role: 'administrator', repositories: null, source: 'configuration' },
      { role: 'reader', repositories: ['a/b', 'a/c'], source: { policy: 'p1' } },
    ]);
    expect(steps).toEqual([
      step(
        'policy',
        'passed',
        'The configuration makes dev:bob administrator of every repository of the account.',
      ),
      step('policy', 'passed', 'The policy p1 makes dev:bob reader of a/b, a/c.'),
    ]);
  });
});

describe('the trusts of an issuer', () => {
  const workload: Workload = {
    issuer: 'github',
    platform: 'github',
    handle: accountHandle(ACCOUNT),
    subject: 'github:repo',
    claims: { repository_id: '74', run_attempt: 2, ref_protected: true },
    expiresAt: NOW + 60,
  };
  const trust = (id: string, claims: Trust['claims'], facts: Partial<Trust> = {}) =>
    aTrust({ id, issuer: 'github', claims, ...facts });
  const good = trust('t1', { repository_id: '74' });

  it('are none', () => {
    expect(trustSteps([], workload, USE)).toEqual([
      step('trust', 'failed', 'This account has no trust in github.'),
    ]);
  });

  it.each<[string, Trust['claims'], string]>([
    ['another claim', { repository_id: '75' }, 'its repository_id is "75", and the workload has "74"'],
    ['a claim that is not there', { ref: 'x' }, 'its ref is "x", and the workload has no such claim'],
    [
      'a number for a text',
      { run_attempt: '2' },
      'its run_attempt is "2", and the workload has 2, which is no string',
    ],
    ['another number', { run_attempt: '3' }, 'its run_attempt is "3", and the workload has 2'],
    ['no claim', {}, 'it names no claim'],
  ])('do not match for %s', (_, claims, words) => {
    expect(trustSteps([trust('t1', claims)], workload, USE)).toEqual([
      step('trust', 'failed', `The trust t1 does not match: ${words}.`),
    ]);
  });

  it('do not match for a claim that says undefined in words', () => {
    expect(trustSteps([trust('t1', { ref: 'undefined' })], workload, USE)).toEqual([
      step(
        'trust',
        'failed',
        'The trust t1 does not match: its ref is "undefined", and the workload has no such claim.',
      ),
    ]);
  });

  it('match from elsewhere', () => {
    const bound = trust('t1', { repository_id: '74' }, { networks: ['10.0.0.0/8'] });
    const detail =
      'The trust t1 matches, and is good from 10.0.0.0/8 only, and 192.0.2.1 is in none of them.';
    expect(trustSteps([bound], workload, USE)).toEqual([step('network', 'failed', detail)]);
  });

  it('match: one is enough, and what the others say is a note', () => {
    const other = trust('t2', { repository_id: '75' });
    expect(trustSteps([other, good], workload, USE)).toEqual([
      step(
        'trust',
        'note',
        'The trust t2 does not match: its repository_id is "75", and the workload has "74".',
      ),
      step('trust', 'passed', 'The trust t1 matches.'),
    ]);
  });
});

describe('what a step shows', () => {
  it('of a value is its JSON, as far as 512 characters', () => {
    expect(shown({ a: ['x'] })).toBe('{"a":["x"]}');
    expect(shown('x'.repeat(510))).toBe(`"${'x'.repeat(510)}"`);
    expect(shown('x'.repeat(511))).toBe(`"${'x'.repeat(511)}…`);
  });
  it('of a list is eight, and how many more', () => {
    const texts = [...'abcdefghi'];
    expect(listOf(texts.slice(0, 8))).toBe('a, b, c, d, e, f, g, h');
    expect(listOf(texts)).toBe('a, b, c, d, e, f, g, h and 1 more');
  });
});
