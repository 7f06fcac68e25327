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
    'ci-Abcdefghij0123456789',
    '0aB4567890123456789x.1',
  ])('may not be %s, which looks like a secret', name => expect(isTokenName(name)).toBe(false));

  it.each(['abcdefghij0123456789', 'ABCDEFGHIJ0123456789', 'AbcdefghijAbcdefghij', 'Abcdefghij-0123456789'])(
    'may be %s, which has only a part of that',
    name => expect(isTokenName(name)).toBe(true),
  );
});
