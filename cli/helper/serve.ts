/** One call of the credential helper (docker/docker-credential-helpers `credentials/credentials.go`). */
import { Context } from '../context.ts';
import { CliError, detailsOf, reasonOf } from '../errors.ts';
import { withoutLineEnd } from '../input.ts';
import { type Io, TIMEOUTS, type Timeouts, VERSION, within } from '../io.ts';
import { ACTIONS, NOT_FOUND } from './actions.ts';
import { readOrder } from './order.ts';

/** Clients wait for the helper, and users for them: it ends within five seconds, also when a lock was left behind. */
export const HELPER_TIMEOUTS: Timeouts = {
  ...TIMEOUTS,
  // A login may be renewed before the credential is vended; the registry is asked meanwhile.
  requestMs: 2_500,
  registryMs: 4_000,
  totalMs: 4_500,
};
const USAGE = 'usage: docker-credential-pullpass get|store|erase|list|version';
const VERSION_WORDS = ['version', '--version', '-v', '-V'];
const HELP_WORDS = ['help', '--help', '-h'];

/** Runs the action that the arguments name. Answers the exit code, and throws nothing. */
export async function serve(args: readonly string[], io: Io): Promise<number> {
  const { stdout, stderr } = io;
  try {
    await stdout.line(await outcome(args, io));
    return 0;
  } catch (error) {
    const message = reasonOf(error);
    const { next: advice } = detailsOf(error);
    const next = advice === undefined ? [] : [advice];
    // Clients read standard output, people standard error. Not found is no error: another helper may have a credential.
    const said = message === NOT_FOUND ? NOT_FOUND : [message, ...next].join(' ');
    await stdout.line(said).catch(() => undefined);
    const remarks = message === NOT_FOUND ? next : [message, ...next];
    if (remarks.length > 0) await stderr.line(`docker-credential-pullpass: ${remarks.join(' ')}`);
    return 1;
  }
}

async function outcome(args: readonly string[], io: Io): Promise<string> {
  const [name = '', ...others] = args;
  if (others.length === 0 && VERSION_WORDS.includes(name))
    return `docker-credential-pullpass (pullpass) v${VERSION}`;
  if (others.length === 0 && HELP_WORDS.includes(name)) return USAGE;
  const action = ACTIONS.get(name);
  if (action === undefined || others.length > 0) throw new CliError(USAGE);
  const { home, clock, timeouts, environment, input } = new Context(io, () => ({}));
  const warn = (line: string) => void io.stderr.line(`docker-credential-pullpass: ${line}`);
  // Outside of the time-out: a caller that is slow to write is not a deployment that does not answer.
  const text = name === 'list' ? '' : withoutLineEnd(await input.text());
  const { network, registryLogin } = environment;
  const ports = { home, clock, timeouts, network, warn, order: readOrder(registryLogin) };
  return within(timeouts.totalMs, action(ports, text));
}
