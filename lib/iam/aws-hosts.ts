/** The hosts of AWS STS that a proof may be signed for. No other host is ever asked. */

export interface StsHost {
  readonly name: string;
  /** It speaks for the accounts of this partition. */
  readonly partition: string;
  /** The region that requests to it are signed for. */
  readonly region: string;
}

/**
 * By partition: the end of the names, and the regions. FIPS (`sts-fips.`) and dual-stack (`.api.aws`) names are left out:
 * a signer can use the plain name of the region, and each further name is one more that we may call. The plain names of
 * aws-us-gov are FIPS endpoints.
 */
const PARTITIONS: Readonly<Record<string, { readonly suffix: string; readonly regions: string }>> = {
  aws: {
    suffix: 'amazonaws.com',
    regions: `af-south-1 ap-east-1 ap-east-2 ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1 ap-south-2
      ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 ap-southeast-6 ap-southeast-7
      ca-central-1 ca-west-1 eu-central-1 eu-central-2 eu-north-1 eu-south-1 eu-south-2 eu-west-1 eu-west-2 eu-west-3
      il-central-1 me-central-1 me-south-1 me-west-1 mx-central-1 sa-east-1 sa-west-1
      us-east-1 us-east-2 us-west-1 us-west-2`,
  },
  'aws-cn': { suffix: 'amazonaws.com.cn', regions: 'cn-north-1 cn-northwest-1' },
  'aws-us-gov': { suffix: 'amazonaws.com', regions: 'us-gov-east-1 us-gov-west-1' },
};

const GLOBAL: StsHost = { name: 'sts.amazonaws.com', partition: 'aws', region: 'us-east-1' };

const REGIONAL: readonly StsHost[] = Object.entries(PARTITIONS).flatMap(([partition, { suffix, regions }]) =>
  regions.split(/\s+/).map(region => ({ name: `sts.${region}.${suffix}`, partition, region })),
);

const BY_NAME = new Map([GLOBAL, ...REGIONAL].map(host => [host.name, host]));
const BY_REGION = new Map(REGIONAL.map(host => [host.region, host]));

/** The host of that name, in lower case and without port; undefined: not a host of STS. */
export function stsHost(name: string): StsHost | undefined {
  return BY_NAME.get(name);
}

/** The host of a region; undefined: the region is not known. */
export function stsHostOf(region: string): StsHost | undefined {
  return BY_REGION.get(region);
}
