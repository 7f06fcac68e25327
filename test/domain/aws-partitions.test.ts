/** The partition of a region of AWS, and what the names of its hosts end with. */
import { describe, expect, it } from 'vitest';
import { awsPartition, awsSuffix, STS_REGIONS, withoutAwsSuffix } from '../../lib/domain/aws-partitions.ts';

const REGIONS = [
  ['eu-west-1', 'aws', 'amazonaws.com'],
  ['us-east-1', 'aws', 'amazonaws.com'],
  ['cn-north-1', 'aws-cn', 'amazonaws.com.cn'],
  ['us-gov-west-1', 'aws-us-gov', 'amazonaws.com'],
  ['eusc-de-east-1', 'aws-eusc', 'amazonaws.eu'],
  ['us-iso-east-1', 'aws-iso', 'c2s.ic.gov'],
  ['us-isob-east-1', 'aws-iso-b', 'sc2s.sgov.gov'],
  ['eu-isoe-west-1', 'aws-iso-e', 'cloud.adc-e.uk'],
  ['us-isof-south-1', 'aws-iso-f', 'csp.hci.ic.gov'],
] as const;

describe('the partition', () => {
  it.each(REGIONS)('of %s is %s, with hosts below %s', (region, partition, suffix) => {
    expect([awsPartition(region), awsSuffix(region)]).toEqual([partition, suffix]);
    expect(withoutAwsSuffix(`sts.${region}.${suffix}`)).toBe(`sts.${region}`);
  });

  it.each(['my-cn-1', 'a-us-gov-1', 'a-eusc-1', 'a-us-iso-1', 'a-us-isob-1', 'a-eu-isoe-1', 'a-us-isof-1'])(
    'is known by the beginning of the name, so that of %s is the public one',
    region => expect([awsPartition(region), awsSuffix(region)]).toEqual(['aws', 'amazonaws.com']),
  );

  it.each(['', 'amazonaws.com', 'xamazonaws.com', 'sts.amazonaws.com.example', 'amazonaws.com.sts'])(
    'has no host %j',
    host => expect(withoutAwsSuffix(host)).toBeUndefined(),
  );
});

it('the regions of AWS STS are names of regions, each once, of every partition', () => {
  for (const region of STS_REGIONS) expect(region).toMatch(/^[a-z]+(?:-[a-z]+){1,2}-\d$/);
  expect(new Set(STS_REGIONS).size).toBe(STS_REGIONS.length);
  expect(STS_REGIONS).toEqual(expect.arrayContaining(REGIONS.map(([region]) => region)));
});
