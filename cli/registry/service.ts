/** Which of a target's registries is meant. */
import { CliError, UsageError } from '../failure.ts';
import type { Target, TargetService } from '../target.ts';

/** The service of that name or registry, or the only one. Throws a Failure that lists what there is. */
export function serviceOf(
  { name: target, url, services }: Target,
  wanted: string | undefined,
): TargetService {
  const [only, ...others] = services;
  const found =
    wanted === undefined
      ? only
      : services.find(({ name, registry }) => name === wanted || registry === wanted);
  const names = services.map(({ name }) => name).join(', ');
  if (wanted === undefined && others.length > 0) {
    throw new UsageError(`${target} serves several registries; name one: ${names}`);
  }
  if (found !== undefined) return found;
  throw new CliError(`${url} serves ${wanted === undefined ? 'no registry' : `no registry ${wanted}`}.`, {
    next: `Read what it serves again with: pullpass target-add ${target} ${url}`,
    problems: names === '' ? [] : [`It serves: ${names}`],
  });
}
