/** What can be done to a repository, and the scopes in which clients ask for it. */
import { PullpassError } from './errors.ts';
import { isRepository, namespaceOf } from './repository.ts';

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
  /** Of a repository that could be granted; undefined: nothing else ever is. */
  readonly namespace: string | undefined;
  readonly actions: ReadonlySet<string>;
}

const MAX_RESOURCES = 100;
const MAX_ACTIONS = 10;
/** As they are written: BuildKit repeats its scopes, so there may be more of them than resources. */
const MAX_SCOPES = 256;

/**
 * Reads the decoded values of every `scope` parameter of a request. Each value holds scopes separated by spaces. The type
 * ends at the first colon and the actions begin after the last, because a name may hold `host:port`. A class such as
 * `repository(plugin)` is dropped from the type: registries compare the bare word. A malformed scope asks for nothing.
 * Scopes of one resource are merged, in the order in which the resources first appear. Anyone may ask, so what is too
 * much is an `invalid-request` as soon as it is counted.
 */
export function parseScopes(values: readonly string[]): RequestedAccess[] {
  const merged = new Map<string, MutableAccess>();
  let scopes = 0;
  for (const value of values) {
    const texts = value.split(' ', MAX_SCOPES + 1);
    scopes += texts.length;
    if (scopes > MAX_SCOPES) throw tooMany(`One login may have ${MAX_SCOPES} scopes.`);
    for (const text of texts) addScope(merged, text);
  }
  return [...merged.values()];
}

/** Actions are counted as they are written, too. */
function addScope(merged: Map<string, MutableAccess>, text: string): void {
  const [first, last] = [text.indexOf(':'), text.lastIndexOf(':')];
  if (first === last) return;
  const type = bareType(text.slice(0, first));
  // Only a class makes the resource another text than the scope begins with.
  const resource = type.length === first ? text.slice(0, last) : type + text.slice(first, last);
  let entry = merged.get(resource);
  if (entry === undefined) {
    if (merged.size === MAX_RESOURCES) throw tooMany(`One login may ask for ${MAX_RESOURCES} resources.`);
    entry = newAccess(type, text.slice(first + 1, last));
    merged.set(resource, entry);
  }
  const asked = text.slice(last + 1).split(',', MAX_ACTIONS + 1);
  for (const action of asked) if (action !== '') entry.actions.add(action);
  if (asked.length > MAX_ACTIONS || entry.actions.size > MAX_ACTIONS) {
    throw tooMany(`A scope may name ${MAX_ACTIONS} actions.`);
  }
}

type MutableAccess = RequestedAccess & { readonly actions: Set<string> };

function newAccess(type: string, name: string): MutableAccess {
  const namespace = type === 'repository' && isRepository(name) ? namespaceOf(name) : undefined;
  return { type, name, namespace, actions: new Set() };
}

function bareType(type: string): string {
  if (!type.endsWith(')')) return type;
  return /^([a-z0-9]+)\([a-z0-9]+\)$/.exec(type)?.[1] ?? type;
}

function tooMany(detail: string): PullpassError {
  return new PullpassError('invalid-request', { detail });
}
