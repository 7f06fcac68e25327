/** What a user logs in with: the secret that an option or a variable gives, read and checked. */
import { resolve } from 'node:path';
import { parseRegistryToken } from '../../lib/domain/registry-token.ts';
import { type Secret, secretFormatOf } from '../../lib/domain/secret.ts';
import { stsHostOf } from '../../lib/iam/aws-assertion.ts';
import type { Context } from '../context.ts';
import { CliError, UsageError } from '../errors.ts';
import type { StoredLogin } from '../login.ts';
import { secretIn, secretInFile } from '../secret-source.ts';

export interface LoginOptions {
  readonly url?: string;
  readonly apikey?: string;
  readonly apikeyStdin?: true;
  readonly oidcTokenStdin?: true;
  readonly oidcTokenFile?: string;
  readonly aws?: true;
  readonly region?: string;
  readonly tokenStdin?: true;
}

/** What to log in with: an API key, which is exchanged and never stored, or what is stored as it is. */
export type LoginSource =
  | { readonly kind: 'api-key'; readonly apiKey: Secret }
  | Exclude<StoredLogin, { kind: 'iam' }>;

const API_KEY = 'API key';
const OIDC_TOKEN = 'OIDC token';
const REGISTRY_TOKEN = 'registry token';

const WAYS = '--apikey-stdin, --apikey, --oidc-token-stdin, --oidc-token-file, --aws or --token-stdin';

/** What each option gives. */
const READERS = {
  apikey: async ({ apikey = '' }: LoginOptions) =>
    apiKey(secretIn(apikey, { source: '--apikey', what: API_KEY })),
  apikeyStdin: async (_: LoginOptions, { input }: Context) => apiKey(await input.secret(API_KEY)),
  oidcTokenStdin: async (_: LoginOptions, { input }: Context) => oidcToken(await input.secret(OIDC_TOKEN)),
  oidcTokenFile: async ({ oidcTokenFile = '' }: LoginOptions) => oidcFile(oidcTokenFile),
  aws: async ({ region }: LoginOptions, { environment }: Context) => aws(region ?? environment.awsRegion),
  tokenStdin: async (_: LoginOptions, { input }: Context) =>
    registryToken(await input.secret(REGISTRY_TOKEN)),
} as const satisfies Record<string, (options: LoginOptions, context: Context) => Promise<LoginSource>>;

type SourceOption = keyof typeof READERS;

/** Whether an option or a variable says what to log in with. */
export function hasSource(options: LoginOptions, { environment }: Context): boolean {
  const { apiKey, oidcToken } = environment;
  return namedIn(options).length > 0 || apiKey !== undefined || oidcToken !== undefined;
}

/** The one source that the options name, or else the environment. Throws UsageError for none, for two, and for a bad one. */
export async function loginSource(options: LoginOptions, context: Context): Promise<LoginSource> {
  if (options.region !== undefined && options.aws !== true)
    throw new UsageError('--region can only be used with --aws.');
  const [first, ...others] = namedIn(options);
  if (others.length > 0) throw new UsageError(`Use only one of ${WAYS}.`);
  try {
    return first === undefined ? fromEnvironment(context) : await READERS[first](options, context);
  } catch (error) {
    throw error instanceof CliError ? new UsageError(error.message) : error;
  }
}

function namedIn(options: LoginOptions): SourceOption[] {
  return (Object.keys(READERS) as SourceOption[]).filter(name => options[name] !== undefined);
}

function fromEnvironment({ environment: { apiKey: key, oidcToken: token } }: Context): LoginSource {
  if (key !== undefined && token !== undefined) {
    throw new UsageError('PULLPASS_APIKEY and PULLPASS_OIDC_TOKEN are both set; unset one of them.');
  }
  if (key !== undefined) return apiKey(secretIn(key.reveal(), { source: 'PULLPASS_APIKEY', what: API_KEY }));
  if (token !== undefined)
    return oidcToken(secretIn(token.reveal(), { source: 'PULLPASS_OIDC_TOKEN', what: OIDC_TOKEN }));
  throw new UsageError(`Log in with ${WAYS}, or set PULLPASS_APIKEY or PULLPASS_OIDC_TOKEN.`);
}

/** A secret of ours is not sent to an IAM: it could be logged there. */
function apiKey(key: Secret): LoginSource {
  return { kind: 'api-key', apiKey: notOurs(key, API_KEY) };
}

function oidcToken(token: Secret): LoginSource {
  return { kind: 'oidc-token', token: notOurs(token, OIDC_TOKEN) };
}

function notOurs(secret: Secret, what: string): Secret {
  const format = secretFormatOf(secret);
  if (format === 'a registry token') {
    throw new UsageError(`This is ${format}, and not an ${what}; log in with it by --token-stdin.`);
  }
  if (format === 'a credential') {
    throw new UsageError(`This is ${format} for a registry, and not an ${what}; it is no login.`);
  }
  return secret;
}

/** Stores the absolute path, as the next command may run elsewhere. */
async function oidcFile(path: string): Promise<LoginSource> {
  const absolute = resolve(path);
  await secretInFile(absolute, OIDC_TOKEN);
  return { kind: 'oidc-file', path: absolute };
}

function aws(region: string): LoginSource {
  if (stsHostOf(region) === undefined) throw new UsageError(`Unknown AWS region ${region}.`);
  return { kind: 'aws', region };
}

function registryToken(token: Secret): LoginSource {
  if (parseRegistryToken(token) !== undefined) return { kind: 'registry-token', token };
  throw new UsageError('This is not a complete registry token (plp_…).');
}
