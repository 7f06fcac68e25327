/** What became of each resource that a login asked for: the steps in their order, and the decision. */
import { describe, expect, it } from 'vitest';
import { PULL, PULL_AND_PUSH, parseScopes } from '../../lib/domain/access.ts';
import type { DeniedScope, Permission } from '../../lib/domain/grant.ts';
import { decisionOf, type ScopeOutcome, scopeSteps } from '../../lib/domain/scope-steps.ts';

const APP = 'team-a/app';
const EVERYWHERE: Permission = { repositories: null, actions: PULL };
const GRANTED = { type: 'repository', name: APP, actions: ['pull'] } as const;

function outcome(scope: string, facts: Partial<ScopeOutcome> = {}): ScopeOutcome {
  const requested = parseScopes(scope === '' ? [] : [scope]);
  return { requested, denied: [], granted: [], permissions: [EVERYWHERE], ...facts };
}

function denied(rule: DeniedScope['rule'], name = APP): DeniedScope[] {
  return [{ name, rule }];
}

/** A step in one line. */
function linesOf(of: ScopeOutcome): string[] {
  return scopeSteps(of).map(({ check, result, detail }) => `${check} ${result}: ${detail}`);
}

const HELD = 'namespace passed: The account holds the namespace team-a.';
const WITHIN = `pattern passed: ${APP} is within every repository of the account.`;
const ALL = `action passed: Every action that was asked for is allowed in ${APP}: pull.`;

describe('a resource', () => {
  const scope = `repository:${APP}:pull`;
  it.each<[string, ScopeOutcome, string[]]>([
    ['that is granted passes each check', outcome(scope, { granted: [GRANTED] }), [HELD, WITHIN, ALL]],
    [
      'of no action is a note',
      outcome(`repository:${APP}:`),
      [`scope note: "repository:${APP}:" asks for no action.`],
    ],
    [
      'that is no repository fails first',
      outcome('registry:catalog:*', { denied: denied('not-a-repository', 'catalog') }),
      [
        'scope failed: "registry:catalog:*": only repositories are ever granted, by a name of two segments or more in lower case.',
      ],
    ],
    [
      'of a caller who has nothing fails first',
      outcome(scope, { denied: denied('caller-not-named'), permissions: [] }),
      [`scope failed: "${scope}": nothing gives the caller a repository.`],
    ],
    [
      'for other networks fails first',
      outcome(scope, { denied: denied('network-not-allowed') }),
      [`scope failed: "${scope}": what gives the caller a repository is for other networks.`],
    ],
    [
      'of the namespace of another fails there',
      outcome(scope, { denied: denied('namespace-not-held') }),
      ['namespace failed: The account does not hold the namespace team-a.'],
    ],
    [
      'outside every pattern fails there',
      outcome(scope, {
        denied: denied('repository-not-allowed'),
        permissions: [{ repositories: ['team-a/x', 'team-a/y/*'], actions: PULL }],
      }),
      [HELD, `pattern failed: ${APP} is not within team-a/x, team-a/y/*.`],
    ],
    [
      'where no pattern allows a pull fails there',
      outcome(scope, {
        denied: denied('repository-not-allowed'),
        permissions: [{ repositories: [], actions: PULL }],
      }),
      [HELD, `pattern failed: ${APP} is not within any repository.`],
    ],
    [
      'that is not allowed although every repository is, says so',
      outcome(scope, { denied: denied('repository-not-allowed') }),
      [HELD, `pattern failed: ${APP} is not within every repository of the account.`],
    ],
    [
      'of which a part is allowed says what',
      outcome(`repository:${APP}:pull,push`, { denied: denied('action-not-allowed'), granted: [GRANTED] }),
      [
        HELD,
        WITHIN,
        `action failed: Not every action that was asked for is allowed in ${APP}; granted: pull.`,
      ],
    ],
    [
      'of which no action is allowed says so',
      outcome(`repository:${APP}:push`, { denied: denied('action-not-allowed') }),
      [
        HELD,
        WITHIN,
        `action failed: Not every action that was asked for is allowed in ${APP}; granted: nothing.`,
      ],
    ],
    [
      'for which the access token has no room says so last',
      outcome(scope, { denied: denied('token-full') }),
      [
        HELD,
        WITHIN,
        `action passed: Every action that was asked for is allowed in ${APP}: nothing.`,
        'access-token failed: The access token has no room for it: ask for fewer repositories in one login.',
      ],
    ],
  ])('%s', (_, of, lines) => expect(linesOf(of)).toEqual(lines));

  it('of which a part is allowed may also have no room in the access token', () => {
    const both = [...denied('action-not-allowed'), ...denied('token-full')];
    const lines = linesOf(outcome(`repository:${APP}:pull,push`, { denied: both }));
    expect(lines).toEqual([
      HELD,
      WITHIN,
      expect.stringMatching(/^action failed: .* granted: nothing\.$/),
      expect.stringMatching(/^access-token failed: /),
    ]);
  });

  it('is written as it was asked for', () => {
    const asked = `plugin:${APP}:pull,push`;
    const [line] = linesOf(outcome(asked, { denied: denied('not-a-repository') }));
    expect(line).toContain(`scope failed: "${asked}": `);
  });

  it('names the patterns that cover it, once each', () => {
    const permissions: Permission[] = [
      { repositories: ['team-a/*', 'team-b/*'], actions: PULL },
      { repositories: ['team-a/*', APP], actions: PULL_AND_PUSH },
    ];
    expect(linesOf(outcome(scope, { permissions, granted: [GRANTED] }))[1]).toBe(
      `pattern passed: ${APP} is within team-a/*, ${APP}.`,
    );
  });

  it('is not judged by what is denied or granted to another', () => {
    const other = 'team-a/other';
    const granted = [{ ...GRANTED, name: other, actions: ['push'] } as const, GRANTED];
    const of = outcome(scope, { denied: denied('namespace-not-held', other), granted });
    expect(linesOf(of)).toEqual([HELD, WITHIN, ALL]);
  });

  it('is not judged by the like-named resource of another type', () => {
    const of = outcome(`plugin:${APP}:pull repository:${APP}:pull`, {
      denied: denied('not-a-repository'),
      granted: [GRANTED],
    });
    expect(linesOf(of)).toEqual([
      expect.stringContaining(`scope failed: "plugin:${APP}:pull"`),
      HELD,
      WITHIN,
      ALL,
    ]);
    const both = [...denied('not-a-repository'), ...denied('namespace-not-held')];
    expect(linesOf({ ...of, denied: both })).toEqual([
      expect.stringContaining('only repositories are ever granted'),
      'namespace failed: The account does not hold the namespace team-a.',
    ]);
  });
});

describe('the decision', () => {
  const scope = `repository:${APP}:pull`;
  const part = { granted: [GRANTED], denied: denied('action-not-allowed') };
  it.each<[string, ScopeOutcome, boolean, string]>([
    ['everything', outcome(scope, { granted: [GRANTED] }), false, 'granted'],
    ['a part', outcome(scope, part), false, 'partly-granted'],
    ['all that could be read', outcome(scope, { granted: [GRANTED] }), true, 'partly-granted'],
    ['nothing', outcome(scope, { denied: denied('namespace-not-held') }), false, 'nothing-granted'],
    ['no action, as was asked for', outcome(`repository:${APP}:`), false, 'nothing-granted'],
    ['nothing that could be read', outcome('', {}), true, 'nothing-granted'],
    ['no resource, to who may do something', outcome(''), false, 'granted'],
    ['no resource, to who may do nothing', outcome('', { permissions: [] }), false, 'nothing-granted'],
  ])('where the login gets %s is right', (_, of, hasMore, decision) => {
    expect(decisionOf(of, hasMore)).toBe(decision);
  });
});
