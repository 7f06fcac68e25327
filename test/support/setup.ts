/** What many suites begin with, for all tests of a file: a deployment, Alice, who administers an account of it, and GitHub. */
import { beforeAll } from 'vitest';
import { ALICE, type Deployment, type DeploymentOptions, deploy } from './deployment.ts';
import { openGitHub, type TestIssuer } from './platforms.ts';

/** Those of the test file. */
export let deployment: Deployment;
export let alice: ReturnType<Deployment['as']>;
export let github: TestIssuer;

export function useDeployment(options: () => DeploymentOptions = () => ({})): void {
  beforeAll(async () => {
    deployment = await deploy(options());
    alice = deployment.as(ALICE);
    return () => deployment.close();
  });
}

/** To be called before `useDeployment`, which may take its `entry`. */
export function useGitHub(): void {
  beforeAll(async () => {
    github = await openGitHub();
    return () => github.server.close();
  });
}
