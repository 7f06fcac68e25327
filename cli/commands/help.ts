/** The end of each help: examples, and the page that says more. */
import type { Command } from 'commander';

export interface HelpEnd {
  /** Command lines without the name of the program. */
  readonly examples: readonly string[];
  /** As in `docs/cli.md#tokens`. */
  readonly page: string;
}

/** Adds the examples and the page to the help of the command. */
export function addExamples(command: Command, { examples, page }: HelpEnd): Command {
  const lines = examples.map(example => `  pullpass ${example}`);
  const heading = lines.length === 1 ? 'Example:' : 'Examples:';
  return command.addHelpText('after', ['', heading, ...lines, '', `Documentation: ${page}`].join('\n'));
}
