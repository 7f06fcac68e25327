/** `completion`, and `complete`, which its scripts ask at every press of the tab key. */
import { Argument, type Command, type Option } from 'commander';
import type { Context } from '../context.ts';
import { EMPTY } from '../home.ts';
import { linesOf } from '../printer.ts';
import { optionsOf, positionAfter } from './position.ts';

type Shell = 'bash' | 'fish' | 'zsh';

/** To bash a colon and an equals sign end a word, and it only wants what comes after them. */
const BASH = `# source <(pullpass completion bash)
_pullpass() {
  local line="\${COMP_LINE:0:COMP_POINT}" IFS=$' \\t\\n'
  local word="\${line##*[[:space:]]}"
  local prefix="\${word%"\${word##*[:=]}"}"
  local -a words
  read -r -a words <<< "\${line%"$word"}"
  IFS=$'\\n'
  COMPREPLY=($(pullpass complete -- "\${words[@]:1}" "$word" 2>/dev/null))
  COMPREPLY=("\${COMPREPLY[@]#"$prefix"}")
}
complete -o default -F _pullpass pullpass
`;

const ZSH = `#compdef pullpass
# source <(pullpass completion zsh), after compinit
_pullpass() {
  local -a found
  found=("\${(@f)$(pullpass complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "\${found[*]}" ]]; then compadd -a found; else _files; fi
}
compdef _pullpass pullpass
`;

const FISH = `# pullpass completion fish | source
function __pullpass_complete
  set -l words (commandline -opc)
  set -l current (commandline -ct)
  pullpass complete -- $words[2..-1] "$current" 2>/dev/null
end
complete -c pullpass -a '(__pullpass_complete)'
`;

const SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, fish: FISH, zsh: ZSH };

export function addCompletion(program: Command, context: Context): void {
  program
    .command('completion')
    .description(
      'print a script that completes verbs, options and targets: source <(pullpass completion bash)',
    )
    .addArgument(new Argument('<shell>').choices(Object.keys(SCRIPTS)))
    .action((shell: Shell) => context.output.lines(linesOf(SCRIPTS[shell])));
  program
    .command('complete', { hidden: true })
    .argument('[words...]')
    .action((words: string[]) => complete(program, context, words));
}

async function complete(program: Command, { home, output }: Context, words: string[]): Promise<void> {
  // Verbs and options are completed without a home, too.
  const { targets } = await home.read().catch(() => EMPTY);
  const names = targets.map(({ name }) => name);
  for (const word of completions({ program, targets: names }, words)) await output.line(word);
}

interface CompletionContext {
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
function completions({ program, targets }: CompletionContext, words: readonly string[]): string[] {
  const before = words.slice(0, -1);
  const last = words.at(-1) ?? '';
  const { command, option, operands } = positionAfter(program, before);
  const all =
    option === undefined ? following(command, last, operands.length, targets) : valuesOf(option, targets);
  return all.filter(word => word.startsWith(last));
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
