/** What may be done with a repository, and the two kinds of access that a registry token can have. */

export type Action = 'delete' | 'pull' | 'push';
/** `push` means pull and push: no registry accepts an upload from someone who may not read. */
export type Access = 'pull' | 'push';

export const PULL: ReadonlySet<Action> = new Set(['pull']);
export const PULL_AND_PUSH: ReadonlySet<Action> = new Set(['pull', 'push']);
export const EVERYTHING: ReadonlySet<Action> = new Set(['delete', 'pull', 'push']);
export const NOTHING: ReadonlySet<Action> = new Set();

/** The actions that an access stands for. */
export function actionsOf(access: Access): ReadonlySet<Action> {
  return access === 'push' ? PULL_AND_PUSH : PULL;
}
