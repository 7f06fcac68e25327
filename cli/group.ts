/** Verbs about one noun, each under two spellings: `token-add`, as the original had it, and `token add`. */
import type { Command } from 'commander';

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
