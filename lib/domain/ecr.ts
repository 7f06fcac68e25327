/** The registries of Amazon ECR, as their hosts name them: whose they are, and where. */

export interface EcrRegistry {
  /** The number of the AWS account. */
  readonly account: string;
  readonly region: string;
}

/** Also FIPS and dual-stack hosts, of all partitions (Amazon ECR User Guide, "Using the Amazon ECR endpoints"). */
const HOST =
  /^(?<account>\d{12})\.dkr[.-]ecr(?:-fips)?\.(?<region>[a-z]{2,5}(?:-[a-z]+)+-\d{1,2})\.(?:amazonaws\.(?:com(?:\.cn)?|eu)|on\.(?:aws|amazonwebservices\.com\.cn)|c2s\.ic\.gov|sc2s\.sgov\.gov|csp\.hci\.ic\.gov|cloud\.adc-e\.uk)$/;

/** The registry at an upstream's URL; undefined: it is none of ECR's. */
export function ecrRegistryAt(url: string): EcrRegistry | undefined {
  const { protocol, host } = new URL(url);
  const { account, region } = HOST.exec(host)?.groups ?? {};
  if (protocol !== 'https:' || account === undefined || region === undefined) return undefined;
  return { account, region };
}
