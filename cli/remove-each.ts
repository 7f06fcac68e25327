/** Removes several things one by one: what fails is told, and the others are removed all the same. */
import type { Context } from './context.ts';
import { CliError, SilentExit } from './failure.ts';

export interface Removal {
  /** Identifiers or names. */
  readonly names: readonly string[];
  readonly pathOf: (name: string) => `/${string}`;
}

/** Throws AlreadyTold when something was not removed. */
export async function removeEach(context: Context, { names, pathOf }: Removal): Promise<void> {
  const { output } = context;
  const session = await context.session();
  const results: { name: string; removed: boolean }[] = [];
  for (const name of names) {
    try {
      await session.send({ method: 'DELETE', path: pathOf(name) });
      results.push({ name, removed: true });
      if (output.format === 'human') await output.line(`Removed ${name}`);
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      results.push({ name, removed: false });
      output.failure(new CliError(`${name} was not removed: ${error.message}`, error.details));
    }
  }
  if (output.format === 'json') await output.jsonList(results);
  if (results.some(({ removed }) => !removed)) throw new SilentExit();
}
