/** The command `pullpass`: all its verbs, and how their errors are printed. */
import { Command, CommanderError, Option } from 'commander';
import { addAudit } from './commands/audit.ts';
import { addCompletion, COMPLETE } from './commands/completion.ts';
import { addCredential } from './commands/credential.ts';
import { addDoctor } from './commands/doctor.ts';
import { addExamples } from './commands/examples.ts';
import { addExplain } from './commands/explain.ts';
import { addIssuers } from './commands/issuers.ts';
import { addLogin } from './commands/login.ts';
import { addNamespaces } from './commands/namespace.ts';
import { addPolicies } from './commands/policy.ts';
import { positionAfter } from './commands/position.ts';
import { addProbe } from './commands/probe.ts';
import { addRegistryConfig } from './commands/registry-config.ts';
import { addRegistryLogin } from './commands/registry-login.ts';
import { addRevoke } from './commands/revoke.ts';
import { addRules } from './commands/rules.ts';
import { suggestionFor } from './commands/suggestions.ts';
import { addTargets } from './commands/target.ts';
import { addTokens } from './commands/token.ts';
import { addTrusts } from './commands/trust.ts';
import { addUsage } from './commands/usage.ts';
import { addWhoami } from './commands/whoami.ts';
import { forgetAccountNames } from './completion/account-names.ts';
import { Context, type GlobalOptions } from './context.ts';
import { SilentExit, UsageError } from './errors.ts';
import { type Io, VERSION } from './io.ts';
import { linesOf } from './printer.ts';

const FAILED = 1;
const MISUSED = 2;
const HELP = 'commander.help';
const HARMLESS = /^[a-z,| -]*(?:<[a-z=.]+>)?$/;

/** Adds the verbs of one file to the program. */
type AddVerbs = (program: Command, context: Context) => void;

const VERBS: readonly AddVerbs[] = [
  addLogin,
  addWhoami,
  addRevoke,
  addRegistryLogin,
  addCredential,
  addTokens,
  addNamespaces,
  addPolicies,
  addTrusts,
  addIssuers,
  addRules,
  addUsage,
  addAudit,
  addTargets,
  addRegistryConfig,
  addCompletion,
  addExplain,
  addDoctor,
  addProbe,
];

/** Runs the command with the arguments that follow its name. Answers the exit code, and throws nothing. */
export async function run(args: readonly string[], io: Io): Promise<number> {
  const program = newProgram(io);
  const context = new Context(io, () => program.opts<GlobalOptions>());
  for (const add of VERBS) add(program, context);
  addExamples(program);
  program.hook('preAction', (_, verb) => forgetNames(verb, io));
  try {
    await program.parseAsync(withoutHelp(program, args), { from: 'user' }).catch(unlessHarmless);
    await io.stdout.flushed();
    return 0;
  } catch (error) {
    const isUsage = error instanceof UsageError || error instanceof CommanderError;
    if (!isPrinted(error, context))
      context.output.failure(isUsage ? asUsageError(error, program, args) : error);
    await io.stderr.flushed();
    if (error instanceof SilentExit) return error.exitCode;
    return isUsage ? MISUSED : FAILED;
  }
}

/** `help token add` as `token add --help`: commander reads one word, and for one that it does not know shows its own help. */
function withoutHelp(program: Command, args: readonly string[]): readonly string[] {
  const [first, ...words] = args;
  if (first !== 'help' || words.length === 0) return args;
  const { command, operands } = positionAfter(program, words);
  const isUnknown = command.commands.length > 0 && operands.length > 0;
  return isUnknown ? words : [...words, '--help'];
}

/** Any verb may change what the account has; what the tab key remembers of it would be wrong. */
async function forgetNames(verb: Command, { environment: { home } }: Io): Promise<void> {
  if (home !== undefined && verb.name() !== COMPLETE) await forgetAccountNames(home);
}

/** commander throws after it has shown its help or the version, too. */
function unlessHarmless(error: unknown): void {
  if (!(error instanceof CommanderError) || error.exitCode !== 0) throw error;
}

function newProgram({ stdout, stderr }: Io): Command {
  const program = new Command('pullpass');
  return program
    .description('Tokens, credentials and logins of container registries that trust a Pullpass deployment.')
    .version(VERSION, '-V, --version', 'show the version')
    .addOption(new Option('--target <target>', 'the deployment to use, instead of the current one'))
    .addOption(new Option('--output <format>', 'how results are printed').choices(['human', 'json']))
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      // `run` asks afterwards whether it was written.
      writeOut: text => void stdout.lines(linesOf(text)).catch(() => undefined),
      writeErr: text => {
        if (program.opts<GlobalOptions>().output !== 'json') void stderr.lines(linesOf(text));
      },
      // `run` prints all errors.
      outputError: () => undefined,
    })
    .exitOverride();
}

/** commander prints its help instead of an error; programs get the error. */
function isPrinted(error: unknown, { output }: Context): boolean {
  const isHelp = error instanceof CommanderError && error.code === HELP;
  return error instanceof SilentExit || (isHelp && output.format === 'human');
}

/** commander repeats what was typed, which may be a secret: only what can be a verb, an option or a choice is shown. */
function asUsageError(error: Error, program: Command, args: readonly string[]): Error {
  if (!(error instanceof CommanderError)) return error;
  if (error.code === HELP) return new UsageError('No command was given; "pullpass --help" lists them.');
  const suggestion = suggestionFor(error, program, args);
  const message = error.message
    .replace(/^error: /, '')
    .replace(/(but got \d+): .*$/s, '$1.')
    .replace(suggestion === undefined ? '' : /\n\(Did you mean .*$/s, '')
    .replaceAll(/'([^']*)'/g, (quoted, text) => (HARMLESS.test(text) ? quoted : "'…'"));
  if (suggestion !== undefined) return new UsageError(`${message}\n(Did you mean ${suggestion}?)`);
  const isLost = error.code === 'commander.unknownCommand' && !message.includes('Did you mean');
  return new UsageError(isLost ? `${message}\n"pullpass --help" lists the commands.` : message);
}
