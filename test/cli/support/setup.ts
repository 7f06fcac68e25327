/** What most suites of the command begin with: a user, a stub that plays a deployment, and its registry, anew for each test. */
import { beforeEach } from 'vitest';
import { CaptureServer, reply } from './capture.ts';
import { type Outcome, Shell } from './shell.ts';
import { METADATA, type Reply, Stub } from './stub.ts';

/** Those of the test that runs; every test file has its own. */
export let shell: Shell;
export let stub: Stub;
export let registry: CaptureServer;

type Replies = () => Record<string, Reply>;

export function useShell(): void {
  beforeEach(async () => {
    shell = await Shell.open();
    return () => shell.close();
  });
}

/** A user, and a deployment with these replies beside its own. */
export function useStub(replies: Replies = () => ({})): void {
  useShell();
  beforeEach(async () => {
    stub = await Stub.deployment(replies());
    return () => stub.close();
  });
}

export interface RegistryOptions {
  readonly replies?: Replies;
  /** Where the registry sends for a login; undefined: to the deployment. */
  readonly realm?: () => string | undefined;
  /** Other services of the deployment. */
  readonly others?: readonly { readonly name: string; readonly registry: string }[];
}

/** A user, a deployment, and its registry, which asks for a login. */
export function useRegistry({ replies, realm, others = [] }: RegistryOptions = {}): void {
  useStub(replies);
  beforeEach(async () => {
    registry = await CaptureServer.open(() =>
      reply('401 Unauthorized', {
        'www-authenticate': `Bearer realm="${realm?.() ?? stub.url}/oauth/token",service="registry.example"`,
      }),
    );
    const services = [...others, { name: 'registry.example', registry: registry.address }];
    stub.replies[METADATA] = () => ({ json: stub.metadata({ pullpass_services: services }) });
    return () => registry.close();
  });
}

/** The user logs in at the stub. */
export function logIn(apiKey = 'a-key', ...more: string[]): Promise<Outcome> {
  return shell.pullpass(['login', '--url', stub.url, ...more], { variables: { PULLPASS_APIKEY: apiKey } });
}
