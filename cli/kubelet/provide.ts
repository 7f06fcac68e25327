/** One call of the kubelet credential provider: a request on standard input, the answer on standard output. */
import { readFile } from 'node:fs/promises';
import { parseRegistryToken } from '../../lib/domain/registry-token.ts';
import { Secret } from '../../lib/domain/secret.ts';
import { Broker } from '../broker.ts';
import type { Io } from '../context.ts';
import { within } from '../deadline.ts';
import { discover } from '../discovery.ts';
import { CliError, UsageError } from '../failure.ts';
import type { Proof } from '../proof.ts';
import { checkRegistry } from '../registry/challenge.ts';
import { vendRequest } from '../registry/vend.ts';
import { Terminal } from '../terminal.ts';
import { messageOf, printable } from '../text.ts';
import { type ProviderArguments, readArguments, USAGE } from './arguments.ts';
import { checkedResponse, NOTHING, type ProviderRequest, readRequest } from './messages.ts';

/** The kubelet waits for a minute, and with it the pod. */
const DEADLINE_MS = 9_500;
const REQUEST_MS = 4_000;
const LIFE_SECONDS = 3600;

/** Answers the exit code, and throws nothing. */
export async function provide(
  args: readonly string[],
  { stdin, stdout, stderr }: Pick<Io, 'stdin' | 'stdout' | 'stderr'>,
): Promise<number> {
  try {
    const provider = readArguments(args);
    const input = () => new Terminal(stdin, stderr).text();
    stdout.write(
      `${await within(
        DEADLINE_MS,
        input().then(text => answer(provider, readRequest(text))),
      )}\n`,
    );
    return 0;
  } catch (error) {
    const next = error instanceof CliError ? (error.details.next ?? '') : '';
    const isUsage = error instanceof UsageError;
    const text = `${printable(messageOf(error))} ${printable(next)}`.trim();
    stderr.write(`pullpass-kubelet-provider: ${text}\n${isUsage ? `\n${USAGE}\n` : ''}`);
    return isUsage ? 2 : 1;
  }
}

async function answer(provider: ProviderArguments, request: ProviderRequest): Promise<string> {
  // Compared byte for byte: whatever only looks like a registry of ours is another one.
  const registry = request.image.slice(0, request.image.indexOf('/'));
  if (!provider.registries.includes(registry)) return NOTHING;
  const proof = await proofOf(provider, request);
  const broker = new Broker({ url: provider.url, timeoutMs: REQUEST_MS });
  const service = provider.service ?? (await serviceOf(broker, registry));
  const order = { format: 'kubelet', access: 'pull', service, expiresInSeconds: LIFE_SECONDS } as const;
  const [{ text }] = await Promise.all([
    broker.send({ ...vendRequest(order), proof }),
    checkRegistry({ url: provider.url, service }, { registry, timeoutMs: REQUEST_MS }),
  ]);
  return checkedResponse(text, { registry, lifeSeconds: LIFE_SECONDS });
}

async function proofOf({ tokenFile }: ProviderArguments, request: ProviderRequest): Promise<Proof> {
  if (tokenFile !== undefined) return { userName: 'token', password: await readTokenFile(tokenFile) };
  const { serviceAccountToken: token = '' } = request;
  if (token !== '') return { userName: 'oidc', password: new Secret(token) };
  throw new CliError('The request has no service-account token.', {
    next: 'Set "tokenAttributes" for this provider in the configuration of the kubelet, or give it a --token-file.',
  });
}

async function readTokenFile(path: string): Promise<Secret> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new CliError(`The registry token cannot be read: ${messageOf(error)}`);
  });
  const token = new Secret(text.trim());
  if (parseRegistryToken(token) === undefined) throw new CliError(`${path} holds no registry token.`);
  return token;
}

async function serviceOf(broker: Broker, registry: string): Promise<string> {
  const { services } = await discover(broker);
  const service = services.find(listed => listed.registry === registry);
  if (service !== undefined) return service.name;
  throw new CliError(`The deployment at ${broker.url} does not serve ${registry}.`);
}
