/** Names and patterns: the grammar, its edges, a second independent reading, and what is said of other texts. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  coveringPatterns,
  isNamespace,
  isPattern,
  isRepository,
  namespaceOf,
  namespaceProblem,
  patternProblem,
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

describe('patternProblem', () => {
  it.each([
    ['team-a/app:v1', 'holds a tag', 'team-a/app'],
    ['app:v1', 'holds a tag', 'app/*'],
    ['team-a:5b', 'holds a tag', 'team-a/*'],
    ['team-a/app:', 'holds a tag', 'team-a/app'],
    ['team-a/app@sha256:0123', 'holds a digest', 'team-a/app'],
    ['team-a/app:v1@sha256:0123', 'holds a digest', 'team-a/app'],
    ['registry.example:5000/team-a/app', 'begins with the address of a registry', 'team-a/app'],
    ['localhost:5000/team-a/app:v1', 'begins with the address of a registry', 'team-a/app'],
    ['registry.example:5000/team-a', 'begins with the address of a registry', 'team-a/*'],
    ['[::1]:5000/team-a/*', 'begins with the address of a registry', 'team-a/*'],
    ['[::1]/team-a/app', 'begins with the address of a registry', 'team-a/app'],
    ['Team-A/v2/app', 'has capital letters', 'team-a/v2/app'],
    ['https://registry.example/v2/team-a/app', 'is a URL', 'team-a/app'],
    ['docker://registry.example:5000/team-a/app:v1', 'is a URL', 'team-a/app'],
    ['team-a', 'is a namespace, not a repository', 'team-a/*'],
    ['team-a/', 'ends with a slash', 'team-a/*'],
    ['team-a/app/', 'ends with a slash', 'team-a/app/*'],
    ['/team-a/app', 'begins with a slash', 'team-a/app'],
    ['team-a//app', 'has two slashes in a row', 'team-a/app'],
    ['Team-A/app', 'has capital letters', 'team-a/app'],
    ['team-a/App', 'has capital letters', 'team-a/app'],
    ['Team-A', 'has capital letters', 'team-a/*'],
    ['team-a/*/x', 'has a * elsewhere', 'team-a/*'],
    ['team-a/**', 'has a * elsewhere', 'team-a/*'],
    ['team-a/app*', 'has a * elsewhere', 'team-a/*'],
  ])('says of %s that it %s, and offers %s', (text, says, meant) => {
    const problem = patternProblem(text);
    expect(problem).toMatch(`'${text}' ${says}`);
    expect(problem).toMatch(new RegExp(`; use '${meant.replaceAll(/[*./]/g, '\\$&')}'$`));
    expect(isPattern(meant)).toBe(true);
  });

  it.each([
    ['*', 'is no pattern; to mean every repository, leave the repositories out (null)'],
    ['**', 'is no pattern; to mean every repository, leave the repositories out (null)'],
    ['*/app', 'has a * elsewhere'],
    ['team-a/http://host/app', 'holds a tag'],
    ['team-a/host:5000/app', 'holds a tag'],
    ['team-a:v1/app', 'holds a tag'],
    ['team-a/[x/app', 'holds characters other than'],
    ['registry.example:5000', 'is the address of a registry'],
    ['https://registry.example', 'is a URL'],
    ['a/app', 'has a namespace (the first segment) outside 2 to 128 characters'],
    [`${'a'.repeat(129)}/app`, 'has a namespace (the first segment) outside 2 to 128 characters'],
    ['team-a/.app', 'has a segment that does not begin and end with a letter or digit'],
    ['team-a/../app', 'has a segment that does not begin and end with a letter or digit'],
    ['team-a/a___b', 'or other separators within'],
    ['team-a%2Fapp', 'has capital letters'],
    ['team-a%2fapp', 'holds a percent escape'],
    ['team-a/app,team-b/app', 'holds characters other than'],
  ])('says of %s that it %s, with an example', (text, says) => {
    const problem = patternProblem(text);
    expect(problem).toContain(says);
    expect(problem).toContain(`'${text}'`);
    expect(problem).toMatch(/name it like team-a\/app, or team-a\/\* for everything below$/);
  });

  it.each([
    ['', 'must not be empty'],
    ['team-a/app ', 'holds blanks'],
    ['team-ä/app', 'holds blanks or characters that are not ASCII'],
    [`team-a/${'a'.repeat(249)}`, 'has more than 255 characters'],
  ])('says of %j that it %s, without repeating it', (text, says) => {
    expect(patternProblem(text)).toContain(says);
    expect(patternProblem(text)).not.toContain("'team-a/app '");
  });

  it.each([
    'plp_0123456789',
    'plc_k1.0123456789',
    'eyJhbGciOiJFUzI1NiJ9.e30.c2ln',
    'an-api-key-0123456789-0123456789',
    'https://sts.example/?X-Amz-Signature=abc',
    'https://user:password@registry.example/team-a/app',
  ])('does not repeat %s, which may be a secret', text => {
    expect(patternProblem(text)).not.toContain(text);
  });

  it('has nothing to say of a pattern', () => {
    for (const text of ['team-a/app', 'team-a/*']) expect(patternProblem(text)).toBeUndefined();
  });
});

describe('namespaceProblem', () => {
  it.each([
    ['Team-A', 'has capital letters'],
    ['team-a/app', 'is more than the first segment of a repository name'],
    ['team-a%2Fapp', 'is more than the first segment of a repository name'],
    ['team-a/*', 'is more than the first segment'],
    ['a', 'is not 2 to 128 characters long'],
    ['a'.repeat(129), 'is not 2 to 128 characters long'],
    ['team-a:v1', 'holds a tag'],
    ['registry.example:5000', 'is the address of a registry'],
    ['*', 'is not 2 to 128 characters long'],
    ['..', 'has a segment that does not begin and end with a letter or digit'],
    ['team-%C3%A4', 'has capital letters'],
    ['', 'must not be empty'],
  ])('says of %s that it %s', (text, says) => {
    expect(isNamespace(text)).toBe(false);
    expect(namespaceProblem(text)).toContain(says);
    expect(namespaceProblem(text)).toMatch(/name it like team-a, with 2 to 128 of a-z and 0-9/);
  });

  it('has nothing to say of a namespace', () => expect(namespaceProblem('team-a')).toBeUndefined());
});
