/** The hosts of AWS STS, compared with the regions that AWS publishes. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { endpointOf } from '../../lib/aws/client.ts';
import { STS_REGIONS } from '../../lib/domain/aws-partitions.ts';
import { stsHost, stsHostOf } from '../../lib/iam/aws-assertion.ts';

interface Partition {
  readonly id: string;
  readonly outputs: { readonly dnsSuffix: string };
  readonly regions: Readonly<Record<string, unknown>>;
}

/** What the SDK of AWS knows: an object literal in a file that it does not export. */
function partitionsOfSdk(): readonly Partition[] {
  const core = createRequire(import.meta.url).resolve('@aws-sdk/client-dynamodb/package.json');
  const file = 'core/dist-es/submodules/client/util-endpoints/lib/aws/partitions.js';
  const text = readFileSync(new URL(`../${file}`, `file://${core}`), 'utf8');
  return JSON.parse(text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1)).partitions;
}

describe('the hosts of STS', () => {
  const expected = partitionsOfSdk().flatMap(({ id, outputs, regions }) =>
    Object.keys(regions)
      .filter(region => !region.endsWith('-global'))
      .map(region => ({ name: `sts.${region}.${outputs.dnsSuffix}`, partition: id, region })),
  );

  it.each(expected)('include $name, of $partition', host => {
    expect(stsHost(host.name)).toEqual(host);
    expect(stsHostOf(host.region)).toEqual(host);
  });

  it('are compared in all partitions, the European Sovereign Cloud among them, and are no others', () => {
    expect(new Set(expected.map(({ partition }) => partition)).size).toBe(8);
    expect(new Set(STS_REGIONS)).toEqual(new Set(expected.map(({ region }) => region)));
    expect(stsHost('sts.eusc-de-east-1.amazonaws.eu')?.partition).toBe('aws-eusc');
  });

  it.each(expected)('are beside those of the other services in $region', ({ region, name }) => {
    const suffix = name.slice(`sts.${region}.`.length);
    expect(endpointOf('dynamodb', region)).toBe(`https://dynamodb.${region}.${suffix}`);
  });

  it('include the global one, which is signed for us-east-1', () => {
    expect(stsHost('sts.amazonaws.com')).toEqual({
      name: 'sts.amazonaws.com',
      partition: 'aws',
      region: 'us-east-1',
    });
    expect(stsHostOf('us-east-1')?.name).toBe('sts.us-east-1.amazonaws.com');
  });

  it.each(['', '__proto__', 'constructor', 'amazonaws.com', 'sts..amazonaws.com', 'STS.amazonaws.com'])(
    'hold no %j',
    name => expect([stsHost(name), stsHostOf(name)]).toEqual([undefined, undefined]),
  );
});
