/** What became of each resource that a login asks for, in words. */

import { PULL, type RequestedAccess } from './access.ts';
import { type Explanation, listOf, type Step, shown } from './explanation.ts';
import { coverage, type DeniedScope, type GrantedAccess, type Permission } from './grant.ts';
import { coveringPatterns } from './repository.ts';

export interface ScopeOutcome {
  readonly requested: readonly RequestedAccess[];
  readonly denied: readonly DeniedScope[];
  readonly granted: readonly GrantedAccess[];
  readonly permissions: readonly Permission[];
}

/** Namespace, pattern and action of each resource that was asked for, as far as the checks came. */
export function scopeSteps(outcome: ScopeOutcome): Step[] {
  return outcome.requested.flatMap(access => stepsOf(access, outcome));
}

type Rule = DeniedScope['rule'];

function stepsOf(access: RequestedAccess, { denied, permissions, granted }: ScopeOutcome): Step[] {
  const { type, name, namespace, actions } = access;
  const scope = shown(`${type}:${name}:${[...actions].join(',')}`);
  if (actions.size === 0) return [{ check: 'scope', result: 'note', detail: `${scope} asks for no action.` }];
  const isRepository = namespace !== undefined;
  const rules = denied
    .filter(({ name: of, rule }) => of === name && (rule !== 'not-a-repository') === isRepository)
    .map(({ rule }) => rule);
  const first = FIRST.find(([rule]) => rules.includes(rule));
  if (first !== undefined) {
    return [{ check: 'scope', result: 'failed', detail: `${scope}: ${first[1]}` }];
  }
  const allowed = granted.find(grant => grant.name === name)?.actions ?? [];
  const words = wordsOf({ name, namespace: String(namespace), allowed, permissions });
  return stepsUntilFailure(rules, words);
}

const FIRST: readonly (readonly [Rule, string])[] = [
  [
    'not-a-repository',
    'only repositories are ever granted, by a name of two segments or more in lower case.',
  ],
  ['caller-not-named', 'nothing gives the caller a repository.'],
  ['network-not-allowed', 'what gives the caller a repository is for other networks.'],
];

interface Words {
  readonly check: Step['check'];
  readonly rule: Rule;
  readonly passed: string;
  readonly failed: string;
}

interface Facts {
  readonly name: string;
  readonly namespace: string;
  readonly allowed: readonly string[];
  readonly permissions: readonly Permission[];
}

/** In the order of the checks. */
function wordsOf({ name, namespace, allowed, permissions }: Facts): Words[] {
  const can = allowed.length === 0 ? 'nothing' : listOf(allowed);
  return [
    {
      check: 'namespace',
      rule: 'namespace-not-held',
      passed: `The account holds the namespace ${namespace}.`,
      failed: `The account does not hold the namespace ${namespace}.`,
    },
    {
      check: 'pattern',
      rule: 'repository-not-allowed',
      passed: `${name} is within ${coveringText(name, permissions)}.`,
      failed: `${name} is not within ${patternsText(coverage(permissions, PULL))}.`,
    },
    {
      check: 'action',
      rule: 'action-not-allowed',
      passed: `Every action that was asked for is allowed in ${name}: ${can}.`,
      failed: `Not every action that was asked for is allowed in ${name}; granted: ${can}.`,
    },
  ];
}

function stepsUntilFailure(rules: readonly Rule[], words: readonly Words[]): Step[] {
  const steps: Step[] = [];
  for (const { check, rule, passed, failed } of words) {
    const isDenied = rules.includes(rule);
    steps.push({ check, result: isDenied ? 'failed' : 'passed', detail: isDenied ? failed : passed });
    if (isDenied && rule !== 'action-not-allowed') return steps;
  }
  if (!rules.includes('token-full')) return steps;
  const detail = 'The access token has no room for it: ask for fewer repositories in one login.';
  return [...steps, { check: 'access-token', result: 'failed', detail }];
}

function coveringText(name: string, permissions: readonly Permission[]): string {
  const patterns = new Set(coveringPatterns(name));
  const found = permissions.flatMap(
    ({ repositories }) => repositories?.filter(each => patterns.has(each)) ?? [],
  );
  return found.length === 0 ? 'every repository of the account' : listOf([...new Set(found)]);
}

function patternsText(patterns: Permission['repositories']): string {
  if (patterns === null) return 'every repository of the account';
  return patterns.length === 0 ? 'any repository' : listOf(patterns);
}

/**
 * Whether everything, a part or nothing of what was asked for is granted; `hasMore`: also what could not be read. Who may do
 * nothing anywhere is granted nothing, also where nothing was asked for.
 */
export function decisionOf(
  { requested, denied, granted, permissions }: ScopeOutcome,
  hasMore: boolean,
): Explanation['decision'] {
  const mayNothing = hasMore || requested.length > 0 || permissions.length === 0;
  if (granted.length === 0 && mayNothing) return 'nothing-granted';
  return denied.length === 0 && !hasMore ? 'granted' : 'partly-granted';
}
