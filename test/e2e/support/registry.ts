/** Real registries, started with the configuration that the product wrote for them. */
import { bareEnvironment, newDirectory, removeDirectory } from './directories.ts';
import { start, until } from './processes.ts';
import { tool } from './tools.ts';

export const REGISTRIES = ['distribution 2.8', 'distribution 3.1'] as const;
/** zot is not in the packages that CI installs: only `npm run test:clients` starts it. */
export type RegistryKind = (typeof REGISTRIES)[number] | 'zot';

const PROGRAMS = { 'distribution 2.8': 'registry2', 'distribution 3.1': 'registry3', zot: 'zot' } as const;

export interface Registry {
  readonly kind: RegistryKind;
  /** `host:port`: what users type, and the service's name. */
  readonly address: string;
  /** Everything that it has logged. */
  log(): string;
  stop(): Promise<void>;
}

export interface RegistryOptions {
  readonly kind: RegistryKind;
  readonly address: string;
  readonly configFile: string;
}

/** Starts a registry and returns when it asks for a token. */
export async function startRegistry({ kind, address, configFile }: RegistryOptions): Promise<Registry> {
  const home = await newDirectory('registry');
  const env = { ...bareEnvironment(home), OTEL_TRACES_EXPORTER: 'none' };
  const running = start(tool(PROGRAMS[kind]), ['serve', configFile], { env });
  await until(`${kind} at ${address}`, () => asksForToken(address), { running }).catch(async error => {
    await running.stop();
    throw error;
  });
  return {
    kind,
    address,
    log: running.output,
    async stop() {
      await running.stop();
      await removeDirectory(home);
    },
  };
}

/** Whether a registry answers, and sends its clients to a login. */
export async function asksForToken(address: string): Promise<boolean> {
  return fetch(`http://${address}/v2/`).then(
    ({ status, headers }) => status === 401 && (headers.get('www-authenticate') ?? '').startsWith('Bearer '),
    () => false,
  );
}
