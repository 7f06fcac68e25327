/** The partitions of AWS: parts that share neither accounts nor names of hosts (AWS SDKs, `partitions.json`). */

interface Partition {
  /** As ARNs have it. */
  readonly name: string;
  /** What the names of its regions begin with; the first partition has all others. */
  readonly regions: RegExp;
  /** What the names of its hosts end with. */
  readonly suffix: string;
}

const PUBLIC: Partition = { name: 'aws', regions: /^/, suffix: 'amazonaws.com' };

/** `eusc` is the European Sovereign Cloud; `iso` and its like have no connection to the internet. */
const OTHERS: readonly Partition[] = [
  { name: 'aws-cn', regions: /^cn-/, suffix: 'amazonaws.com.cn' },
  { name: 'aws-us-gov', regions: /^us-gov-/, suffix: 'amazonaws.com' },
  { name: 'aws-eusc', regions: /^eusc-/, suffix: 'amazonaws.eu' },
  { name: 'aws-iso', regions: /^us-iso-/, suffix: 'c2s.ic.gov' },
  { name: 'aws-iso-b', regions: /^us-isob-/, suffix: 'sc2s.sgov.gov' },
  { name: 'aws-iso-e', regions: /^eu-isoe-/, suffix: 'cloud.adc-e.uk' },
  { name: 'aws-iso-f', regions: /^us-isof-/, suffix: 'csp.hci.ic.gov' },
];

/** What the hosts of a region end with. */
export function awsSuffix(region: string): string {
  return partitionOf(region).suffix;
}

/** The partition of a region, as ARNs name it. */
export function awsPartition(region: string): string {
  return partitionOf(region).name;
}

function partitionOf(region: string): Partition {
  return OTHERS.find(({ regions }) => regions.test(region)) ?? PUBLIC;
}

/** A host of AWS, in any partition, without what all names of the partition end with; undefined for any other host. */
export function withoutAwsSuffix(host: string): string | undefined {
  const found = [PUBLIC, ...OTHERS].find(({ suffix }) => host.endsWith(`.${suffix}`));
  return found && host.slice(0, -found.suffix.length - 1);
}

/** Every region with an endpoint of AWS STS, by this or by the region's partition (AWS General Reference, "AWS STS endpoints"). */
export const STS_REGIONS: readonly string[] = `
  af-south-1 ap-east-1 ap-east-2 ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1 ap-south-2
  ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 ap-southeast-6 ap-southeast-7
  ca-central-1 ca-west-1 eu-central-1 eu-central-2 eu-north-1 eu-south-1 eu-south-2 eu-west-1 eu-west-2 eu-west-3
  il-central-1 me-central-1 me-south-1 me-west-1 mx-central-1 sa-east-1 sa-west-1
  us-east-1 us-east-2 us-west-1 us-west-2
  cn-north-1 cn-northwest-1
  us-gov-east-1 us-gov-west-1
  eusc-de-east-1
  us-iso-east-1 us-iso-west-1 us-isob-east-1 us-isob-west-1 eu-isoe-west-1 us-isof-east-1 us-isof-south-1
`
  .trim()
  .split(/\s+/);
