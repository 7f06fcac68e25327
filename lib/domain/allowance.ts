/** What a caller may do in registries, in words: for one who asked for more. */
import { type Access, actionsOf, PULL, PULL_AND_PUSH } from './access.ts';
import { coverage, isSubset, type Permission } from './grant.ts';
import type { Pattern } from './repository.ts';

/** A person reads no more. */
const MOST = 8;

/** What of it the parent may not, and what it may. */
export function shortfall(
  permissions: readonly Permission[],
  access: Access,
  wanted: readonly Pattern[] | null,
): string {
  const actions = actionsOf(access);
  const denied =
    wanted?.filter(pattern => !isSubset({ repositories: [pattern], actions }, permissions)) ?? [];
  const verb = access === 'push' ? 'push to' : 'pull from';
  const may = `The parent may ${allowance(permissions)}.`;
  return denied.length === 0 ? may : `${may} It may not ${verb} ${listed(denied, 'or')}.`;
}

function allowance(permissions: readonly Permission[]): string {
  const [pull, push] = [PULL, PULL_AND_PUSH].map(actions => placesOf(coverage(permissions, actions)));
  if (pull === NOWHERE) return 'neither pull nor push: no policy or trust gives it a repository';
  return pull === push ? `pull from and push to ${pull}` : `pull from ${pull}, and push to ${push}`;
}

const NOWHERE = 'none';

function placesOf(patterns: Permission['repositories'] | undefined): string {
  if (patterns?.length === 0) return NOWHERE;
  return patterns == null ? 'every repository of its account' : listed(patterns, 'and');
}

function listed(patterns: readonly Pattern[], word: 'and' | 'or'): string {
  const shown =
    patterns.length > MOST ? [...patterns.slice(0, MOST), `${patterns.length - MOST} more`] : patterns;
  const [last, ...others] = shown.toReversed();
  return others.length === 0 ? `${last}` : `${others.toReversed().join(', ')} ${word} ${last}`;
}
