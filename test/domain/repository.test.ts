/** Names and patterns: the grammar, its edges, and the same by a second, independent reading. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  coveringPatterns,
  isNamespace,
  isPattern,
  isRepository,
  namespaceOf,
} from '../../lib/domain/repository.ts';
import { nearName, pattern, repository } from './arbitraries.ts';
import { reaches, readsAsNamespace, readsAsPattern, readsAsRepository } from './oracles/repository.ts';

const a = (count: number) => 'a'.repeat(count);

const SEGMENTS = ['team', 'ab', '00', 'a.b', 'a_b', 'a__b', 'a-b', 'a--b', 'a------b', 'a.b_c__d-e', a(128)];
const NO_SEGMENTS = [
  ...[
    '',
    'a/b',
    'Team',
    'tEam',
    'a..b',
    'a___b',
    'a._b',
    'a-_b',
    'a.-b',
    '.ab',
    '-ab',
    '_ab',
    'ab.',
    'ab-',
    'ab_',
  ],
  ...[
    '.',
    '..',
    '-',
    '__',
    'a b',
    ' ab',
    'ab ',
    'ab\n',
    '\nab',
    'ab\0',
    'ab\nab',
    'a%2fb',
    'a:b',
    'a,b',
    'a*',
    '*',
    'é',
    'aé',
  ],
  ...['ａｂ', 'a\u212ab', 'ab\u200b', 'ab\ud800'],
];

describe('isNamespace', () => {
  it.each(SEGMENTS)('accepts %j', name => expect(isNamespace(name)).toBe(true));
  it.each(NO_SEGMENTS)('refuses %j', name => expect(isNamespace(name)).toBe(false));
  it('accepts two to 128 bytes', () => {
    expect([1, 2, 128, 129].map(length => isNamespace(a(length)))).toEqual([false, true, true, false]);
  });
});

describe('isRepository', () => {
  it.each(SEGMENTS)('accepts %j as a namespace and below one', name => {
    expect(isRepository(`${name}/app`)).toBe(true);
    expect(isRepository(`team/${name}`)).toBe(true);
    expect(isRepository(`team/${name}/web`)).toBe(true);
  });
  it.each(NO_SEGMENTS.filter(name => name !== 'a/b'))('refuses %j as any segment', name => {
    expect(isRepository(`${name}/app`)).toBe(false);
    expect(isRepository(`team/${name}`)).toBe(false);
    expect(isRepository(`team/${name}/web`)).toBe(false);
  });
  it('refuses a bare namespace', () => expect(isRepository('team')).toBe(false));
  it.each(['/', 'team/', '/team/app', 'team//app', 'team/app/'])('refuses the empty segment in %j', name => {
    expect(isRepository(name)).toBe(false);
  });
  it('accepts one byte below a namespace, but no namespace of one byte', () => {
    expect(isRepository('ab/c')).toBe(true);
    expect(isRepository('a/bc')).toBe(false);
  });
  it('accepts 255 bytes and refuses 256', () => {
    expect(isRepository(`team/${a(250)}`)).toBe(true);
    expect(isRepository(`team/${a(251)}`)).toBe(false);
  });
  it('refuses a namespace above 128 bytes', () => {
    expect(isRepository(`${a(128)}/b`)).toBe(true);
    expect(isRepository(`${a(129)}/b`)).toBe(false);
  });
  it('does not hang on a hostile name', () => {
    expect(isRepository(`${'a-'.repeat(500_000)}!`)).toBe(false);
    expect(isRepository(`team/${'a-'.repeat(120)}!`)).toBe(false);
    expect(isPattern(`${'a-'.repeat(120)}!/*`)).toBe(false);
  });
});

describe('isPattern', () => {
  it.each(['team/app', 'team/app/web', 'team/*', 'team/app/*', 'ab/*', `${a(128)}/*`])('accepts %j', text => {
    expect(isPattern(text)).toBe(true);
  });
  it.each([
    ...[
      '',
      '*',
      '/*',
      '*/*',
      '**',
      'team',
      'team/',
      'team*',
      'team/a*',
      'team/*/app',
      'team/**',
      'team/*/*',
      '*/app',
    ],
    ...[
      'a/*',
      'Team/*',
      'team//*',
      '/team/*',
      'team/../*',
      'team%2f*',
      'team/*\n',
      'team/* ',
      ' team/*',
      `${a(129)}/*`,
    ],
  ])('refuses %j', text => expect(isPattern(text)).toBe(false));
  it('accepts a prefix that leaves room for one more byte', () => {
    expect(isPattern(`team/${a(248)}/*`)).toBe(true);
    expect(isRepository(`team/${a(248)}/b`)).toBe(true);
    expect(isPattern(`team/${a(249)}/*`)).toBe(false);
    expect(isPattern(`team/${a(250)}`)).toBe(true);
    expect(isPattern(`team/${a(251)}`)).toBe(false);
  });
});

describe('the patterns that cover a repository', () => {
  const OUTSIDE = [
    'team-evil/app',
    'team.evil/app',
    'teams/app',
    'tea/app',
    'Team/app',
    'team%2fapp',
    'evil/team/app',
    'team',
  ];
  it.each(OUTSIDE)('team/* never matches %j', name =>
    expect(coveringPatterns(name).includes('team/*')).toBe(false),
  );
  it.each(['team/app', 'team/app/web', 'team/app/web/x'])('team/* matches %j', name => {
    expect(coveringPatterns(name).includes('team/*')).toBe(true);
  });
  it.each(['team/app', 'team/app2/web', 'team/web/app/x'])('team/app/* does not match %j', name => {
    expect(coveringPatterns(name).includes('team/app/*')).toBe(false);
  });
  it.each(['team/app/web', 'team/ap', 'team/app2', 'xteam/app', 'team/App', 'team'])(
    'does not reach %j from team/app',
    name => {
      expect(coveringPatterns(name).includes('team/app')).toBe(false);
    },
  );
  it('matches exactly the repository that it names', () => {
    expect(coveringPatterns('team/app').includes('team/app')).toBe(true);
  });
});

it.each([
  ['team', ['team']],
  ['team/app', ['team/app', 'team/*']],
  ['team/app/web', ['team/app/web', 'team/*', 'team/app/*']],
  ['team/app/*', ['team/app/*', 'team/*', 'team/app/*']],
])('%s is covered by itself and the prefixes above it, and by nothing else', (name, expected) => {
  expect(coveringPatterns(name)).toEqual(expected);
});

describe('namespaceOf', () => {
  it.each([
    ['team/app', 'team'],
    ['team/app/web', 'team'],
    ['team/*', 'team'],
    ['team', 'team'],
    ['/app', ''],
    ['', ''],
  ])('of %j is %j', (name, namespace) => expect(namespaceOf(name)).toBe(namespace));
});

describe('an independent reading', () => {
  it('agrees on 12 000 names near the grammar', () => {
    let [inputs, good] = [0, 0];
    fc.assert(
      fc.property(nearName, name => {
        inputs++;
        if (isRepository(name) || isPattern(name)) good++;
        expect([isNamespace(name), isRepository(name), isPattern(name)]).toEqual([
          readsAsNamespace(name),
          readsAsRepository(name),
          readsAsPattern(name),
        ]);
      }),
      { numRuns: 12_000 },
    );
    expect(inputs).toBeGreaterThanOrEqual(12_000);
    expect(good / inputs).toBeGreaterThan(0.2);
    expect(good / inputs).toBeLessThan(0.8);
  });

  it('agrees on 12 000 pairs of pattern and repository', () => {
    let [inputs, matched] = [0, 0];
    const below = fc.tuple(pattern, repository).map(([of, name]) => ({ of, name: of.replace('*', name) }));
    const any = fc.record({ of: pattern, name: repository });
    fc.assert(
      fc.property(fc.oneof(any, below), ({ of, name }) => {
        inputs++;
        if (reaches(of, name)) matched++;
        expect(coveringPatterns(name).includes(of)).toBe(reaches(of, name));
      }),
      { numRuns: 12_000 },
    );
    expect(inputs).toBeGreaterThanOrEqual(12_000);
    expect(matched / inputs).toBeGreaterThan(0.1);
  });
});
