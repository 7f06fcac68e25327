/** `completion`, and `complete`, which its scripts ask at every press of the tab key. */
import { Argument, type Command } from 'commander';
import { accountNames } from '../completion/account-names.ts';
import { candidates, type Names } from '../completion/candidates.ts';
import { SCRIPTS, type Shell } from '../completion/scripts.ts';
import type { Context } from '../context.ts';
import { EMPTY, type State } from '../home.ts';
import { linesOf } from '../printer.ts';
import { printable } from '../text.ts';

/** The verb that shells ask. */
export const COMPLETE = 'complete';

/** What a press of the tab key may take. */
const WAIT_MS = 1_000;
const MAX_DESCRIPTION = 80;

export function addCompletion(program: Command, context: Context): void {
  program
    .command('completion')
    .description(
      'print a script that completes verbs, options, names and identifiers: source <(pullpass completion bash)',
    )
    .addArgument(new Argument('<shell>').choices(Object.keys(SCRIPTS)))
    .action((shell: Shell) => context.output.lines(linesOf(SCRIPTS[shell])));
  program
    .command(COMPLETE, { hidden: true })
    .option('--describe')
    .argument('[words...]')
    .action((words: string[], { describe = false }: { describe?: boolean }) =>
      complete(program, context, { words, isDescribed: describe }),
    );
}

/** Says nothing of what fails: the user has a line to type. */
async function complete(
  program: Command,
  context: Context,
  { words, isDescribed }: { readonly words: readonly string[]; readonly isDescribed: boolean },
): Promise<void> {
  // Verbs and options are completed without a home, too.
  const names = namesOf(context, await context.home.read().catch(() => EMPTY));
  const offered = await candidates(program, words, names).catch(() => []);
  for (const { word, description } of offered) {
    const isShown = isDescribed && description !== undefined;
    const text = printable(description ?? '').slice(0, MAX_DESCRIPTION);
    await context.output.line(isShown ? `${word}\t${text}` : word);
  }
}

function namesOf({ clock, environment }: Context, { targets, current }: State): Names {
  const chosen = (name: string | undefined) =>
    targets.find(target => target.name === (name ?? environment.target ?? current));
  return {
    targets,
    services: name => [...new Set(chosen(name)?.services.flatMap(({ name, registry }) => [name, registry]))],
    account: async (name, collection) => {
      const target = chosen(name);
      const { home: directory, network } = environment;
      if (target === undefined || directory === undefined) return [];
      return accountNames({ directory, target, collection, nowMs: clock(), waitMs: WAIT_MS, network });
    },
  };
}
