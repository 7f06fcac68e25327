/** One call of the kubelet credential provider: a request on standard input, the answer on standard output. */
import { parseRegistryToken } from '../../lib/domain/registry-token.ts';
import { isRepository } from '../../lib/domain/repository.ts';
import { Secret } from '../../lib/domain/secret.ts';
import { canonicalHost, isSameRegistry } from '../../lib/domain/service.ts';
import { Broker } from '../broker.ts';
import { discover } from '../discovery.ts';
import { CliError, detailsOf, reasonOf, UsageError } from '../errors.ts';
import { Input } from '../input.ts';
import { type Io, TIMEOUTS, type Timeouts, VERSION, within } from '../io.ts';
import type { Credentials } from '../login.ts';
import { linesOf } from '../printer.ts';
import { checkRegistry } from '../registry/challenge.ts';
import { vendRequest } from '../registry/service.ts';
import { LIMITS, shortened } from '../registry/vendor.ts';
import { secretInFile } from '../secret-source.ts';
import { type ProviderArguments, readArguments, USAGE } from './arguments.ts';
import { checkedResponse, NOTHING, type ProviderRequest, readRequest } from './messages.ts';

/** The kubelet waits for a minute, and the pod with it. */
export const PROVIDER_TIMEOUTS: Timeouts = {
  ...TIMEOUTS,
  requestMs: 4_000,
  registryMs: 4_000,
  totalMs: 9_500,
};

const LIFE_SECONDS = 3600;

/** The status of a request for a credential that would be too long. */
const TOO_LONG = 400;

/** Answers the exit code, and throws nothing. */
export async function provide(args: readonly string[], io: Io): Promise<number> {
  const { stdout, stderr } = io;
  try {
    const provider = readArguments(args);
    await stdout.lines(linesOf(await answer(provider, io)));
    return 0;
  } catch (error) {
    const isUsage = error instanceof UsageError;
    const text = `${reasonOf(error)} ${detailsOf(error).next ?? ''}`.trim();
    await stderr.line(`pullpass-kubelet-provider: ${text}`);
    if (isUsage) await stderr.lines(['', ...linesOf(USAGE)]);
    return isUsage ? 2 : 1;
  }
}

async function answer(provider: ReturnType<typeof readArguments>, io: Io): Promise<string> {
  if (provider === 'help') return USAGE;
  if (provider === 'version') return `pullpass-kubelet-provider (pullpass) v${VERSION}`;
  const request = readRequest(await new Input(io).text());
  return within(io.timeouts.totalMs, response(provider, request, io));
}

async function response(
  provider: ProviderArguments,
  request: ProviderRequest,
  { stderr, timeouts: { requestMs, registryMs }, environment: { network } }: Io,
): Promise<string> {
  const written = hostOfImage(request.image);
  const registry = written === undefined ? undefined : canonicalHost(written);
  if (written === undefined || registry === undefined || !provider.registries.includes(registry))
    return NOTHING;
  const credentials = await credentialsFor(provider, request);
  const broker = new Broker({ url: provider.url, timeoutMs: requestMs, network });
  const service = provider.service ?? (await serviceOf(broker, registry));
  const wanted = { format: 'kubelet', access: 'pull', service, expiresInSeconds: LIFE_SECONDS } as const;
  const vend = (repositories?: string[]) =>
    broker.send({ ...vendRequest({ ...wanted, repositories }), credentials });
  const [vended] = await Promise.all([
    vend().catch(error => vend([repositoryFor(error, request.image)])),
    checkRegistry({ url: provider.url, service }, { registry, timeoutMs: registryMs, network }),
  ]);
  const limit = LIMITS[provider.tokenFile === undefined ? 'oidc-token' : 'registry-token'];
  const remark = shortened(vended, { seconds: LIFE_SECONDS }, limit);
  if (remark !== undefined) await stderr.line(`pullpass-kubelet-provider: ${remark}`);
  return checkedResponse(vended.text, { registry: written, lifeSeconds: LIFE_SECONDS });
}

/**
 * The repository of the image, when all that the caller may pull does not fit into one credential. Throws any other
 * error again.
 */
function repositoryFor(error: unknown, image: string): string {
  const [, repository = ''] = /^[^/]+\/([^:@]+)/.exec(image) ?? [];
  if (detailsOf(error).status === TOO_LONG && isRepository(repository)) return repository;
  throw error;
}

/** The host as the image spells it; undefined: it names none, and is one of docker.io. */
function hostOfImage(image: string): string | undefined {
  return /^([^/]+)\/./.exec(image)?.[1];
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
  const token = await secretInFile(path, 'registry token');
  if (parseRegistryToken(token) === undefined) throw new CliError(`${path} holds no registry token.`);
  return token;
}

async function serviceOf(broker: Broker, registry: string): Promise<string> {
  const { services } = await discover(broker);
  const service = services.find(listed => isSameRegistry(listed.registry, registry));
  if (service !== undefined) return service.name;
  throw new CliError(`The deployment at ${broker.url} does not serve ${registry}.`);
}
