/** What a user logs in with: the secret that an option or a variable gives, read and checked. */
import { resolve } from 'node:path';
import { parseRegistryToken } from '../../lib/domain/registry-token.ts';
import { type Secret, secretFormatOf } from '../../lib/domain/secret.ts';
import { stsHostOf } from '../../lib/iam/aws-assertion.ts';
import type { Context } from '../context.ts';
import { CliError, UsageError } from '../errors.ts';
import type { StoredLogin } from '../login.ts';
import { type SecretSource, secretIn, secretInFile } from '../secret-source.ts';

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
  apikey: async ({ apikey = '' }: LoginOptions) => apiKey(apikey, '--apikey'),
  apikeyStdin: async (_: LoginOptions, { input }: Context) =>
    apiKey((await input.secret(API_KEY)).reveal(), input.source),
  oidcTokenStdin: async (_: LoginOptions, { input }: Context) =>
    oidcToken((await input.secret(OIDC_TOKEN)).reveal(), input.source),
  oidcTokenFile: async ({ oidcTokenFile = '' }: LoginOptions) => oidcFile(oidcTokenFile),
  aws: async ({ region }: LoginOptions, { environment }: Context) => aws(region ?? environment.awsRegion),
  tokenStdin: async (_: LoginOptions, { input }: Context) =>
    registryToken(await input.secret(REGISTRY_TOKEN), input.source),
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
  if (key !== undefined) return apiKey(key.reveal(), 'PULLPASS_APIKEY');
  if (token !== undefined) return oidcToken(token.reveal(), 'PULLPASS_OIDC_TOKEN');
  throw new UsageError(`Log in with ${WAYS}, or set PULLPASS_APIKEY or PULLPASS_OIDC_TOKEN.`);
}

function apiKey(text: string, source: string): LoginSource {
  const from = { source, what: API_KEY };
  return { kind: 'api-key', apiKey: notOurs(secretIn(text, from), from) };
}

function oidcToken(text: string, source: string): LoginSource {
  const from = { source, what: OIDC_TOKEN };
  return { kind: 'oidc-token', token: notOurs(secretIn(text, from), from) };
}

/** A secret of ours is not sent to an IAM, nor taken for a workload's: it could be logged there. */
function notOurs(secret: Secret, { source, what }: SecretSource): Secret {
  const format = secretFormatOf(secret);
  if (format === 'a registry token') {
    throw new UsageError(`${source} holds ${format}, and not an ${what}; log in with it by --token-stdin.`);
  }
  if (format === 'a credential') {
    throw new UsageError(`${source} holds ${format} for a registry, and not an ${what}; it is no login.`);
  }
  return secret;
}

/** Stores the absolute path, as the next command may run elsewhere. */
async function oidcFile(path: string): Promise<LoginSource> {
  if (path === '') throw new UsageError('--oidc-token-file is empty.');
  const absolute = resolve(path);
  notOurs(await secretInFile(absolute, OIDC_TOKEN), { source: absolute, what: OIDC_TOKEN });
  return { kind: 'oidc-file', path: absolute };
}

function aws(region: string): LoginSource {
  if (stsHostOf(region) === undefined) throw new UsageError(`Unknown AWS region ${region}.`);
  return { kind: 'aws', region };
}

function registryToken(token: Secret, source: string): LoginSource {
  if (parseRegistryToken(token) !== undefined) return { kind: 'registry-token', token };
  throw new UsageError(`${source} does not hold a complete registry token (plp_…).`);
}
