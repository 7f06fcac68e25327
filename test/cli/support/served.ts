/** A whole deployment that listens on loopback, under the URL that it knows itself by. */
import { beforeAll } from 'vitest';
import { type Invoke, startGateway } from '../../../local/gateway.ts';
import { freePort } from '../../e2e/support/ports.ts';
import { ALICE, type Deployment, type DeploymentOptions, deploy } from '../../support/deployment.ts';
import { Shell } from './shell.ts';

export interface Served {
  readonly url: string;
  readonly deployment: Deployment;
  /** The answer to the next request at this path is lost. */
  losesAnswerAt: string | undefined;
  close(): Promise<void>;
}

export async function serve(options: DeploymentOptions = {}): Promise<Served> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const environment = { ...options.environment, PULLPASS_URL: url };
  const deployment = await deploy({ ...options, environment });
  const invoke: Invoke = async (event, context) => {
    const result = await deployment.invoke(event, context);
    if (event.rawPath !== served.losesAnswerAt) return result;
    served.losesAnswerAt = undefined;
    throw new Error('the connection ends without an answer');
  };
  const gateway = await startGateway(invoke, { host: '127.0.0.1', port });
  const close = async () => {
    await gateway.close();
    await deployment.close();
  };
  const served: Served = { url, deployment, losesAnswerAt: undefined, close };
  return served;
}

/** The deployment of the test file. */
export let served: Served;

/** One deployment for all tests of the file. */
export function useServed(options: () => Promise<DeploymentOptions> | DeploymentOptions = () => ({})): void {
  beforeAll(async () => {
    served = await serve(await options());
    return () => served.close();
  });
}

/** The shell of Alice, who is logged in for all tests of the file. */
export let alice: Shell;

export function useAlice(): void {
  beforeAll(async () => {
    alice = await Shell.open();
    await logInAs(ALICE, alice);
    return () => alice.close();
  });
}

/** Someone logs in with an API key. */
export async function logInAs(person: string, shell: Shell): Promise<void> {
  const input = await served.deployment.apiKeyOf(person);
  await shell.pullpass(['login', '--url', served.url, '--apikey-stdin'], { input });
}
