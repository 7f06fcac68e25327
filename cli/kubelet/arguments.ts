/** What the kubelet's configuration says of the plugin, as its arguments. */
import { parseArgs } from 'node:util';
import { UsageError } from '../failure.ts';
import { parseTargetUrl } from '../target.ts';
import { messageOf } from '../text.ts';

export interface ProviderArguments {
  /** The origin of the deployment. */
  readonly url: string;
  /** The registries whose images it provides for, and no others: `host` or `host:port`. */
  readonly registries: readonly string[];
  /** A file with a registry token; undefined: the service-account token of each request is used. */
  readonly tokenFile: string | undefined;
  /** Undefined: the deployment says which service is the registry's. */
  readonly service: string | undefined;
}

export const USAGE = `usage: pullpass-kubelet-provider --url URL --registry HOST[,HOST] [--token-file PATH] [--service NAME]

Reads a CredentialProviderRequest of the kubelet and answers it (credentialprovider.kubelet.k8s.io/v1).
  --url         the PULLPASS_URL of the deployment
  --registry    the registries that it provides for: exactly these, host or host:port
  --token-file  a file with a registry token; without it the pod's service-account token is used
  --service     the service of the registry, when it is not to be asked for`;

const OPTIONS = {
  url: { type: 'string' },
  registry: { type: 'string', multiple: true },
  'token-file': { type: 'string' },
  service: { type: 'string' },
} as const;

/** Throws UsageError when something is missing, or not to be understood. */
export function readArguments(args: readonly string[]): ProviderArguments {
  const { url, registry = [], 'token-file': tokenFile, service } = parse(args);
  const registries = registry.flatMap(list => list.split(','));
  if (url === undefined) throw new UsageError('--url is missing.');
  if (registries.length === 0 || registries.includes('')) {
    throw new UsageError('--registry must name the registries, parted by commas.');
  }
  return { url: parseTargetUrl(url), registries, tokenFile, service };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS }).values;
  } catch (error) {
    throw new UsageError(messageOf(error));
  }
}
