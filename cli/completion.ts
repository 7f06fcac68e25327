/** What can come next on a command line, read off the tree of commands. */
import type { Command, Option } from 'commander';

export interface CompletionContext {
  readonly program: Command;
  /** The names of the targets. */
  readonly targets: readonly string[];
}

/** The placeholder of arguments and options that take the name of a target: `<target>`. */
const TARGET = 'target';

/**
 * Everything that the last of `words` could become; the words before it are taken as they are. Nothing: it is for the
 * user to know, or a file.
 */
export function completions({ program, targets }: CompletionContext, words: readonly string[]): string[] {
  const before = words.slice(0, -1);
  const last = words.at(-1) ?? '';
  const { command, option, argument } = walk(program, before);
  const all = option === undefined ? following(command, last, argument, targets) : valuesOf(option, targets);
  return all.filter(word => word.startsWith(last));
}

interface Position {
  readonly command: Command;
  /** The option whose value comes next; undefined: something else does. */
  readonly option: Option | undefined;
  /** How many arguments have come before. */
  readonly argument: number;
}

function walk(program: Command, words: readonly string[]): Position {
  let position: Position = { command: program, option: undefined, argument: 0 };
  for (const word of words) position = step(position, word);
  return position;
}

function step({ command, option, argument }: Position, word: string): Position {
  if (option !== undefined) return { command, option: undefined, argument };
  if (word.startsWith('-')) {
    const named = optionsOf(command).find(({ long, short }) => word === long || word === short);
    return { command, option: named?.required ? named : undefined, argument };
  }
  const next = command.commands.find(child => child.name() === word || child.aliases().includes(word));
  return next === undefined
    ? { command, option: undefined, argument: argument + 1 }
    : { command: next, option: undefined, argument: 0 };
}

function following(command: Command, last: string, index: number, targets: readonly string[]): string[] {
  if (last.startsWith('-')) return optionsOf(command).flatMap(({ long }) => long ?? []);
  const verbs = command.createHelp().visibleCommands(command);
  if (verbs.length > 0) {
    return index === 0 ? verbs.flatMap(verb => [verb.name(), ...verb.aliases()]) : [];
  }
  const args = command.registeredArguments;
  const argument = args[index] ?? args.findLast(({ variadic }) => variadic);
  if (argument === undefined) return [];
  return argument.name() === TARGET ? [...targets] : [...(argument.argChoices ?? [])];
}

function valuesOf({ flags, argChoices }: Option, targets: readonly string[]): string[] {
  return flags.includes(`<${TARGET}>`) ? [...targets] : [...(argChoices ?? [])];
}

/** Those of the command and of all that stand above it. */
function optionsOf(command: Command): readonly Option[] {
  const help = command.createHelp();
  return [...help.visibleOptions(command), ...help.visibleGlobalOptions(command)];
}
