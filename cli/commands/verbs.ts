/** Verbs about one noun, each in two spellings: `token-add`, as the original had it, and `token add`. */
import type { Command } from 'commander';
import type * as v from 'valibot';
import type { Context } from '../context.ts';

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
