/** Sees that all keys have a copy in another region, so that a region that is lost takes none of them with it. */
import { reasonOf } from '../domain/errors.ts';
import type { Service } from '../domain/service.ts';
import type { KeyCopies } from '../ports/keys.ts';
import { inParallel } from './acts.ts';

/** Secrets at once, as with their rotation. */
const WIDTH = 4;

/** Throws, after all others were tried, when a copy could not be made, or there was no time for all. */
export async function copyKeys(
  copies: KeyCopies,
  services: readonly Service[],
  goesOn: () => boolean,
): Promise<void> {
  const reasons = new Set<string>();
  const work = async (name: string) => {
    await copies.ensure(name).catch((error: unknown) => void reasons.add(reasonOf(error)));
  };
  const left = await inParallel(copies.names(services), { width: WIDTH, work, goesOn });
  if (reasons.size > 0) throw new Error(`keys are without a copy: ${[...reasons].join('; ')}`);
  if (left.length > 0) throw new Error(`no time was left for the copies of ${left.length} secrets`);
}
