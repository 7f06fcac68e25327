/** How items are named and read: the keys that stored data has, and what makes an item malformed. */
import { describe, expect, it } from 'vitest';
import { accountHandle } from '../../lib/domain/identifiers.ts';
import type { Key, Value } from '../../lib/ports/table.ts';
import {
  asBytes,
  asInteger,
  asOneOf,
  asQualified,
  asText,
  asTextsByName,
  asTextsThat,
  asTextThat,
  attributesOf,
  auditKey,
  CHECKPOINT_KEY,
  claimKey,
  isTombstone,
  malformed,
  nameIn,
  nonceKey,
  partition,
  partitionOf,
  read,
  readOrNull,
  registrationKey,
  requestKey,
  revokedKey,
  tokenKey,
} from '../../lib/store/items.ts';
import { errorOf } from '../support/errors.ts';
import { ACCOUNT } from '../support/records.ts';

const HANDLE = accountHandle(ACCOUNT);
const OWN = `account#${HANDLE}`;

describe('the key', () => {
  it.each<[string, Key, string, string]>([
    ['a token', tokenKey({ handle: 'h', id: 'i' }), 'account#h', 'token#i'],
    ['a claim', claimKey('team-a'), 'namespace#team-a', 'claim'],
    ['a registration', registrationKey(ACCOUNT, 'team-a'), OWN, 'namespace#team-a'],
    ['a request', requestKey(ACCOUNT, 'k'), OWN, 'request#k'],
    ['a revoked credential', revokedKey({ handle: 'h', jti: 'j' }), 'account#h', 'revoked#j'],
    ['a used nonce', nonceKey('n'), 'proof#n', 'used'],
    ['an audit record', auditKey('h', '2026', 'i'), 'account#h', 'audit#2026#i'],
    ['the checkpoint', CHECKPOINT_KEY, 'cleanup', 'checkpoint'],
  ])('of %s stays what stored data has', (_, key, pk, sk) => {
    expect(key).toEqual({ pk, sk });
  });

  it('of an account is its partition', () => {
    expect([partition('h'), partitionOf(ACCOUNT)]).toEqual(['account#h', OWN]);
  });

  it('gives the name behind its prefix, in either part', () => {
    const item = { pk: 'namespace#team-a', sk: 'request#k' };
    expect([nameIn(item, 'pk', 'namespace#'), nameIn(item, 'sk', 'request#')]).toEqual(['team-a', 'k']);
    expect(errorOf(() => nameIn(item, 'sk', 'namespace#')).details.reason).toContain('sk is malformed');
  });
});

describe('an attribute', () => {
  const BYTES = Uint8Array.of(1, 2);
  const isShort = (text: string) => text.length < 3;
  it.each<[string, (value: Value) => unknown, Value[], Value[]]>([
    ['a text', asText, ['', 'x'], [1, null, BYTES, ['x'], { a: 'x' }]],
    ['a whole number', asInteger, [0, -1], ['1', null, 1.5, 2 ** 53, Number.NaN]],
    ['so many bytes', asBytes(2), [BYTES], [Uint8Array.of(1), 'ab', null, ['a', 'b']]],
    ['one of some words', asOneOf('a', 'b'), ['a', 'b'], ['c', '', 1, null]],
    ['a text of a kind', asTextThat(isShort), ['', 'ab'], ['abc', 1, null, ['ab']]],
    ['texts of a kind', asTextsThat(isShort), [[], ['ab', '']], [['ab', 'abc'], 'ab', null, { a: 'b' }]],
    ['a map of texts', asTextsByName, [{}, { a: 'b' }], [null, 'a', 1, ['a'], BYTES]],
    [
      'a qualified name',
      asQualified,
      ['dev:acme', 'dev:a:b'],
      ['dev:', 'acme', ':acme', 'D:x', 'dev:a b', 1, null],
    ],
  ])('is %s or is malformed', (_, parse, good, bad) => {
    for (const value of good) expect([value, parse(value)]).toEqual([value, value]);
    for (const value of bad) expect([value, parse(value)]).toEqual([value, undefined]);
  });

  it('may be absent or must be there', () => {
    const item = { pk: 'p', sk: 's', n: 0, odd: 'x' };
    expect([read(item, 'n', asInteger), readOrNull(item, 'n', asInteger)]).toEqual([0, 0]);
    expect(readOrNull(item, 'none', asInteger)).toBeNull();
    for (const act of [
      () => read(item, 'none', asInteger),
      () => read(item, 'odd', asInteger),
      () => readOrNull(item, 'odd', asInteger),
    ]) {
      expect(errorOf(act)).toMatchObject({
        code: 'internal',
        details: { reason: expect.stringMatching(/^stored item p s: (none|odd) is malformed$/) },
      });
    }
  });

  it('that is null or undefined is not stored', () => {
    expect(attributesOf({ a: 0, b: '', c: null, d: undefined, e: [] })).toEqual({ a: 0, b: '', e: [] });
  });

  it('that is malformed is named with its key, and never with its value', () => {
    const error = malformed({ pk: 'p', sk: 's', secret: 'x' }, 'secret');
    expect([error.code, error.details.reason]).toEqual(['internal', 'stored item p s: secret is malformed']);
  });

  it('says whether the item is a tombstone', () => {
    expect([isTombstone({ pk: 'p', sk: 's', removedAt: 0 }), isTombstone({ pk: 'p', sk: 's' })]).toEqual([
      true,
      false,
    ]);
  });
});
