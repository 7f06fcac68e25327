/** `completion`, and `complete`, which its scripts ask at every press of the tab key. */
import { Argument, type Command } from 'commander';
import { completions } from '../completion.ts';
import { SCRIPTS, type Shell } from '../completion-scripts.ts';
import type { Context } from '../context.ts';

export function addCompletion(program: Command, context: Context): void {
  program
    .command('completion')
    .description(
      'print what lets a shell complete verbs, options and targets: source <(pullpass completion bash)',
    )
    .addArgument(new Argument('<shell>').choices(Object.keys(SCRIPTS)))
    .action((shell: Shell) => context.output.line(SCRIPTS[shell].trimEnd()));
  program
    .command('complete', { hidden: true })
    .argument('[words...]')
    .action((words: string[]) => complete(program, context, words));
}

async function complete(program: Command, { home, output }: Context, words: string[]): Promise<void> {
  const { targets } = await home.read();
  const names = targets.map(({ name }) => name);
  for (const word of completions({ program, targets: names }, words)) await output.line(word);
}
