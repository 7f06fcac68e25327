/** The verb that removes things of the account: it asks first, and removes one by one. */
import type { Command } from 'commander';
import { each } from '../arguments.ts';
import type { Context } from '../context.ts';
import { CliError, detailsOf, SilentExit } from '../errors.ts';
import type { Session } from '../session.ts';
import { listingOf } from '../text.ts';
import type { Verb } from './verbs.ts';

export interface Removal {
  readonly path: `/${string}`;
  /** `['token', 'tokens']`. */
  readonly noun: readonly [one: string, many: string];
  /** What the removal does, as a sentence about one thing and about several. */
  readonly effect: readonly [one: string, many: string];
  /** What a person knows each of them by, in the order of the names; undefined: by its name alone. */
  readonly describe: (session: Session, names: readonly string[]) => Promise<readonly (string | undefined)[]>;
}

interface RemovalVerb extends Removal {
  readonly description: string;
  /** `id` or `name`. */
  readonly argument: string;
  readonly parse: (text: string) => string;
}

export interface Chosen {
  readonly names: readonly string[];
  readonly force?: true | undefined;
  /** Only shows them. */
  readonly dryRun?: true | undefined;
}

/** In the place of a description. */
export const NOT_FOUND = 'not found';

/** No question is longer. */
const MAX_DESCRIBED = 20;

export function removeVerb(context: Context, removal: RemovalVerb): Verb {
  const { description, argument, parse } = removal;
  const build = (command: Command) => {
    command
      .argument(`<${argument}...>`, '', each(parse))
      .option('-f, --force', 'do not ask')
      .action((names: readonly string[], { force }: { force?: true }) =>
        removeNamed(context, removal, { names, force }),
      );
  };
  return { name: 'rm', description, build };
}

/** Removes them, after the question that `force` leaves out; a dry run shows them all. */
export async function removeNamed(context: Context, removal: Removal, chosen: Chosen): Promise<void> {
  const { names, force, dryRun } = chosen;
  const isWanted = !dryRun && (force === true || (await isConfirmed(context, removal, names)));
  if (isWanted) return removeEach(context, names, removal.path);
  const { output } = context;
  if (output.format === 'json') return output.jsonList(names.map(name => ({ name, removed: false })));
  if (dryRun) await output.lines(await described(context, removal, names));
  output.note('Nothing was removed.');
}

/** How many are described at once. */
const AT_ONCE = 20;

async function described(context: Context, removal: Removal, names: readonly string[]): Promise<string[]> {
  const session = await context.session();
  const lines = [];
  for (let i = 0; i < names.length; i += AT_ONCE) {
    const some = names.slice(i, i + AT_ONCE);
    const known = await removal.describe(session, some);
    lines.push(...listingOf(some.map((name, n) => [name, known[n] ?? ''])));
  }
  return lines.map(line => line.trimEnd());
}

/** Asks at the terminal, and shows what would be removed. Throws UsageError when there is no terminal. */
async function isConfirmed(context: Context, removal: Removal, names: readonly string[]): Promise<boolean> {
  context.input.requireTerminal();
  const { noun, effect, describe } = removal;
  const shown = names.slice(0, MAX_DESCRIBED);
  const known = await describe(await context.session(), shown);
  const lines = listingOf(shown.map((name, i) => [name, known[i] ?? '']));
  const more = names.length - shown.length;
  if (names.length > 1 || known[0] !== undefined) {
    await context.stderr.lines([
      ...lines.map(line => line.trimEnd()),
      ...(more > 0 ? [`and ${more} more`] : []),
    ]);
  }
  const question =
    names.length === 1
      ? `Remove the ${noun[0]} ${names.join()}? ${effect[0]}`
      : `Remove these ${names.length} ${noun[1]}? ${effect[1]}`;
  return context.input.confirm(question);
}

/** Removes one by one. A failure is printed and does not stop the others; SilentExit says so at the end. */
async function removeEach(context: Context, names: readonly string[], path: `/${string}`): Promise<void> {
  const { output } = context;
  const session = await context.session();
  const results: { name: string; removed: boolean }[] = [];
  for (const name of names) {
    try {
      await session.send({ method: 'DELETE', path: `${path}/${name}` });
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

/** The answer, or undefined when there is no such thing. */
export function unlessMissing<T>(asking: Promise<T>): Promise<T | undefined> {
  return asking.catch((error: unknown) => {
    if (detailsOf(error).status === 404) return undefined;
    throw error;
  });
}
