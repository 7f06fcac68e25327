/** One call of the kubelet credential provider: a request on standard input, the answer on standard output. */
import { parseArgs } from 'node:util';
import { parseRegistryToken } from '../../lib/domain/registry-token.ts';
import { Secret } from '../../lib/domain/secret.ts';
import { Broker } from '../broker.ts';
import { discover } from '../discovery.ts';
import { CliError, detailsOf, messageOf, UsageError } from '../errors.ts';
import { Input, secretFile } from '../input.ts';
import { type Io, TIMEOUTS, type Timeouts, within } from '../io.ts';
import type { Credentials } from '../login.ts';
import { linesOf } from '../printer.ts';
import { checkRegistry } from '../registry/challenge.ts';
import { vendRequest } from '../registry/service.ts';
import { parseTargetUrl } from '../target.ts';
import { checkedResponse, NOTHING, type ProviderRequest, readRequest } from './messages.ts';

/** The kubelet waits for a minute, and the pod with it. */
export const PROVIDER_TIMEOUTS: Timeouts = {
  ...TIMEOUTS,
  requestMs: 4_000,
  registryMs: 4_000,
  totalMs: 9_500,
};

const LIFE_SECONDS = 3600;

/** Answers the exit code, and throws nothing. */
export async function provide(args: readonly string[], io: Io): Promise<number> {
  const { stdout, stderr, timeouts } = io;
  try {
    const provider = readArguments(args);
    const request = readRequest(await new Input(io).text());
    await stdout.line(await within(timeouts.totalMs, response(provider, request, timeouts)));
    return 0;
  } catch (error) {
    const isUsage = error instanceof UsageError;
    const text = `${messageOf(error)} ${detailsOf(error).next ?? ''}`.trim();
    await stderr.line(`pullpass-kubelet-provider: ${text}`);
    if (isUsage) await stderr.lines(['', ...linesOf(USAGE)]);
    return isUsage ? 2 : 1;
  }
}

async function response(
  provider: ProviderArguments,
  request: ProviderRequest,
  { requestMs, registryMs }: Timeouts,
): Promise<string> {
  // Compared byte for byte: a name that only looks like one of these registries is another one.
  const registry = request.image.slice(0, request.image.indexOf('/'));
  if (!provider.registries.includes(registry)) return NOTHING;
  const credentials = await credentialsFor(provider, request);
  const broker = new Broker({ url: provider.url, timeoutMs: requestMs });
  const service = provider.service ?? (await serviceOf(broker, registry));
  const wanted = { format: 'kubelet', access: 'pull', service, expiresInSeconds: LIFE_SECONDS } as const;
  const [{ text }] = await Promise.all([
    broker.send({ ...vendRequest(wanted), credentials }),
    checkRegistry({ url: provider.url, service }, { registry, timeoutMs: registryMs }),
  ]);
  return checkedResponse(text, { registry, lifeSeconds: LIFE_SECONDS });
}

async function credentialsFor(
  { tokenFile }: ProviderArguments,
  request: ProviderRequest,
): Promise<Credentials> {
  if (tokenFile !== undefined) return { userName: 'token', password: await registryTokenIn(tokenFile) };
  const { serviceAccountToken: token = '' } = request;
  if (token !== '') return { userName: 'oidc', password: new Secret(token) };
  throw new CliError('The request has no service-account token.', {
    next: 'Set "tokenAttributes" for this provider in the configuration of the kubelet, or give it a --token-file.',
  });
}

async function registryTokenIn(path: string): Promise<Secret> {
  const token = await secretFile(path, 'registry token');
  if (parseRegistryToken(token) === undefined) throw new CliError(`${path} holds no registry token.`);
  return token;
}

async function serviceOf(broker: Broker, registry: string): Promise<string> {
  const { services } = await discover(broker);
  const service = services.find(listed => listed.registry === registry);
  if (service !== undefined) return service.name;
  throw new CliError(`The deployment at ${broker.url} does not serve ${registry}.`);
}

interface ProviderArguments {
  /** The origin of the deployment. */
  readonly url: string;
  /** The registries whose images it provides for, and no others: `host` or `host:port`. */
  readonly registries: readonly string[];
  /** A file with a registry token; undefined: the service-account token of each request is used. */
  readonly tokenFile: string | undefined;
  /** Undefined: the deployment says which service is the registry's. */
  readonly service: string | undefined;
}

const USAGE = `usage: pullpass-kubelet-provider --url URL --registry HOST[,HOST] [--token-file PATH] [--service NAME]

Reads a CredentialProviderRequest of the kubelet and answers it (credentialprovider.kubelet.k8s.io/v1).
  --url         the PULLPASS_URL of the deployment
  --registry    the registries that it provides for: exactly these, host or host:port
  --token-file  a file with a registry token; without it the pod's service-account token is used
  --service     the service of the registry, when the deployment is not to be asked`;

const OPTIONS = {
  url: { type: 'string' },
  registry: { type: 'string', multiple: true },
  'token-file': { type: 'string' },
  service: { type: 'string' },
} as const;

/** Throws UsageError when an argument is missing or unknown. */
function readArguments(args: readonly string[]): ProviderArguments {
  const { url, registry = [], 'token-file': tokenFile, service } = parse(args);
  const registries = registry.flatMap(list => list.split(','));
  if (url === undefined) throw new UsageError('--url is missing.');
  if (registries.length === 0 || registries.includes('')) {
    throw new UsageError('--registry must name the registries, separated by commas.');
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
