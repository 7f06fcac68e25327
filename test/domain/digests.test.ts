/** Sets of names by their digests: what is in them, and what is hashed to find that out. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digestsOf, namesIn, parseDigests } from '../../lib/domain/digests.ts';

const JTI = 'AAECAwQFBgcICQoLDA0ODw';
const name = fc.string({ unit: fc.constantFrom('a', 'b', '/', '*', 'é'), maxLength: 8 });

describe('a set of digests', () => {
  it('holds the names that it was made of, and no others', () => {
    fc.assert(
      fc.property(fc.array(name, { minLength: 1 }), fc.array(name), (some, others) => {
        const set = digestsOf(some, JTI);
        expect(parseDigests(set.digests)).toEqual(set);
        expect(namesIn(set, [...some, ...others], JTI)).toEqual([
          ...new Set([...some, ...others].filter(each => some.includes(each))),
        ]);
      }),
      { numRuns: 500 },
    );
  });

  it('has 16 characters for each name, of which the first is for the depth', () => {
    const { digests } = digestsOf(['a', 'a/b', `a${'/b'.repeat(64)}`, `a${'/b'.repeat(127)}`], JTI);
    expect(digests).toMatch(/^A[\w-]{15}B[\w-]{15}A[\w-]{15}_[\w-]{15}$/);
    expect(digestsOf(['/a'], JTI).digests).toMatch(/^B/);
  });

  it('is another one for another credential', () => {
    const set = digestsOf(['team/app'], JTI);
    expect(namesIn(set, ['team/app'], `B${JTI.slice(1)}`)).toEqual([]);
    expect(digestsOf(['team/app'], `B${JTI.slice(1)}`)).not.toEqual(set);
  });

  it.each([
    undefined,
    null,
    '',
    7,
    ['A'.repeat(16)],
    'A'.repeat(15),
    'A'.repeat(17),
    '+'.repeat(16),
    `${'A'.repeat(16)}\n`,
  ])('is not read from %j', value => expect(parseDigests(value)).toBeUndefined());
});
