/** Where on a command line a word is: in which verb, after which option, as which argument. */
import type { Command, Option } from 'commander';

export interface Position {
  readonly command: Command;
  /** The option whose value comes next; undefined: something else does. */
  readonly option: Option | undefined;
  /** The arguments that have come before. */
  readonly operands: readonly string[];
}

/** The position after `words`, which are taken as they are. */
export function positionAfter(program: Command, words: readonly string[]): Position {
  let position: Position = { command: program, option: undefined, operands: [] };
  for (const word of words) position = step(position, word);
  return position;
}

function step({ command, option, operands }: Position, word: string): Position {
  if (option !== undefined) return { command, option: undefined, operands };
  if (word.startsWith('-')) {
    const named = optionsOf(command).find(({ long, short }) => word === long || word === short);
    return { command, option: named?.required ? named : undefined, operands };
  }
  const next = command.commands.find(child => child.name() === word || child.aliases().includes(word));
  return next === undefined
    ? { command, option: undefined, operands: [...operands, word] }
    : { command: next, option: undefined, operands: [] };
}

/** Those of the command and of its parents. */
export function optionsOf(command: Command): readonly Option[] {
  const help = command.createHelp();
  return [...help.visibleOptions(command), ...help.visibleGlobalOptions(command)];
}
