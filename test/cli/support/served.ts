/** A whole deployment that listens on loopback, under the URL that it knows itself by. */
import { startGateway } from '../../../local/gateway.ts';
import { freePort } from '../../e2e/support/ports.ts';
import { type Deployment, type DeploymentOptions, deploy } from '../../support/deployment.ts';

export interface Served {
  readonly url: string;
  readonly deployment: Deployment;
  close(): Promise<void>;
}

export async function serve(options: DeploymentOptions = {}): Promise<Served> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const environment = { ...options.environment, PULLPASS_URL: url };
  const deployment = await deploy({ ...options, environment });
  const gateway = await startGateway(deployment.invoke, { host: '127.0.0.1', port });
  const close = async () => {
    await gateway.close();
    await deployment.close();
  };
  return { url, deployment, close };
}
