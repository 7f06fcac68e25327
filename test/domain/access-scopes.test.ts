/** Scopes: read as distribution writes them, and the same by a second, independent reading. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseScopes } from '../../lib/domain/access.ts';
import { errorOf } from '../support/errors.ts';
import { nearScope } from './arbitraries.ts';
import { readsAsRepository } from './oracles/repository.ts';
import { readScopes } from './oracles/scope.ts';

function parse(...values: string[]): [string, string, string[]][] {
  return parseScopes(values).map(({ type, name, actions }) => [type, name, [...actions]]);
}

const READ: Record<string, [string[], ReturnType<typeof parse>]> = {
  'one scope': [['repository:team/app:pull'], [['repository', 'team/app', ['pull']]]],
  'several actions': [['repository:team/app:push,pull'], [['repository', 'team/app', ['push', 'pull']]]],
  'a name that holds host:port': [
    ['repository:localhost:5000/team/app:pull'],
    [['repository', 'localhost:5000/team/app', ['pull']]],
  ],
  'a name that holds several colons': [['repository:a:b:c:pull'], [['repository', 'a:b:c', ['pull']]]],
  'a class is dropped from the type': [
    ['repository(plugin):team/app:pull'],
    [['repository', 'team/app', ['pull']]],
  ],
  'a class joins the bare type': [
    ['repository(plugin):team/app:pull repository:team/app:push'],
    [['repository', 'team/app', ['pull', 'push']]],
  ],
  'a type of digits and letters with such a class': [['r2(c3):n:x'], [['r2', 'n', ['x']]]],
  'scopes parted by spaces': [
    ['repository:team/a:pull repository:team/b:push'],
    [
      ['repository', 'team/a', ['pull']],
      ['repository', 'team/b', ['push']],
    ],
  ],
  'a repeated parameter': [
    ['repository:team/a:pull', 'repository:team/b:push'],
    [
      ['repository', 'team/a', ['pull']],
      ['repository', 'team/b', ['push']],
    ],
  ],
  'one resource in three entries is merged at its first place': [
    ['repository:team/a:pull repository:team/b:pull', 'repository:team/a:push,pull'],
    [
      ['repository', 'team/a', ['pull', 'push']],
      ['repository', 'team/b', ['pull']],
    ],
  ],
  'one name under two types stays two': [
    ['registry:catalog:* repository:catalog:*'],
    [
      ['registry', 'catalog', ['*']],
      ['repository', 'catalog', ['*']],
    ],
  ],
  'an empty action asks for nothing': [['repository:team/app:'], [['repository', 'team/app', []]]],
  'empty actions between commas are dropped': [
    ['repository:team/app:,pull,,push,'],
    [['repository', 'team/app', ['pull', 'push']]],
  ],
  'type and name are compared as spelled': [
    ['Repository:Team/App:Pull'],
    [['Repository', 'Team/App', ['Pull']]],
  ],
  'an escape that was not decoded stays': [
    ['repository:team%2fapp:pull'],
    [['repository', 'team%2fapp', ['pull']]],
  ],
  'two colons and nothing else': [['::'], [['', '', []]]],
};

const UNREADABLE = [
  '',
  ' ',
  '   ',
  'repository',
  'repository:',
  ':',
  ':pull',
  'repository:team/app',
  'pull,push',
];

const CLASSES_THAT_STAY = [
  ...[
    'repository()',
    '(plugin)',
    'repository(plugin',
    'repository)',
    'repository(Plugin)',
    'Repository(plugin)',
  ],
  ...['repository(plugin)x', 'repository(a)(b)', 'x-y(plugin)', '-repository(plugin)', '(', ')'],
];

describe('parseScopes', () => {
  it.each(Object.entries(READ))('reads %s', (_, [values, expected]) => {
    expect(parse(...values)).toEqual(expected);
  });

  it('reads nothing where there is no parameter', () => {
    expect(parse()).toEqual([]);
  });

  it.each(UNREADABLE)('reads %j as a request for nothing', text => {
    expect(parse(text)).toEqual([]);
    expect(parse(`${text} repository:team/app:pull`)).toEqual([['repository', 'team/app', ['pull']]]);
  });

  it.each(CLASSES_THAT_STAY)('leaves the type %j as it is', type => {
    expect(parse(`${type}:n:pull`).at(-1)?.[0]).toBe(type);
  });

  it('separates scopes at spaces only', () => {
    expect(parse('repository:a/b:pull\trepository:c/d:pull')).toHaveLength(1);
    expect(parse('repository:a/b:pull\nrepository:c/d:pull')).toHaveLength(1);
  });

  it('reads every scope that the grammar of the specification generates', () => {
    const lower = (max: number) =>
      fc.string({ unit: fc.constantFrom('a', 'z', '0', '9'), minLength: 1, maxLength: max });
    const port = fc.option(fc.nat(65_535), { nil: undefined });
    const hostname = fc
      .tuple(lower(4), fc.constantFrom('', '.EXAMPLE', '.a-b'), port)
      .map(([host, domain, number]) => `${host}${domain}${number === undefined ? '' : `:${number}`}/`);
    const name = fc
      .tuple(fc.option(hostname, { nil: '' }), fc.array(lower(4), { minLength: 1, maxLength: 3 }))
      .map(([prefix, components]) => prefix + components.join('/'));
    const action = fc.string({ unit: fc.constantFrom('p', 'u', 'l'), minLength: 1, maxLength: 4 });
    const actions = fc.uniqueArray(action, { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(lower(5), fc.option(lower(3)), name, actions, (type, klass, resource, verbs) => {
        const text = `${type}${klass === null ? '' : `(${klass})`}:${resource}:${verbs.join(',')}`;
        expect(parse(text)).toEqual([[type, resource, verbs]]);
      }),
      { numRuns: 2000 },
    );
  });

  it('agrees with an independent automaton on 12 000 inputs near the grammar', () => {
    let inputs = 0;
    fc.assert(
      fc.property(fc.array(nearScope, { maxLength: 3 }), values => {
        inputs++;
        expect(parse(...values)).toEqual(
          readScopes(values).map(({ type, name, actions }) => [type, name, actions]),
        );
      }),
      { numRuns: 12_000 },
    );
    expect(inputs).toBeGreaterThanOrEqual(12_000);
  });

  it('names the namespace of what could be granted, and of nothing else', () => {
    fc.assert(
      fc.property(nearScope, text => {
        for (const { type, name, namespace } of parseScopes([text])) {
          const isGrantable = type === 'repository' && readsAsRepository(name);
          expect([name, namespace]).toEqual([name, isGrantable ? name.split('/')[0] : undefined]);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('returns no resource and no action twice', () => {
    fc.assert(
      fc.property(fc.array(nearScope, { maxLength: 5 }), values => {
        const keys = parseScopes(values).map(({ type, name }) => JSON.stringify([type, name]));
        expect(new Set(keys).size).toBe(keys.length);
      }),
    );
  });
});

describe('too many scopes', () => {
  const many = (count: number, text: (i: number) => string) =>
    Array.from({ length: count }, (_, i) => text(i));
  const different = (count: number) => many(count, i => `repository:team/app${i}:pull`);
  const withActions = (actions: string[]) => [`repository:team/app:${actions.join()}`];
  const actions = (count: number) => many(count, i => `a${i}`);
  const RESOURCES = 'One login may ask for 100 resources.';
  const ACTIONS = 'A scope may name 10 actions.';
  const SCOPES = 'One login may have 256 scopes.';
  const CASES: [string, string[], string[], string][] = [
    ['resources in as many parameters', different(100), different(101), RESOURCES],
    ['resources in one parameter', [different(100).join(' ')], [different(101).join(' ')], RESOURCES],
    ['actions', withActions(actions(10)), withActions(actions(11)), ACTIONS],
    ['actions of one resource together', twice(5), twice(6), ACTIONS],
    ['actions that repeat', withActions(Array(10).fill('a')), withActions(Array(11).fill('a')), ACTIONS],
    ['empty actions', withActions(Array(10).fill('')), withActions(Array(11).fill('')), ACTIONS],
    ['scopes that repeat', Array(256).fill('a:b:c'), Array(257).fill('a:b:c'), SCOPES],
    ['scopes that are malformed', [Array(256).fill('a').join(' ')], [Array(257).fill('a').join(' ')], SCOPES],
    ['spaces', [' '.repeat(255)], [' '.repeat(256)], SCOPES],
  ];

  /** Two scopes of one resource, each with so many actions. */
  function twice(count: number): string[] {
    return [...withActions(actions(count)), ...withActions(many(count, i => `b${i}`))];
  }

  it.each(CASES)('are refused: %s', (_, most, tooMany, detail) => {
    expect(() => parseScopes(most)).not.toThrow();
    const { code, details } = errorOf(() => parseScopes(tooMany));
    expect([code, details.detail]).toEqual(['invalid-request', detail]);
  });
});
