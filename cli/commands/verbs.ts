/** Verbs about one noun, each in two spellings: `token-add`, as the original had it, and `token add`. */
import type { Command } from 'commander';
import type * as v from 'valibot';
import { each } from '../arguments.ts';
import type { Context } from '../context.ts';
import { CliError, SilentExit } from '../errors.ts';

export interface Verb {
  readonly name: string;
  readonly description: string;
  /** Another name for the first spelling. */
  readonly alias?: string;
  /** Gives the command its arguments, options and action. */
  readonly build: (command: Command) => void;
}

export interface Noun {
  readonly noun: string;
  readonly description: string;
  readonly verbs: readonly Verb[];
}

/** Adds the verbs to the program in both spellings. The help of the program lists the first, under one heading. */
export function addNoun(program: Command, { noun, description, verbs }: Noun): void {
  const group = program.command(noun, { hidden: true }).description(description);
  for (const { name, description: text, alias, build } of verbs) {
    const flat = program.command(`${noun}-${name}`).description(text).helpGroup(`${description}:`);
    if (alias !== undefined) flat.alias(alias);
    for (const command of [flat, group.command(name).description(text)]) build(command);
  }
}

interface Listing<L, T> {
  readonly description: string;
  readonly path: `/${string}`;
  readonly schema: v.GenericSchema<unknown, L>;
  readonly items: (list: L) => readonly T[];
  readonly headings: readonly string[];
  readonly row: (item: T) => readonly string[];
}

/** The verb that lists a collection of the deployment in one response. */
export function listVerb<L, T>(context: Context, listing: Listing<L, T>): Verb {
  const { description, path, schema, items, headings, row } = listing;
  const list = async () => {
    const session = await context.session();
    await context.output.showTable(items(await session.ask(schema, { path })), headings, row);
  };
  return { name: 'list', description, build: command => command.action(list) };
}

interface Removal {
  readonly description: string;
  /** `id` or `name`. */
  readonly argument: string;
  readonly parse: (text: string) => string;
  readonly path: `/${string}`;
  /** The question that the user must answer with yes, unless `--force` is given; absent: nothing is asked. */
  readonly question?: (names: readonly string[]) => string;
}

/** The verb that removes one or more things. */
export function removeVerb(context: Context, removal: Removal): Verb {
  const { description, argument, parse, path, question } = removal;
  const remove = async (names: readonly string[], { force }: { force?: true }) => {
    if (question !== undefined && !force && !(await context.input.confirm(question(names)))) {
      return context.output.note('Nothing was removed.');
    }
    await removeEach(context, names, path);
  };
  const build = (command: Command) => {
    command.argument(`<${argument}...>`, '', each(parse)).action(remove);
    if (question !== undefined) command.option('-f, --force', 'do not ask');
  };
  return { name: 'rm', description, build };
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
