/** Accounts and subjects: one spelling each, qualified by their issuer; a handle that spells nothing out. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  accountHandle,
  HANDLE_LENGTH,
  isIdentifierValue,
  isIssuerKey,
  qualify,
} from '../../lib/domain/account.ts';
import { encodeBase62 } from '../../lib/domain/identifiers.ts';
import { account } from './arbitraries.ts';

describe('isIssuerKey', () => {
  it.each(['a', 'ibm', 'dev', 'x-1', 'a'.repeat(32)])('takes %j', key => expect(isIssuerKey(key)).toBe(true));
  it.each([
    ...[
      '',
      'A',
      'Ibm',
      'iBm',
      '1a',
      '-a',
      'a_b',
      'a.b',
      'a:b',
      'a b',
      'ibm\n',
      '\nibm',
      ' ibm',
      'é',
      'a'.repeat(33),
    ],
  ])('refuses %j', key => expect(isIssuerKey(key)).toBe(false));
});

describe('isIdentifierValue', () => {
  it.each(['!', '~', 'IBMid-1', 'a:b', 'arn:aws:iam::1:role/x', 'x'.repeat(256)])('takes %j', value => {
    expect(isIdentifierValue(value)).toBe(true);
  });
  it.each([
    ...['', ' ', 'a b', ' a', 'a ', 'a\n', '\na', 'a\tb', '\0', '\x7f', 'é', '\u200b', 'x'.repeat(257)],
    ...[undefined, null, 0, 1, true, ['a'], { toString: () => 'a' }, Symbol.iterator],
  ])('refuses %s', value => expect(isIdentifierValue(value)).toBe(false));
});

it('a qualified name is the issuer, a colon, the value', () => {
  expect(qualify('ibm', 'a:b')).toBe('ibm:a:b');
});

describe('accountHandle', () => {
  it('never changes, because records and tokens are found by it', () => {
    expect(accountHandle('ibm:0123456789abcdef0123456789abcdef')).toBe('ByGLtf3VYiFLlrq1');
  });
  it('is sixteen digits of base62 for every account', () => {
    fc.assert(fc.property(account, of => /^[0-9A-Za-z]{16}$/.test(accountHandle(of))));
    expect(HANDLE_LENGTH).toBe(16);
  });
  it('differs between accounts', () => {
    fc.assert(fc.property(account, account, (a, b) => (a === b) === (accountHandle(a) === accountHandle(b))));
  });
  it('is the beginning of a labelled hash', () => {
    const digest = createHash('sha256').update('pullpass account').update('dev:one').digest();
    expect(accountHandle('dev:one')).toBe(encodeBase62(digest).slice(0, 16));
  });
});
