/** The arguments of the kubelet credential provider. */
import { parseArgs } from 'node:util';
import { canonicalHost, hostAsWritten } from '../../lib/domain/service.ts';
import { messageOf, UsageError } from '../errors.ts';
import { parseTargetUrl } from '../target.ts';

export interface ProviderArguments {
  /** The origin of the deployment. */
  readonly url: string;
  /** The registries whose images it provides for, and no others: canonical hosts. */
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
  --service     the service of the registry, when the deployment is not to be asked
  --help        show this text
  --version     show the version

Example, in the file of the kubelet's --image-credential-provider-config:
  - name: pullpass-kubelet-provider
    apiVersion: credentialprovider.kubelet.k8s.io/v1
    matchImages: [registry.example.com]
    defaultCacheDuration: 10m
    args: [--url, https://pullpass.example.com, --registry, registry.example.com]`;

const OPTIONS = {
  url: { type: 'string' },
  registry: { type: 'string', multiple: true },
  'token-file': { type: 'string' },
  service: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'V' },
} as const;

const SCHEME = /^https?:\/\//i;

/** Throws UsageError when an argument is missing, unknown, or can never match an image. */
export function readArguments(args: readonly string[]): ProviderArguments | 'help' | 'version' {
  const { url, registry = [], 'token-file': tokenFile, service, help, version } = parse(args);
  if (help) return 'help';
  if (version) return 'version';
  const registries = registry.flatMap(list => list.split(',')).map(text => text.trim());
  if (url === undefined) throw new UsageError('--url is missing.');
  if (registries.length === 0 || registries.includes('')) {
    throw new UsageError('--registry must name the registries, separated by commas.');
  }
  return { url: parseTargetUrl(url), registries: registries.map(requireMatchable), tokenFile, service };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS }).values;
  } catch (error) {
    throw new UsageError(messageOf(error));
  }
}

/** The canonical host. Throws UsageError for what no image can match, with which the kubelet would never get a credential. */
function requireMatchable(text: string): string {
  const host = hostAsWritten(text);
  const fault = host === undefined ? faultOf(text) : imageFault(host);
  if (host !== undefined && fault === undefined) return host;
  throw new UsageError(`--registry${shown(text)} can never match an image: ${fault}.`);
}

/** Nothing of what may be a secret that was pasted by mistake. */
function shown(text: string): string {
  return /^[\w.*?:/[\]-]{1,100}$/.test(text) && !/pl[pc]_|eyJ/.test(text) ? ` ${text}` : '';
}

function faultOf(text: string): string {
  if (/[*?]/.test(text)) return 'patterns such as *.example.com belong into matchImages; name each registry';
  const [host = ''] = text.replace(SCHEME, '').split('/', 1);
  if (canonicalHost(host) !== undefined) {
    return 'a registry has no path; name repositories in matchImages';
  }
  return 'a registry is a host, or a host and a port from 1 to 65535';
}

/** Why an image that begins with this host is read as one of another registry; undefined: it is not. */
function imageFault(host: string): string | undefined {
  if (host.startsWith('[') && host.endsWith(']')) {
    return 'the kubelet matches an IPv6 address only with its port, as in [2001:db8::1]:5000';
  }
  if (/[.:]/.test(host) || host === 'localhost') return undefined;
  return `the image ${host}/app is one of docker.io; a host must have a dot or a port, or be localhost`;
}
