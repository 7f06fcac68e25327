/** Verbs about one noun, each under two spellings: `token-add`, as the original had it, and `token add`. */
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { CliError, SilentExit } from '../errors.ts';

export interface Verb {
  readonly name: string;
  readonly description: string;
  /** Another word for the first spelling. */
  readonly alias?: string;
  /** Gives the command its arguments, options and action. */
  readonly build: (command: Command) => void;
}

export interface Group {
  readonly noun: string;
  readonly description: string;
  readonly verbs: readonly Verb[];
}

/** Adds the verbs to the program in both spellings. The help of the program lists the first, under one heading. */
export function addGroup(program: Command, { noun, description, verbs }: Group): void {
  const group = program.command(noun, { hidden: true }).description(description);
  for (const { name, description: text, alias, build } of verbs) {
    const flat = program.command(`${noun}-${name}`).description(text).helpGroup(`${description}:`);
    if (alias !== undefined) flat.alias(alias);
    for (const command of [flat, group.command(name).description(text)]) build(command);
  }
}

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
