/** From which of its many places `login` takes what it logs in with. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseRegistryToken } from '../lib/domain/registry-token.ts';
import { Secret } from '../lib/domain/secret.ts';
import { stsHostOf } from '../lib/iam/aws-hosts.ts';
import type { Environment } from './environment.ts';
import { UsageError } from './failure.ts';
import type { StoredLogin } from './stored-login.ts';
import type { Terminal } from './terminal.ts';
import { messageOf } from './text.ts';

export interface LoginOptions {
  readonly apikey?: string;
  readonly apikeyStdin?: true;
  readonly oidcTokenStdin?: true;
  readonly oidcTokenFile?: string;
  readonly aws?: true;
  readonly region?: string;
  readonly tokenStdin?: true;
}

/** What to log in with: an API key, which is exchanged and forgotten, or what is remembered as it is. */
export type LoginSource =
  | { readonly kind: 'api-key'; readonly apiKey: Secret }
  | Exclude<StoredLogin, { kind: 'iam' }>;

interface Ground {
  readonly environment: Environment;
  readonly terminal: Terminal;
}

const WAYS = '--apikey-stdin, --apikey, --oidc-token-stdin, --oidc-token-file, --aws or --token-stdin';

/** An option each: what it gives. */
const READERS = {
  apikey: async ({ apikey = '' }: LoginOptions) => apiKey(new Secret(apikey)),
  apikeyStdin: async (_: LoginOptions, { terminal }: Ground) => apiKey(await terminal.secret()),
  oidcTokenStdin: async (_: LoginOptions, { terminal }: Ground) => oidcToken(await terminal.secret()),
  oidcTokenFile: async ({ oidcTokenFile = '' }: LoginOptions) => oidcFile(oidcTokenFile),
  aws: async ({ region }: LoginOptions, { environment }: Ground) => aws(region ?? environment.awsRegion),
  tokenStdin: async (_: LoginOptions, { terminal }: Ground) => registryToken(await terminal.secret()),
} as const satisfies Record<string, (options: LoginOptions, ground: Ground) => Promise<LoginSource>>;

/** The one source that is named; without any, the one in the environment. Throws UsageError for none, or for two. */
export async function loginSource(options: LoginOptions, ground: Ground): Promise<LoginSource> {
  if (options.region !== undefined && options.aws !== true) throw new UsageError('--region goes with --aws.');
  const named = (Object.keys(READERS) as (keyof typeof READERS)[]).filter(
    name => options[name] !== undefined,
  );
  const [first, ...others] = named;
  if (others.length > 0) throw new UsageError(`A login is made with one of ${WAYS}.`);
  return first === undefined ? fromEnvironment(ground.environment) : READERS[first](options, ground);
}

function fromEnvironment({ apiKey: key, oidcToken: token }: Environment): LoginSource {
  if (key !== undefined && token !== undefined) {
    throw new UsageError('PULLPASS_APIKEY and PULLPASS_OIDC_TOKEN exclude each other.');
  }
  if (key !== undefined) return apiKey(key);
  if (token !== undefined) return oidcToken(token);
  throw new UsageError(`Log in with ${WAYS}, or set PULLPASS_APIKEY or PULLPASS_OIDC_TOKEN.`);
}

function apiKey(key: Secret): LoginSource {
  return { kind: 'api-key', apiKey: key };
}

function oidcToken(token: Secret): LoginSource {
  return { kind: 'oidc-token', token };
}

/** The path is remembered, and need not be absolute here. */
async function oidcFile(path: string): Promise<LoginSource> {
  const absolute = resolve(path);
  await readFile(absolute).catch((error: unknown) => {
    throw new UsageError(`The file of the OIDC token cannot be read: ${messageOf(error)}`);
  });
  return { kind: 'oidc-file', path: absolute };
}

function aws(region: string): LoginSource {
  if (stsHostOf(region) === undefined) throw new UsageError(`Pullpass knows no AWS region ${region}.`);
  return { kind: 'aws', region };
}

function registryToken(token: Secret): LoginSource {
  if (parseRegistryToken(token) !== undefined) return { kind: 'registry-token', token };
  throw new UsageError('That is no registry token (plp_…), or not all of it.');
}
