/** The command `pullpass`: all its verbs, and how their errors are printed. */
import { Command, CommanderError, Option } from 'commander';
import { addCompletion } from './commands/completion.ts';
import { addCredential } from './commands/credential.ts';
import { addDoctor } from './commands/doctor.ts';
import { addLogin } from './commands/login.ts';
import { addRegistryConfig } from './commands/registry-config.ts';
import { addRegistryLogin } from './commands/registry-login.ts';
import { addNamespaces, addPolicies, addTrusts } from './commands/rules.ts';
import { addTargets } from './commands/target.ts';
import { addTokens } from './commands/token.ts';
import { addWhoami } from './commands/whoami.ts';
import { Context, type GlobalOptions } from './context.ts';
import { SilentExit, UsageError } from './errors.ts';
import { type Io, VERSION } from './io.ts';
import { linesOf } from './printer.ts';

const FAILED = 1;
const MISUSED = 2;
const HARMLESS = /^[a-z,| -]*(?:<[a-z=.]+>)?$/;

/** Adds the verbs of one file to the program. */
type AddVerbs = (program: Command, context: Context) => void;

const VERBS: readonly AddVerbs[] = [
  addLogin,
  addWhoami,
  addRegistryLogin,
  addCredential,
  addTokens,
  addNamespaces,
  addPolicies,
  addTrusts,
  addTargets,
  addRegistryConfig,
  addCompletion,
  addDoctor,
];

/** Runs the command with the arguments that follow its name. Answers the exit code, and throws nothing. */
export async function run(args: readonly string[], io: Io): Promise<number> {
  const program = newProgram(io);
  const context = new Context(io, () => program.opts<GlobalOptions>());
  for (const add of VERBS) add(program, context);
  try {
    await program.parseAsync(args, { from: 'user' }).catch(unlessHarmless);
    await io.stdout.flushed();
    return 0;
  } catch (error) {
    const isUsage = error instanceof UsageError || error instanceof CommanderError;
    if (!isPrinted(error)) context.output.failure(isUsage ? asUsageError(error) : error);
    await io.stderr.flushed();
    return isUsage ? MISUSED : FAILED;
  }
}

/** commander throws after it has shown its help or the version, too. */
function unlessHarmless(error: unknown): void {
  if (!(error instanceof CommanderError) || error.exitCode !== 0) throw error;
}

function newProgram({ stdout, stderr }: Io): Command {
  return new Command('pullpass')
    .description('Tokens, credentials and logins of container registries that trust a Pullpass deployment.')
    .version(VERSION, '-V, --version', 'show the version')
    .addOption(new Option('--target <target>', 'the deployment to use, instead of the current one'))
    .addOption(new Option('--output <format>', 'how results are printed').choices(['human', 'json']))
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      // `run` asks afterwards whether it was written.
      writeOut: text => void stdout.lines(linesOf(text)).catch(() => undefined),
      writeErr: text => void stderr.lines(linesOf(text)),
      // `run` prints all errors.
      outputError: () => undefined,
    })
    .exitOverride();
}

/** commander prints its help instead of an error. */
function isPrinted(error: unknown): boolean {
  return error instanceof SilentExit || (error instanceof CommanderError && error.code === 'commander.help');
}

/** commander quotes what was typed, which may be a secret: only what can be a verb, an option or a choice is shown. */
function asUsageError(error: Error): Error {
  if (error instanceof UsageError) return error;
  const message = error.message.replace(/^error: /, '');
  return new UsageError(
    message.replaceAll(/'([^']*)'/g, (quoted, text) => (HARMLESS.test(text) ? quoted : "'…'")),
  );
}
