/** Generated names, patterns and scopes: grammatical ones, and those that are almost so. */
import fc from 'fast-check';
import type { Account } from '../../lib/domain/identifiers.ts';
import type { Pattern } from '../../lib/domain/repository.ts';

const word = fc.string({ unit: fc.constantFrom('a', 'b', 'z', '0', '9'), minLength: 1, maxLength: 3 });
const separator = fc.constantFrom('.', '_', '__', '-', '--');

/** One segment of the name grammar, of at least two bytes. */
const segment = fc
  .tuple(fc.constantFrom('aa', 'team', 'x0'), fc.array(fc.tuple(separator, word), { maxLength: 2 }))
  .map(([head, tail]) => head + tail.flat().join(''));

/** A few close namespaces, so that generated sets meet. */
export const namespace = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('team', 'team-evil', 'team.x', 'tea') },
  segment,
);

const shortName = fc.oneof(fc.constantFrom('app', 'app2', 'web'), segment);

/** A grammatical repository name of two to four segments. */
export const repository = fc
  .tuple(namespace, fc.array(shortName, { minLength: 1, maxLength: 3 }))
  .map(parts => parts.flat().join('/'));

/** A grammatical pattern. */
export const pattern: fc.Arbitrary<Pattern> = fc.oneof(
  repository,
  repository.map(name => `${name}/*`),
  namespace.map(name => `${name}/*`),
);

/** An account as an issuer may name it: printable ASCII behind the key. */
export const account: fc.Arbitrary<Account> = fc
  .tuple(
    fc.constantFrom('ibm', 'dev', 'aws'),
    fc.string({ unit: fc.constantFrom('a', '0', ':', '/', '~', '!'), minLength: 1, maxLength: 12 }),
  )
  .map(([issuer, value]) => `${issuer}:${value}` as const);

const ODD = [
  ...[
    '',
    '/',
    '//',
    '..',
    '.',
    '-',
    '--',
    '_',
    '__',
    '___',
    '*',
    '/*',
    '*/',
    'A',
    'Team',
    'é',
    'ö',
    '\uff0f',
  ],
  ...['%2f', '%2F', '%00', '\0', '\n', '\t', ' ', '\\', ':', '::', ',', ',,', '(plugin)', '(', ')', ':5000'],
  ...['a'.repeat(130), 'a/'.repeat(130), '\ud800', '\u212a', 'localhost:5000/'],
];

/** `texts` with one odd fragment put in, or put in the place of a few characters. */
function nearly(texts: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc
    .tuple(texts, fc.nat(400), fc.nat(3), fc.constantFrom(...ODD))
    .map(([text, place, removed, odd]) => {
      const at = place % (text.length + 1);
      return text.slice(0, at) + odd + text.slice(at + removed);
    });
}

/** Odd fragments and words in any order. */
const rubble = fc
  .array(fc.constantFrom(...ODD, 'a', 'team', 'app', 'repository', 'registry', 'pull', 'push', 'catalog'), {
    maxLength: 7,
  })
  .map(parts => parts.join(''));

export const nearName = fc.oneof(repository, pattern, nearly(repository), nearly(pattern), rubble);

const type = fc.constantFrom('repository', 'repository(plugin)', 'registry', 'Repository', '');
const actions = fc
  .array(fc.constantFrom('pull', 'push', 'delete', '*', '', 'PULL', 'pul'), { maxLength: 4 })
  .map(list => list.join(','));
const scope = fc
  .tuple(type, fc.oneof(repository, fc.constantFrom('catalog', 'localhost:5000/a/b', '')), actions)
  .map(parts => parts.join(':'));

/** One value of a `scope` parameter: a few scopes, or what is almost one. */
export const nearScope = fc.oneof(
  scope,
  nearly(scope),
  fc.array(scope, { maxLength: 3 }).map(list => list.join(' ')),
  rubble,
);
