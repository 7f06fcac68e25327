/** The verb that removes things of the account: it asks first, and removes one by one. */
import type { Command } from 'commander';
import { each } from '../arguments.ts';
import type { Context } from '../context.ts';
import { CliError, detailsOf, SilentExit } from '../errors.ts';
import type { Session } from '../session.ts';
import { listingOf } from '../text.ts';
import type { Verb } from './verbs.ts';

export interface Removal {
  readonly description: string;
  /** `id` or `name`. */
  readonly argument: string;
  readonly parse: (text: string) => string;
  readonly path: `/${string}`;
  /** `['token', 'tokens']`. */
  readonly noun: readonly [one: string, many: string];
  /** What the removal does, as a sentence about one thing and about several. */
  readonly effect: readonly [one: string, many: string];
  /** What a person knows each of them by, in the order of the names; undefined: by its name alone. */
  readonly describe: (session: Session, names: readonly string[]) => Promise<readonly (string | undefined)[]>;
}

/** In the place of a description. */
export const NOT_FOUND = 'not found';

/** No question is longer. */
const MAX_DESCRIBED = 20;

export function removeVerb(context: Context, removal: Removal): Verb {
  const { description, argument, parse } = removal;
  const remove = async (names: readonly string[], { force }: { force?: true }) => {
    if (force || (await isConfirmed(context, removal, names)))
      return removeEach(context, names, removal.path);
    if (context.output.format === 'json') {
      return context.output.jsonList(names.map(name => ({ name, removed: false })));
    }
    context.output.note('Nothing was removed.');
  };
  const build = (command: Command) => {
    command.argument(`<${argument}...>`, '', each(parse)).option('-f, --force', 'do not ask').action(remove);
  };
  return { name: 'rm', description, build };
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
