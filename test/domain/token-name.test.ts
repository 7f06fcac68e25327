/** The names of ensured tokens. */
import { describe, expect, it } from 'vitest';
import { isTokenName } from '../../lib/domain/token-name.ts';

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
