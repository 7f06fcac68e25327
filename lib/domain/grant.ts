/** What a login is granted: requested ∩ allowed, inside the namespaces that the account owns; and what is allowed, in words. */
import {
  type Access,
  type Action,
  actionsOf,
  EVERYTHING,
  NOTHING,
  PULL,
  PULL_AND_PUSH,
  type RequestedAccess,
} from './access.ts';
import { coveringPatterns, type Pattern } from './repository.ts';

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
  const allowedAt = actionsByPattern(permissions);
  return requested.flatMap(({ name, namespace, actions }) => {
    if (namespace === undefined) return [];
    const allowed = ownedNamespaces.has(namespace) ? allowedAt(name) : NOTHING;
    const granted = [...EVERYTHING].filter(
      action => allowed.has(action) && (actions.has(action) || actions.has('*')),
    );
    return granted.length === 0 ? [] : [{ type: 'repository' as const, name, actions: granted }];
  });
}

/**
 * A requested resource that is not granted in full, and the rule that denies it. `caller-not-named`: no policy, trust or
 * configuration names the caller. `network-not-allowed`: those trusts that do are for other networks. `token-full`: the access token has no room for it.
 */
export interface DeniedScope {
  readonly name: string;
  readonly rule:
    | 'not-a-repository'
    | 'caller-not-named'
    | 'network-not-allowed'
    | 'namespace-not-held'
    | 'repository-not-allowed'
    | 'action-not-allowed'
    | 'token-full';
}

/** Why resources are granted less than was requested, for the log. */
export function deniedScopes(
  requested: readonly RequestedAccess[],
  permissions: readonly Permission[],
  ownedNamespaces: ReadonlySet<string>,
): DeniedScope[] {
  const allowedAt = permissions.length === 0 ? undefined : actionsByPattern(permissions);
  return requested.flatMap(access => {
    const rule = denialRuleOf(access, allowedAt, ownedNamespaces);
    return rule === undefined ? [] : [{ name: access.name, rule }];
  });
}

function denialRuleOf(
  access: RequestedAccess,
  allowedAt: AllowedActions | undefined,
  ownedNamespaces: ReadonlySet<string>,
): DeniedScope['rule'] | undefined {
  if (access.actions.size === 0) return undefined;
  if (access.namespace === undefined) return 'not-a-repository';
  if (allowedAt === undefined) return 'caller-not-named';
  if (!ownedNamespaces.has(access.namespace)) return 'namespace-not-held';
  const allowed = allowedAt(access.name);
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
  const allowedAt = actionsByPattern(permissions);
  return (bound.repositories ?? [null]).every(pattern => {
    const allowed = allowedAt(pattern);
    return [...bound.actions].every(action => allowed.has(action));
  });
}

/** The repositories where one permission allows all these actions; null: all of the owned namespaces. */
export function coverage(
  permissions: readonly Permission[],
  actions: ReadonlySet<Action>,
): Permission['repositories'] {
  const able = permissions.filter(permission => [...actions].every(action => permission.actions.has(action)));
  const patterns = new Set<Pattern>();
  for (const { repositories } of able) {
    if (repositories === null) return null;
    for (const pattern of repositories) patterns.add(pattern);
  }
  return [...patterns].filter(
    pattern => !coveringPatterns(pattern).some(other => other !== pattern && patterns.has(other)),
  );
}

/** The patterns that both cover. Of two patterns, one covers the other or they share nothing. */
export function intersectPatterns(
  some: Permission['repositories'],
  others: Permission['repositories'],
): Permission['repositories'] {
  if (some === null || others === null) return some ?? others;
  return [...new Set([...coveredBy(some, others), ...coveredBy(others, some)])];
}

/** Those of the patterns that one of `covering` covers. */
export function coveredBy(patterns: readonly Pattern[], covering: readonly Pattern[]): Pattern[] {
  const known = new Set(covering);
  return patterns.filter(pattern => coveringPatterns(pattern).some(each => known.has(each)));
}

/** The grant as one line of scopes, for `scope` in an OAuth answer (RFC 6749 section 5.1). */
export function formatScope(granted: readonly GrantedAccess[]): string {
  return granted.map(({ type, name, actions }) => `${type}:${name}:${actions.join(',')}`).join(' ');
}

/** What is allowed in a repository or below a pattern; null: in every repository. */
type AllowedActions = (pattern: Pattern | null) => ReadonlySet<Action>;

/**
 * Found by pattern, because an account may have thousands and a login ask for a hundred repositories. Indexed at the first
 * look: most callers ask for nothing that the account owns.
 */
function actionsByPattern(permissions: readonly Permission[]): AllowedActions {
  let index: ReadonlyMap<Pattern | null, ReadonlySet<Action>> | undefined;
  return pattern => {
    index ??= indexed(permissions);
    const allowed = new Set(index.get(null));
    if (pattern === null) return allowed;
    for (const covering of coveringPatterns(pattern)) {
      for (const action of index.get(covering) ?? NOTHING) allowed.add(action);
    }
    return allowed;
  };
}

function indexed(permissions: readonly Permission[]): Map<Pattern | null, ReadonlySet<Action>> {
  const index = new Map<Pattern | null, ReadonlySet<Action>>();
  for (const { repositories, actions } of permissions) {
    for (const pattern of repositories ?? [null]) {
      const known = index.get(pattern);
      if (known !== actions)
        index.set(pattern, known === undefined ? actions : new Set([...known, ...actions]));
    }
  }
  return index;
}

/** A person reads no more. */
const MOST = 8;

/** What of it the parent may not, and what it may. */
export function denialDetail(
  permissions: readonly Permission[],
  access: Access,
  wanted: readonly Pattern[] | null,
): string {
  const actions = actionsOf(access);
  const denied =
    wanted?.filter(pattern => !isSubset({ repositories: [pattern], actions }, permissions)) ?? [];
  const verb = access === 'push' ? 'push to' : 'pull from';
  const may = `The parent may ${allowedText(permissions)}.`;
  return denied.length === 0 ? may : `${may} It may not ${verb} ${listed(denied, 'or')}.`;
}

function allowedText(permissions: readonly Permission[]): string {
  const [pull, push] = [PULL, PULL_AND_PUSH].map(actions => repositoriesText(coverage(permissions, actions)));
  if (pull === NO_REPOSITORY) return 'neither pull nor push: no policy or trust gives it a repository';
  return pull === push ? `pull from and push to ${pull}` : `pull from ${pull}, and push to ${push}`;
}

const NO_REPOSITORY = 'none';

function repositoriesText(patterns: Permission['repositories'] | undefined): string {
  if (patterns?.length === 0) return NO_REPOSITORY;
  return patterns == null ? 'every repository of its account' : listed(patterns, 'and');
}

function listed(patterns: readonly Pattern[], word: 'and' | 'or'): string {
  const shown =
    patterns.length > MOST ? [...patterns.slice(0, MOST), `${patterns.length - MOST} more`] : patterns;
  const [last, ...others] = shown.toReversed();
  return others.length === 0 ? `${last}` : `${others.toReversed().join(', ')} ${word} ${last}`;
}
