/** The environment that the command runs in: the only place that reads it, but for the AWS SDK. */
import { isAbsolute, join } from 'node:path';
import { Secret } from '../lib/domain/secret.ts';

export interface Environment {
  /** The directory of the state file; undefined: nothing says where the user keeps such files. */
  readonly home: string | undefined;
  /** `PULLPASS_TARGET`: the target where `--target` names none. */
  readonly target: string | undefined;
  /** `PULLPASS_APIKEY`, for `login`. */
  readonly apiKey: Secret | undefined;
  /** `PULLPASS_OIDC_TOKEN`, for `login`. */
  readonly oidcToken: Secret | undefined;
  readonly awsRegion: string;
  /** For the programs that the command runs: everything but the secrets. */
  readonly forPrograms: NodeJS.ProcessEnv;
  /** Whether colours are unwanted (https://no-color.org). */
  readonly noColor: boolean;
}

const DEFAULT_REGION = 'us-east-1';

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
    forPrograms,
    noColor: given('NO_COLOR') !== undefined,
  };
}

/** XDG Base Directory Specification: a path that is not absolute is to be ignored. */
function defaultHome({
  XDG_CONFIG_HOME: configured = '',
  HOME: home = '',
}: NodeJS.ProcessEnv): string | undefined {
  if (isAbsolute(configured)) return join(configured, 'pullpass');
  return isAbsolute(home) ? join(home, '.config', 'pullpass') : undefined;
}
