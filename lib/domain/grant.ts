/** What a login is granted: requested ∩ allowed, inside the namespaces that the account owns. */

import { type Action, EVERYTHING, NOTHING, type RequestedAccess } from './access.ts';
import { matchesPattern, type Pattern } from './repository.ts';

/** Allows these actions on the repositories that match (null: every repository of an owned namespace). */
export interface Permission {
  readonly repositories: readonly Pattern[] | null;
  readonly actions: ReadonlySet<Action>;
}

/** One granted repository; the actions are sorted and never empty. */
export interface GrantedAccess {
  readonly type: 'repository';
  readonly name: string;
  readonly actions: readonly Action[];
}

/** The namespaces of the requested repositories, whose owners must be known. */
export function namespacesOf(requested: readonly RequestedAccess[]): string[] {
  return [...new Set(requested.flatMap(({ namespace }) => namespace ?? []))];
}

/**
 * The intersection of what is requested with what the permissions allow, inside the namespaces that the account owns now.
 * `*` asks for everything that is allowed, and the grant lists the actions. Only repositories are ever granted:
 * `registry:catalog` would show every tenant.
 */
export function grant(
  requested: readonly RequestedAccess[],
  permissions: readonly Permission[],
  ownedNamespaces: ReadonlySet<string>,
): GrantedAccess[] {
  return requested.flatMap(({ name, namespace, actions }) => {
    if (namespace === undefined) return [];
    const allowed = ownedNamespaces.has(namespace) ? allowedActions(permissions, name) : NOTHING;
    const granted = [...EVERYTHING].filter(
      action => allowed.has(action) && (actions.has(action) || actions.has('*')),
    );
    return granted.length === 0 ? [] : [{ type: 'repository' as const, name, actions: granted }];
  });
}

/**
 * A requested resource that is not granted in full, and the rule that denies it. `caller-not-named`: no policy, trust or
 * configuration names the caller.
 */
export interface DeniedScope {
  readonly name: string;
  readonly rule:
    | 'not-a-repository'
    | 'caller-not-named'
    | 'namespace-not-held'
    | 'repository-not-allowed'
    | 'action-not-allowed';
}

/** Why resources are granted less than was requested, for the log. */
export function deniedScopes(
  requested: readonly RequestedAccess[],
  permissions: readonly Permission[],
  ownedNamespaces: ReadonlySet<string>,
): DeniedScope[] {
  return requested.flatMap(access => {
    const rule = denialRuleOf(access, permissions, ownedNamespaces);
    return rule === undefined ? [] : [{ name: access.name, rule }];
  });
}

function denialRuleOf(
  access: RequestedAccess,
  permissions: readonly Permission[],
  ownedNamespaces: ReadonlySet<string>,
): DeniedScope['rule'] | undefined {
  if (access.actions.size === 0) return undefined;
  if (access.namespace === undefined) return 'not-a-repository';
  if (permissions.length === 0) return 'caller-not-named';
  if (!ownedNamespaces.has(access.namespace)) return 'namespace-not-held';
  const allowed = allowedActions(permissions, access.name);
  if (allowed.size === 0) return 'repository-not-allowed';
  const known: ReadonlySet<string> = allowed;
  return [...access.actions].every(action => action === '*' || known.has(action))
    ? undefined
    : 'action-not-allowed';
}

/** What both allow. */
export function intersect({ repositories, actions }: Permission, bound: Permission): Permission {
  return {
    repositories: intersectPatterns(repositories, bound.repositories),
    actions: new Set([...actions].filter(action => bound.actions.has(action))),
  };
}

/** Whether the permissions allow everything that `bound` allows, in present and future repositories. */
export function isSubset(bound: Permission, permissions: readonly Permission[]): boolean {
  const patterns = bound.repositories ?? [null];
  return [...bound.actions].every(action =>
    patterns.every(pattern =>
      permissions.some(({ repositories, actions }) => actions.has(action) && covers(repositories, pattern)),
    ),
  );
}

/** The repositories where one permission allows all these actions; null: all of the owned namespaces. */
export function coverage(
  permissions: readonly Permission[],
  actions: ReadonlySet<Action>,
): Permission['repositories'] {
  const able = permissions.filter(permission => [...actions].every(action => permission.actions.has(action)));
  if (able.some(({ repositories }) => repositories === null)) return null;
  const patterns = new Set(able.flatMap(({ repositories }) => repositories ?? []));
  return [...patterns].filter(
    pattern => ![...patterns].some(other => other !== pattern && matchesPattern(other, pattern)),
  );
}

/** The patterns that both cover. Of two patterns, one covers the other or they share nothing. */
export function intersectPatterns(
  some: Permission['repositories'],
  others: Permission['repositories'],
): Permission['repositories'] {
  if (some === null || others === null) return some ?? others;
  const common = some.flatMap(one =>
    others.flatMap(other => {
      if (matchesPattern(one, other)) return [other];
      return matchesPattern(other, one) ? [one] : [];
    }),
  );
  return [...new Set(common)];
}

/** Whether the patterns cover a pattern; null is everything, which no list covers. */
function covers(patterns: Permission['repositories'], pattern: Pattern | null): boolean {
  return patterns === null || (pattern !== null && patterns.some(one => matchesPattern(one, pattern)));
}

/** The grant as one line of scopes, for `scope` in an OAuth answer (RFC 6749 section 5.1). */
export function formatScope(granted: readonly GrantedAccess[]): string {
  return granted.map(({ type, name, actions }) => `${type}:${name}:${actions.join(',')}`).join(' ');
}

function allowedActions(permissions: readonly Permission[], repository: string): ReadonlySet<Action> {
  const covering = permissions.filter(
    ({ repositories }) => repositories?.some(pattern => matchesPattern(pattern, repository)) ?? true,
  );
  return new Set(covering.flatMap(({ actions }) => [...actions]));
}
