/** What can be done to a repository, and the scopes in which clients ask for it. */

export type Action = 'delete' | 'pull' | 'push';

/** The access of a registry token. `push` includes pull: no registry accepts an upload from a client that may not read. */
export type Access = 'pull' | 'push';

export const NOTHING: ReadonlySet<Action> = new Set();

export const PULL: ReadonlySet<Action> = new Set(['pull']);

export const PULL_AND_PUSH: ReadonlySet<Action> = new Set(['pull', 'push']);

export const EVERYTHING: ReadonlySet<Action> = new Set(['delete', 'pull', 'push']);

export function actionsOf(access: Access): ReadonlySet<Action> {
  return access === 'push' ? PULL_AND_PUSH : PULL;
}

/** One resource that a client asks for, and the actions that it asks for there, as it wrote them. */
export interface RequestedAccess {
  readonly type: string;
  readonly name: string;
  readonly actions: ReadonlySet<string>;
}

/**
 * Reads the decoded values of every `scope` parameter of a request. Each value holds scopes separated by spaces. The type
 * ends at the first colon and the actions begin after the last, because a name may hold `host:port`. A class such as
 * `repository(plugin)` is dropped from the type: registries compare the bare word. A malformed scope asks for nothing.
 * Scopes of one resource are merged, in the order in which the resources first appear.
 */
export function parseScopes(values: readonly string[]): RequestedAccess[] {
  const merged = new Map<string, { type: string; name: string; actions: Set<string> }>();
  for (const text of values.flatMap(value => value.split(' '))) {
    const scope = parseScope(text);
    if (scope === undefined) continue;
    const key = `${scope.type}:${scope.name}`;
    const entry = merged.get(key) ?? { type: scope.type, name: scope.name, actions: new Set<string>() };
    for (const action of scope.actions) entry.actions.add(action);
    merged.set(key, entry);
  }
  return [...merged.values()];
}

function parseScope(text: string): { type: string; name: string; actions: string[] } | undefined {
  const first = text.indexOf(':');
  const last = text.lastIndexOf(':');
  if (first === last) return undefined;
  const actions = text.slice(last + 1).split(',');
  return {
    type: bareType(text.slice(0, first)),
    name: text.slice(first + 1, last),
    actions: actions.filter(action => action !== ''),
  };
}

function bareType(type: string): string {
  return /^([a-z0-9]+)\([a-z0-9]+\)$/.exec(type)?.[1] ?? type;
}
