/** What a command gets from its process: environment, streams, clock, and how long it may wait. */
import { isAbsolute, join } from 'node:path';
import { Secret } from '../lib/domain/secret.ts';
import type { Clock } from '../lib/ports/system.ts';
import { afterWaiting } from './deadline.ts';
import { CliError } from './errors.ts';
import { Network } from './network.ts';
import { outputStream, Printer } from './printer.ts';
import type { Source } from './terminal.ts';

/** The version of the package. */
export const VERSION = '0.1.0';

/** How long the command waits, in milliseconds. */
export interface Timeouts {
  /** For one response of a deployment or an issuer. */
  readonly requestMs: number;
  /** For one response of a registry. */
  readonly registryMs: number;
  /** For the whole run, in the programs that registry clients call. */
  readonly totalMs: number;
  /** A lock that is older belongs to a process that was killed. */
  readonly lockMs: number;
  /** For another process that vends the same credential: then one is vended for this process alone. */
  readonly shareMs: number;
  /** Before a user at a terminal is told what the command waits for. */
  readonly noticeMs: number;
  /** Between two looks at what is waited for. */
  readonly pollMs: number;
}

export const TIMEOUTS: Timeouts = {
  requestMs: 10_000,
  registryMs: 5_000,
  totalMs: 60_000,
  lockMs: 2_000,
  shareMs: 1_500,
  noticeMs: 1_000,
  pollMs: 30_000,
};

export interface Io {
  readonly environment: Environment;
  readonly stdin: Source;
  readonly stdout: Printer;
  readonly stderr: Printer;
  readonly clock: Clock;
  readonly timeouts: Timeouts;
}

export interface Environment {
  /** The directory of the state file; undefined when no variable says where to keep it. */
  readonly home: string | undefined;
  /** `PULLPASS_TARGET`: the target where `--target` names none. */
  readonly target: string | undefined;
  /** `PULLPASS_APIKEY`, for `login`. */
  readonly apiKey: Secret | undefined;
  /** `PULLPASS_OIDC_TOKEN`, for `login`. */
  readonly oidcToken: Secret | undefined;
  readonly awsRegion: string;
  /** How requests reach their servers. */
  readonly network: Network;
  /** `PULLPASS_REGISTRY_LOGIN`: what `registry-login` tells the credential helper of the client that it starts. */
  readonly registryLogin: string | undefined;
  /** For the programs that the command runs: everything but the secrets. */
  readonly forPrograms: NodeJS.ProcessEnv;
  /** Colours are unwanted (https://no-color.org). */
  readonly noColor: boolean;
}

const DEFAULT_REGION = 'us-east-1';

/** The real process. */
export function processIo(timeouts: Timeouts = TIMEOUTS): Io {
  const environment = readEnvironment();
  return {
    environment,
    stdin: process.stdin,
    stdout: new Printer(outputStream(1), environment),
    stderr: new Printer(outputStream(2), { ...environment, mayLose: true }),
    clock: Date.now,
    timeouts,
  };
}

/** Reads the variables; an empty one counts as absent. */
export function readEnvironment(variables: NodeJS.ProcessEnv = process.env): Environment {
  const given = (name: string) => variables[name] || undefined;
  const { PULLPASS_APIKEY: _, PULLPASS_OIDC_TOKEN: __, ...forPrograms } = variables;
  const secret = (name: string) => (variables[name] ? new Secret(variables[name]) : undefined);
  return {
    home: given('PULLPASS_HOME') ?? defaultHome(variables),
    target: given('PULLPASS_TARGET'),
    apiKey: secret('PULLPASS_APIKEY'),
    oidcToken: secret('PULLPASS_OIDC_TOKEN'),
    awsRegion: given('AWS_REGION') ?? given('AWS_DEFAULT_REGION') ?? DEFAULT_REGION,
    network: new Network(variables),
    registryLogin: given('PULLPASS_REGISTRY_LOGIN'),
    forPrograms,
    noColor: given('NO_COLOR') !== undefined,
  };
}

/** Waits at most `ms` for `work`, which goes on. Throws CliError afterwards. */
export async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let stop = () => {};
  const late = new Promise<never>((_, reject) => {
    const error = new CliError(`It took longer than ${ms / 1000} s.`, {
      code: 'too-late',
      next: 'Find out why with: pullpass doctor',
    });
    stop = afterWaiting(ms, () => reject(error));
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    stop();
  }
}

/** XDG Base Directory Specification: a path that is not absolute is to be ignored. */
function defaultHome({
  XDG_CONFIG_HOME: configured = '',
  HOME: home = '',
}: NodeJS.ProcessEnv): string | undefined {
  if (isAbsolute(configured)) return join(configured, 'pullpass');
  return isAbsolute(home) ? join(home, '.config', 'pullpass') : undefined;
}
