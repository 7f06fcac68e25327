/** The options that say what a token shall be, and the bodies that they become. */
import { type Command, Option } from 'commander';
import { patterns, seconds } from './arguments.ts';
import { UsageError } from './failure.ts';

export interface Addition {
  readonly description?: string;
  readonly nonExpiring?: true;
  readonly readwrite?: true;
  readonly repository?: readonly string[];
  readonly expiresIn?: number;
  readonly quiet?: true;
}

export interface Update extends Omit<Addition, 'quiet'> {
  readonly readonly?: true;
  readonly allRepositories?: true;
  readonly disable?: true;
  readonly enable?: true;
}

export function addOptions(command: Command): Command {
  return command
    .option('--description <text>', 'what it is for')
    .addOption(endingOption())
    .option('--non-expiring', 'it never ends by itself')
    .option('--readwrite', 'it may push, too')
    .option(...REPOSITORY)
    .option('-q, --quiet', 'show the value only');
}

export function updateOptions(command: Command): Command {
  return command
    .option('--description <text>', 'what it is for')
    .addOption(endingOption())
    .option('--non-expiring', 'it never ends by itself')
    .addOption(new Option('--readwrite', 'it may push, too').conflicts('readonly'))
    .option('--readonly', 'it may pull only')
    .option(...REPOSITORY)
    .addOption(new Option('--all-repositories', 'in all namespaces of the account').conflicts('repository'))
    .addOption(new Option('--disable', 'logins with it are refused until it is enabled').conflicts('enable'))
    .option('--enable', 'it may log in again');
}

const REPOSITORY = [
  '--repository <pattern>',
  'only there: a name, or a prefix and /*; may be given several times',
  patterns,
] as const;

function endingOption(): Option {
  const option = new Option('--expires-in <duration>', 'when it ends, as in 90s, 15m, 12h, 30d');
  return option.argParser(seconds).conflicts('nonExpiring');
}

/** The body of `POST /v1/tokens`. What is not said is left to the deployment. */
export function bodyOfAddition(options: Addition): Record<string, unknown> {
  const { description, nonExpiring, readwrite, repository, expiresIn } = options;
  return {
    description,
    access: readwrite ? 'push' : undefined,
    nonExpiring,
    expiresInSeconds: expiresIn,
    repositories: repository,
  };
}

/** The body of `PATCH /v1/tokens/{id}`. Throws UsageError when nothing is to change. */
export function bodyOfUpdate(options: Update): Record<string, unknown> {
  const { readonly: pullOnly, allRepositories, disable, enable } = options;
  const body = {
    ...bodyOfAddition(options),
    ...(pullOnly ? { access: 'pull' } : {}),
    ...(allRepositories ? { repositories: null } : {}),
    ...(disable || enable ? { disabled: disable === true } : {}),
  };
  if (Object.values(body).some(value => value !== undefined)) return body;
  throw new UsageError('Say what to change; "pullpass token-update --help" shows what can be.');
}
