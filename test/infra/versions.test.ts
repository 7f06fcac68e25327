/** A version is published exactly when what it holds has changed: else Lambda refuses to publish, or the old one stays in use. */
import { describe, expect, it } from 'vitest';
import type { Resource, Template } from '../../infra/template.ts';
import { versionDigest } from '../../infra/versions.ts';

const TEMPLATE: Template = {
  Parameters: {
    Table: { Type: 'String', Default: 'pullpass-dev' },
    Domain: { Type: 'String', Default: '' },
    Days: { Type: 'Number', Default: 90 },
  },
  Conditions: {
    HasDomain: { 'Fn::Not': [{ 'Fn::Equals': [{ Ref: 'Domain' }, ''] }] },
    IsLong: { 'Fn::Equals': [{ Ref: 'Days' }, 365] },
    Either: { 'Fn::Or': [{ Condition: 'HasDomain' }, { Condition: 'IsLong' }] },
    Both: { 'Fn::And': [{ Condition: 'HasDomain' }, { Condition: 'IsLong' }] },
  },
  Resources: {},
  Outputs: {},
};

const FUNCTION: Resource = {
  Type: 'AWS::Lambda::Function',
  Properties: {
    Code: { S3Bucket: { Ref: 'Bucket' }, S3Key: 'serverless/1/login-0123456789abcdef.zip' },
    FunctionName: 'pullpass-dev-login',
    MemorySize: 512,
    ReservedConcurrentExecutions: 400,
    Tags: [{ Key: 'stage', Value: 'dev' }],
    Environment: {
      Variables: {
        TABLE: { Ref: 'Table' },
        LEDGER: { 'Fn::GetAtt': ['LedgerTable', 'Arn'] },
        URL: {
          'Fn::If': ['HasDomain', { 'Fn::Sub': `https://\${Domain}` }, { 'Fn::Sub': `https://\${HttpApi}` }],
        },
        HOST: { 'Fn::Sub': [`\${Host}/\${Table}`, { Host: { Ref: 'Domain' } }] },
        EITHER: { 'Fn::If': ['Either', 'yes', 'no'] },
        BOTH: { 'Fn::If': ['Both', 'yes', { Ref: 'AWS::NoValue' }] },
      },
    },
  },
};

type Values = Readonly<Record<string, unknown>>;

function digestWith(properties: Values, parameters: Values = {}): string {
  const Parameters = Object.fromEntries(
    Object.entries(TEMPLATE.Parameters).map(([name, { Type, Default }]) => [
      name,
      { Type, Default: parameters[name] ?? Default },
    ]),
  );
  const resource = { ...FUNCTION, Properties: { ...FUNCTION.Properties, ...properties } };
  return versionDigest(resource, { ...TEMPLATE, Parameters });
}

const BEFORE = digestWith({});

describe('the digest of a version', () => {
  it.each<[what: string, properties: Values, parameters: Values]>([
    ['another archive', { Code: { S3Key: 'serverless/1/login-fedcba9876543210.zip' } }, {}],
    ['more memory', { MemorySize: 1024 }, {}],
    ['another role', { Role: 'other' }, {}],
    ['a parameter in the environment', {}, { Table: 'pullpass-dev-2' }],
    ['a parameter that a condition reads', {}, { Domain: 'a.example' }],
    ['a parameter that only a combination reads', {}, { Days: 365 }],
  ])('changes with %s', (_, properties, parameters) => {
    expect(digestWith(properties, parameters)).not.toBe(BEFORE);
  });

  it.each<[what: string, properties: Values, parameters: Values]>([
    ['the directory of the archive', { Code: { S3Key: 'serverless/2/login-0123456789abcdef.zip' } }, {}],
    ['reserved concurrency, which belongs to the function', { ReservedConcurrentExecutions: 1 }, {}],
    ['a tag', { Tags: [] }, {}],
    ['a parameter that changes nothing of it', {}, { Days: 30 }],
    ['the order of its properties', { MemorySize: 512, FunctionName: 'pullpass-dev-login' }, {}],
  ])('stays with %s', (_, properties, parameters) => {
    expect(digestWith(properties, parameters)).toBe(BEFORE);
  });

  it('comes again with what was deployed before', () => {
    const other = digestWith({ MemorySize: 256 });
    expect([BEFORE, other, digestWith({})]).toEqual([BEFORE, other, BEFORE]);
  });

  it('is not made with a condition that it cannot decide', () => {
    const Conditions = { ...TEMPLATE.Conditions, HasDomain: { 'Fn::Contains': [] } };
    expect(() => versionDigest(FUNCTION, { ...TEMPLATE, Conditions })).toThrow('Fn::Contains is not known');
  });
});
