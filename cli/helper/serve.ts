import { Context } from '../context.ts';
import { CliError, messageOf } from '../errors.ts';
import { type Io, VERSION, within } from '../io.ts';
import { printable } from '../text.ts';
import { ACTIONS, NOT_FOUND } from './actions.ts';

/** Clients wait for the helper, and their users for them. */
const DEADLINE_MS = 4_500;
const USAGE = 'usage: docker-credential-pullpass get|store|erase|list|version';

/** Carries out the action that the arguments name. Answers the exit code, and throws nothing. */
export async function serve(args: readonly string[], world: Io): Promise<number> {
  const { stdout, stderr } = world;
  try {
    stdout.write(`${await within(DEADLINE_MS, outcome(args, world))}\n`);
    return 0;
  } catch (error) {
    const message = printable(messageOf(error));
    const next =
      error instanceof CliError && error.details.next !== undefined ? [printable(error.details.next)] : [];
    // Clients read the standard output, people the other one. Whoever has no credential here may have one elsewhere.
    stdout.write(`${message === NOT_FOUND ? NOT_FOUND : [message, ...next].join(' ')}\n`);
    const remarks = message === NOT_FOUND ? next : [message, ...next];
    if (remarks.length > 0) stderr.write(`docker-credential-pullpass: ${remarks.join(' ')}\n`);
    return 1;
  }
}

async function outcome(args: readonly string[], world: Io): Promise<string> {
  const [name = '', ...others] = args;
  if (others.length === 0 && name === 'version') return `docker-credential-pullpass (pullpass) v${VERSION}`;
  const action = ACTIONS.get(name);
  if (action === undefined || others.length > 0) throw new CliError(USAGE);
  const { home, clock, terminal } = new Context(world, () => ({}));
  return action({ home, clock }, withoutLineEnd(await terminal.text()));
}

/** People who call it by hand send one; anything else behind a host makes it another host. */
function withoutLineEnd(text: string): string {
  return text.replace(/\r?\n$/, '');
}
