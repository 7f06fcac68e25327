/** The stack of cdk is that of the package, with the archives in the bucket of the CDK. */
import { existsSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Template } from '../../../infra/template.ts';
import { type Package, PROJECT, PROXIED_SERVICES, packaged } from '../../infra/support/packaged.ts';
import { bareEnvironment, newDirectory } from '../support/directories.ts';
import { run } from '../support/processes.ts';
import { tool } from '../support/tools.ts';

const CDK = join(PROJECT, 'cdk');

let output: string;
let made: Package;
let template: Template;
beforeAll(async () => {
  if (!existsSync(join(CDK, 'node_modules')))
    throw new Error('The CDK is missing. Install it with: npm ci --prefix cdk');
  made = await packaged({ services: PROXIED_SERVICES, parameters: { prober: 'on', loginUrl: 'on' } });
  output = await newDirectory('cdk');
  const env = { ...bareEnvironment(output), PULLPASS_PACKAGE: made.directory, CDK_OUTDIR: output };
  const { code, output: said } = await run(process.execPath, [join(CDK, 'app.mjs')], { env });
  if (code !== 0) throw new Error(said);
  template = JSON.parse(readFileSync(join(output, 'Pullpass.template.json'), 'utf8'));
});
afterAll(async () => {
  if (output !== undefined) await rm(output, { recursive: true });
});

function ofType(of: Template, type: string) {
  return Object.entries(of.Resources).filter(([, { Type }]) => Type === type);
}

describe('the stack of the CDK', () => {
  it('has the resources of the package, without the bucket of the archives', () => {
    const typesOf = ({ Resources }: Template) =>
      new Map(Object.entries(Resources).map(([name, { Type }]) => [name, Type]));
    const expected = typesOf(made.template);
    expected.delete('ServerlessDeploymentBucket');
    expected.delete('ServerlessDeploymentBucketPolicy');
    const actual = typesOf(template);
    actual.delete('CDKMetadata');
    expect(actual).toEqual(expected);
  });

  it('has the permissions and the variables of the package', () => {
    for (const [type, property] of [
      ['AWS::IAM::Role', 'Policies'],
      ['AWS::Lambda::Function', 'Environment'],
    ] as const) {
      const all = ofType(made.template, type);
      expect(all.length).toBeGreaterThan(7);
      for (const [name, { Properties }] of all)
        expect([name, template.Resources[name]?.Properties[property]]).toEqual([name, Properties[property]]);
    }
  });

  it('has the archives of the package, byte for byte', () => {
    const functions = ofType(made.template, 'AWS::Lambda::Function');
    for (const [name, { Properties }] of functions) {
      const { S3Key: packagedKey } = Properties.Code as { S3Key: string };
      const code = template.Resources[name]?.Properties.Code as { S3Key: string } | undefined;
      const archive = readFileSync(join(output, `asset.${code?.S3Key}`));
      expect(archive.equals(readFileSync(join(made.directory, packagedKey.replace(/^.*\//, ''))))).toBe(true);
    }
  });

  it('protects the tables from deletion at once', () => {
    for (const [, { Properties }] of ofType(template, 'AWS::DynamoDB::Table'))
      expect(Properties.DeletionProtectionEnabled).toBe(true);
  });

  it('is one against which cfn-lint finds nothing', async () => {
    const args = ['--regions', 'eu-central-1', '--template', join(output, 'Pullpass.template.json')];
    expect(await run(tool('cfnLint'), args, { env: bareEnvironment(output) })).toMatchObject({
      code: 0,
      output: '',
    });
  });
});
