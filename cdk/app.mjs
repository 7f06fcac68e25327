/**
 * The packaged deployment as a stack of the AWS CDK, for teams whose pipelines deploy nothing else: docs/aws.md, "From the CDK". The
 * template and the archives are those of `npm run package`; this only says where the archives are.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { CfnInclude } from 'aws-cdk-lib/cloudformation-include';

const PACKAGE = resolve(process.env.PULLPASS_PACKAGE ?? join(import.meta.dirname, '../.serverless'));
const OUTPUT = resolve(process.env.CDK_OUTDIR ?? join(import.meta.dirname, 'cdk.out'));
/** The bucket of the archives is the CDK's. */
const NOT_OURS = ['ServerlessDeploymentBucket', 'ServerlessDeploymentBucketPolicy'];

const { service } = JSON.parse(readFileSync(join(PACKAGE, 'serverless-state.json'), 'utf8'));
const { stage, region } = service.provider;
const app = new App({ outdir: OUTPUT });
const stack = new Stack(app, 'Pullpass', {
  stackName: `pullpass-${stage}`,
  env: { region },
  tags: { application: 'pullpass', stage },
});

const template = JSON.parse(readFileSync(join(PACKAGE, 'cloudformation-template-update-stack.json'), 'utf8'));
for (const name of NOT_OURS) delete template.Resources[name];
delete template.Outputs.ServerlessDeploymentBucketName;
const archives = new Map();
for (const [name, { Type, Properties }] of Object.entries(template.Resources)) {
  if (Type !== 'AWS::Lambda::Function') continue;
  archives.set(name, join(PACKAGE, basename(Properties.Code.S3Key)));
  Properties.Code = {};
}
mkdirSync(OUTPUT, { recursive: true });
const templateFile = join(OUTPUT, 'packaged-template.json');
writeFileSync(templateFile, JSON.stringify(template));
const included = new CfnInclude(stack, 'Package', { templateFile });

for (const [name, path] of archives) {
  const archive = new Asset(stack, `${name}Archive`, { path });
  included.getResource(name).code = { s3Bucket: archive.s3BucketName, s3Key: archive.s3ObjectKey };
}
for (const [name, { Type }] of Object.entries(template.Resources))
  if (Type === 'AWS::DynamoDB::Table') included.getResource(name).deletionProtectionEnabled = true;
app.synth();
