/** The names of ensured tokens: which there are, how long they are kept, and when their token may still be on its way. */
import { describe, expect, it } from 'vitest';
import { UUID_RANDOM_BYTES, uuidV7 } from '../../lib/domain/identifiers.ts';
import { isBeingAdded, isNew, isTokenName, nameEnd } from '../../lib/domain/token-name.ts';

it.each([
  [0, 172_800],
  [1000, 173_800],
  [null, null],
])('the name of a token that ends at %s is kept until %s', (expiresAt, end) =>
  expect(nameEnd(expiresAt)).toBe(end),
);

describe('a token whose id was made', () => {
  const MADE = 1_795_244_400_123;
  const id = uuidV7(MADE, Buffer.alloc(UUID_RANDOM_BYTES, 0xff));
  it.each([
    [0, true, true],
    [499, true, true],
    [500, false, true],
    [29_999, false, true],
    [30_000, false, false],
    [-499, true, true],
    [-500, false, true],
    [-29_999, false, true],
    [-30_000, false, false],
  ])('%s ms ago is new: %s, and may be about to be added: %s', (ago, isNewOne, mayCome) => {
    expect([isNew(id, MADE + ago), isBeingAdded(id, MADE + ago)]).toEqual([isNewOne, mayCome]);
  });
});

describe('the name of a token', () => {
  it.each([
    'a',
    'Z9',
    'ci',
    'build-farm_2.eu',
    'production-cluster-eu-west-1-pull',
    'Team-A',
    'a'.repeat(63),
  ])('may be %s', name => expect(isTokenName(name)).toBe(true));

  it.each(['', '-a', 'a-', '.', 'a b', 'a/b', 'ä', 'a\n', 'a'.repeat(64)])('may not be %j', name =>
    expect(isTokenName(name)).toBe(false),
  );

  it.each([
    'TwwWhqGg43tdqEzn7NhBO3RFqqUl1Y00mZdqhPkEAvq',
    'key-0123456789abcdef0123456789abcdef',
    'a23456789012345678901234.1',
  ])('may not be %s, which looks like a secret', name => expect(isTokenName(name)).toBe(false));

  it.each(['a'.repeat(40), '0'.repeat(40), 'a2345678901234567890123', 'abcdefghijklm-0123456789012'])(
    'may be %s, which has only a part of that',
    name => expect(isTokenName(name)).toBe(true),
  );
});
