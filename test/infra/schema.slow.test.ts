/** Every resource of the packaged template, with all its options, against the schema that CloudFormation has of it. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { Resource } from '../../infra/template.ts';
import { type Stack, stackOf } from './support/cloudformation.ts';
import { packaged } from './support/packaged.ts';
import { loadSchema, type Schema } from './support/schema.ts';

const OPTIONS = {
  Administrators: 'aws:aws:123456789012:arn',
  AlarmEmail: 'operator@example.com',
  Certificate: 'arn:aws:acm:eu-central-1:123456789012:certificate/0',
  DeploymentPreference: 'Canary10Percent5Minutes',
  Domain: 'pullpass.example.com',
  HostedZone: 'Z1',
  WeakManagement: 'accept-replay',
};

let schema: Schema;
let stacks: Stack[];
beforeAll(async () => {
  schema = await loadSchema();
  const { template } = await packaged({ parameters: { prober: 'on' } });
  stacks = [stackOf(template), stackOf(template, OPTIONS), stackOf(template, { Concurrency: 'shared' })];
}, 120_000);

describe('the schema of CloudFormation', () => {
  it('finds nothing wrong with any resource, with options and without', () => {
    for (const { resources } of stacks) {
      const found = [...resources].map(
        ([name, resource]) => [resource.Type, schema.violations(name, resource)] as const,
      );
      expect(found.length).toBeGreaterThan(110);
      expect(found.filter(([, lines]) => lines === undefined).map(([type]) => type)).toEqual([
        'Custom::PullpassRings',
      ]);
      expect(found.flatMap(([, lines]) => lines ?? [])).toEqual([]);
    }
  });

  const QUEUE: Resource = { Type: 'AWS::SQS::Queue', Properties: { MessageRetentionPeriod: 60 } };
  it.each<[what: string, resource: Resource, lines: readonly string[]]>([
    ['nothing in a resource that is right', QUEUE, []],
    [
      'a property that does not exist',
      { ...QUEUE, Properties: { Retention: 1 } },
      ['it.Retention is not known'],
    ],
    [
      'a property of the wrong type',
      { ...QUEUE, Properties: { MessageRetentionPeriod: 'long' } },
      ['it.MessageRetentionPeriod is no integer: "long"'],
    ],
    [
      'a property that is missing',
      { Type: 'AWS::KMS::Alias', Properties: { AliasName: 'a' } },
      ['it.TargetKeyId is missing'],
    ],
    [
      'a fault far within',
      { Type: 'AWS::DynamoDB::Table', Properties: { KeySchema: [{ AttributeName: 'pk', KeyTyp: 'HASH' }] } },
      ['it.KeySchema[0].KeyType is missing', 'it.KeySchema[0].KeyTyp is not known'],
    ],
  ])('would find %s', (_, resource, lines) => expect(schema.violations('it', resource)).toEqual(lines));
});
