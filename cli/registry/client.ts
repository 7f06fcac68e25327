/** Logs a registry client of this machine in: docker, podman, skopeo or buildah. */
import { type ChildProcess, spawn } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Secret } from '../../lib/domain/secret.ts';
import { CliError, UsageError } from '../errors.ts';
import type { Printer } from '../printer.ts';

export const CLIENTS = ['docker', 'podman', 'skopeo', 'buildah'] as const;

export type ClientName = (typeof CLIENTS)[number];

export interface ClientLogin {
  readonly client: ClientName;
  /** `host` or `host:port`. */
  readonly registry: string;
  readonly userName: string;
  readonly password: Secret;
  /** The registry uses http, which docker finds out and the others need an option for. */
  readonly isPlain: boolean;
  readonly environment: NodeJS.ProcessEnv;
  /** Gets what the client says: its errors repeat what registries and deployments have answered. */
  readonly stderr: Printer;
}

/** Longer than any client waits for a registry that does not answer. */
const TIMEOUT_MS = 90_000;

const OTHERS = 'For any other client, print a configuration with: pullpass credential --format docker-config';

/** The client of that name, in any case. Throws UsageError that says which are known. */
export function clientNamed(text: string): ClientName {
  const client = CLIENTS.find(name => name === text.toLowerCase());
  if (client !== undefined) return client;
  throw new UsageError(`--client must be one of: ${CLIENTS.join(', ')}.\n${OTHERS}`);
}

/** Shares podman's logins, and has to be named. */
const NAMED_ONLY: ClientName = 'buildah';

/**
 * The client to log in: the named one, or the first that is installed. Throws CliError that says which are known and
 * which are installed.
 */
export async function clientToLogIn(named: ClientName | undefined, path = ''): Promise<ClientName> {
  const found = await Promise.all(CLIENTS.map(client => isOnPath(client, path)));
  const installed = CLIENTS.filter((_, i) => found[i]);
  const client = named ?? installed.find(client => client !== NAMED_ONLY);
  if (client !== undefined && installed.includes(client)) return client;
  throw new CliError(
    named === undefined ? 'No client to log in is installed.' : `${named} is not installed.`,
    {
      code: 'no-client',
      problems: [
        `Known: ${CLIENTS.join(', ')} (${NAMED_ONLY} only with --client)`,
        `Installed: ${installed.join(', ') || 'none of them'}`,
      ],
      next: OTHERS,
    },
  );
}

async function isOnPath(client: ClientName, path: string): Promise<boolean> {
  const directories = path.split(delimiter).filter(directory => directory !== '');
  const found = await Promise.all(directories.map(directory => isExecutable(join(directory, client))));
  return found.includes(true);
}

/**
 * Runs `<client> login`. The password goes over standard input: arguments and environments can be read by others on
 * the machine. Throws when it fails.
 */
export async function logClientIn(login: ClientLogin): Promise<void> {
  const { client, registry, userName, password, isPlain, environment, stderr } = login;
  const flags = isPlain && client !== 'docker' ? ['--tls-verify=false'] : [];
  const child = spawn(client, ['login', ...flags, '--username', userName, '--password-stdin', registry], {
    stdio: ['pipe', 'ignore', 'pipe'],
    env: environment,
    timeout: TIMEOUT_MS,
  });
  createInterface({ input: child.stderr }).on('line', line => void stderr.line(line));
  const code = endOf(child);
  // One that ends before it has read everything says itself why.
  child.stdin.on('error', () => undefined).end(password.reveal());
  const reason = await code;
  if (reason !== undefined)
    throw new CliError(`${client} login ${registry}: ${reason}.`, {
      code: 'client-failed',
      next: `See the messages of ${client} above.`,
    });
}

/** Why the program has failed; undefined when it has not. */
function endOf(child: ChildProcess): Promise<string | undefined> {
  return new Promise(resolve => {
    child.once('error', ({ message }) => resolve(message));
    child.once('close', (code, signal) => {
      if (code === 0) resolve(undefined);
      else resolve(signal === null ? `it ended with exit code ${code}` : 'it took too long');
    });
  });
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
