/**
 * `npm run deploy` as an operator types it, into an emulated AWS: moto makes the stack of the packaged template as far
 * as it knows the resources. Before that cfn-lint, AWS's own checker, has nothing against the template.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Resource, Template } from '../../../infra/template.ts';
import { osls, PROXIED_SERVICES, packaged } from '../../infra/support/packaged.ts';
import { unzip } from '../../infra/support/unzip.ts';
import { bareEnvironment } from '../support/directories.ts';
import { type Front, healthyFunctions } from '../support/healthy-functions.ts';
import { Moto } from '../support/moto.ts';
import { run } from '../support/processes.ts';
import { tool } from '../support/tools.ts';

const TEMPLATES = ['cloudformation-template-create-stack.json', 'cloudformation-template-update-stack.json'];
/**
 * What moto does not make of a template: of these the schema (test/infra/schema.test.ts) and cfn-lint alone have said that they are
 * right. Nor does it mind the specification of the KMS key, TTL and recovery of the tables, the architecture, or the end
 * of a custom resource.
 */
const LACKING = [
  'AWS::ApiGatewayV2::Api',
  'AWS::ApiGatewayV2::ApiMapping',
  'AWS::ApiGatewayV2::DomainName',
  'AWS::ApiGatewayV2::Integration',
  'AWS::ApiGatewayV2::Route',
  'AWS::ApiGatewayV2::Stage',
  'AWS::CloudWatch::Alarm',
  'AWS::Lambda::EventInvokeConfig',
  'AWS::Logs::MetricFilter',
  'AWS::S3::BucketPolicy',
  'AWS::SNS::Subscription',
  'AWS::SQS::QueuePolicy',
];
/** Those that have a condition which does not hold. */
const CONDITIONAL = [
  'AWS::CodeDeploy::Application',
  'AWS::CodeDeploy::DeploymentGroup',
  'AWS::Lambda::Url',
  'AWS::Route53::RecordSet',
];

// biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects to find
type Report = any;

let moto: Moto;
let front: Front;
let directory: string;
let template: Template;
let report: Report;
beforeAll(async () => {
  moto = await Moto.start();
  await leaveUnmade();
  front = await healthyFunctions(moto.endpoint);
  directory = await osls(['deploy'], environment());
  template = JSON.parse(readFileSync(join(directory, TEMPLATES[1] ?? ''), 'utf8'));
  report = await reportOf();
});
afterAll(async () => {
  front?.stop();
  await moto?.stop();
  if (directory !== undefined) await rm(dirname(directory), { recursive: true });
});

function environment(): NodeJS.ProcessEnv {
  return {
    AWS_ENDPOINT_URL: front.endpoint,
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  };
}

/** What an osls that was killed leaves: a stack that waits for its change set. */
async function leaveUnmade(): Promise<void> {
  const given = {
    StackName: 'pullpass-dev',
    ChangeSetName: 'pullpass-dev-change-set',
    ChangeSetType: 'CREATE',
  };
  const TemplateBody = JSON.stringify({ Resources: { Topic: { Type: 'AWS::SNS::Topic' } } });
  const body = new URLSearchParams({ Action: 'CreateChangeSet', ...given, TemplateBody });
  const scope = 'AWS4-HMAC-SHA256 Credential=test/20260101/eu-central-1/cloudformation/aws4_request';
  const headers = { authorization: `${scope}, SignedHeaders=host, Signature=none` };
  const answer = await fetch(moto.endpoint, { method: 'POST', headers, body });
  if (!answer.ok) throw new Error(await answer.text());
}

async function reportOf(): Promise<Report> {
  const script = join(import.meta.dirname, '..', 'support', 'stack.py');
  const { code, output } = await run(moto.python, [script, moto.endpoint, 'pullpass-dev'], {
    env: bareEnvironment(directory),
  });
  if (code !== 0) throw new Error(output);
  return JSON.parse(output);
}

it('cfn-lint finds nothing, with no rule suppressed', async () => {
  const proxied = await packaged({ services: PROXIED_SERVICES });
  const files = [directory, proxied.directory].flatMap(of => TEMPLATES.map(name => join(of, name)));
  const regions = ['eu-central-1', 'us-east-1', 'ap-southeast-2'];
  const args = ['--regions', ...regions, '--template', ...files];
  expect(await run(tool('cfnLint'), args, { env: bareEnvironment(directory) })).toMatchObject({
    code: 0,
    output: '',
  });
  for (const file of files) expect(readFileSync(file, 'utf8')).not.toContain('cfn-lint');
});

describe('the stack', () => {
  it('is asked, function by function, whether it can serve', () => {
    expect(new Set(front.asked)).toEqual(new Set(functionsIn(template).map(([name]) => name)));
  });

  it('is made by moto, with every type of resource that moto has', () => {
    expect(report.status).toBe('UPDATE_COMPLETE');
    const wanted = new Set(Object.values(template.Resources).map(({ Type }) => Type));
    const made = new Set(report.types);
    expect([...wanted].filter(type => !made.has(type)).sort(byName)).toEqual(
      [...LACKING, ...CONDITIONAL].sort(byName),
    );
    const counted = (type: string) => report.types.filter((one: string) => one === type).length;
    const functions = counted('AWS::Lambda::Function');
    expect([functions, counted('AWS::IAM::Role'), counted('AWS::Logs::LogGroup')]).toEqual([8, 8, 9]);
  });

  it('has the functions of the template with the packaged archives', () => {
    for (const [name, { Properties }] of functionsIn(template)) {
      const made = report.functions[name];
      const { Handler, MemorySize, Runtime, Timeout } = Properties;
      expect(made).toMatchObject({ Handler, MemorySize, Runtime, Timeout });
      const [file = ''] = readdirSync(directory).filter(one =>
        one.startsWith(`${name.replace('pullpass-dev-', '')}-`),
      );
      const digest = createHash('md5')
        .update(readFileSync(join(directory, file)))
        .digest('hex');
      expect(report.archives[file]).toBe(digest);
      expect(made.Role).toMatch(/^arn:aws:iam::123456789012:role\/pullpass-dev-[A-Z][a-z]+Role-/);
    }
  });

  it('runs cleanup and keys on schedules, and keeps failed runs', () => {
    const targets = report.targets.map(({ schedule, Arn, Input, DeadLetterConfig }: Report) => [
      schedule,
      Arn.replace(/^.*-/, ''),
      Input,
      DeadLetterConfig?.Arn.replace(/^.*:|-[^-]+$/g, ''),
    ]);
    const queue = 'pullpass-dev-FailedRuns';
    expect(new Set(targets)).toEqual(
      new Set([
        ['cron(17 3 * * ? *)', 'cleanup:live', undefined, queue],
        ['cron(47 * * * ? *)', 'cleanup:live', '{"continue": true}', queue],
        ['cron(7 * * * ? *)', 'keys:live', '{"maintain": true}', queue],
        ['rate(5 minutes)', 'keys:live', '{"attest": true}', undefined],
        ['rate(5 minutes)', 'cleanup:live', '{"notices": true}', undefined],
      ]),
    );
    expect(report.queues[0]).toMatch(queue);
  });

  it('has protected tables and the alias of the derivation key', () => {
    const KeySchema = [
      { AttributeName: 'pk', KeyType: 'HASH' },
      { AttributeName: 'sk', KeyType: 'RANGE' },
    ];
    const table = { KeySchema, DeletionProtectionEnabled: true };
    expect(report.tables).toMatchObject({ 'pullpass-dev': table, 'pullpass-dev-ledger': table });
    expect(report.aliases).toContain('alias/pullpass-dev-derivation');
  });
});

it('a second deployment of the same sources leaves the same stack', async () => {
  const again = await osls(['deploy'], environment());
  const files = (of: string) => new Set(readdirSync(of));
  expect(files(again)).toEqual(files(directory));
  expect(await reportOf()).toEqual(report);
  await rm(dirname(again), { recursive: true });
});

describe('the functions of the stack, from their archives and with their environment', () => {
  it('all start', async () => {
    for (const [name] of functionsIn(template)) {
      expect([name, await invoke(name, 'undefined')]).toEqual([name, 'started']);
    }
  });

  it('make the keys that the services need, and publish them', async () => {
    await invoke('pullpass-dev-keys', '{"maintain": true}');
    const secrets = new Set((await reportOf()).secrets);
    const service = 'registry.example.com';
    const names = ['credential', `public/${service}`, `ring/${service}`, `root/${service}`];
    expect(secrets).toEqual(new Set(names.map(name => `pullpass-dev/${name}`)));
    const http = {
      method: 'GET',
      path: '/.well-known/jwks.json',
      protocol: 'HTTP/1.1',
      sourceIp: '127.0.0.1',
    };
    const event = {
      version: '2.0',
      routeKey: '$default',
      rawPath: http.path,
      rawQueryString: '',
      headers: {},
      requestContext: { http, requestId: 'request-1', stage: '$default' },
      isBase64Encoded: false,
    };
    const { statusCode, body } = JSON.parse(await invoke('pullpass-dev-discovery', JSON.stringify(event)));
    expect([statusCode, JSON.parse(body).keys.length]).toEqual([200, 1]);
  });
});

const INVOKE = `const [, url, event] = process.argv;
const { handler } = await import(url);
const context = { awsRequestId: 'test', getRemainingTimeInMillis: () => 60_000 };
console.log(event === 'undefined' ? 'started' : JSON.stringify(await handler(JSON.parse(event), context)));`;

/** What a function says to an event, or that it has started, after its log lines. */
async function invoke(name: string, event: string): Promise<string> {
  const task = join(dirname(directory), 'task', name);
  const [file = ''] = readdirSync(directory).filter(one =>
    one.startsWith(`${name.replace('pullpass-dev-', '')}-`),
  );
  for (const entry of unzip(readFileSync(join(directory, file)))) {
    mkdirSync(dirname(join(task, entry.name)), { recursive: true });
    writeFileSync(join(task, entry.name), entry.content);
  }
  const given = Object.entries<unknown>(report.functions[name].Environment?.Variables ?? {});
  // The API, whose name it is, is not made by moto.
  const variables = given.map(([key, value]) => [
    key,
    `${value}`.replace('/var/task', task).replace(`\${HttpApi}`, 'api'),
  ]);
  const endpoints = ['DYNAMODB', 'KMS', 'SECRETS_MANAGER', 'EVENTBRIDGE'].map(one => [
    `AWS_ENDPOINT_URL_${one}`,
    moto.endpoint,
  ]);
  const env = { ...environment(), ...Object.fromEntries([...variables, ...endpoints]) };
  const args = ['--input-type=module', '-e', INVOKE, pathToFileURL(join(task, 'index.mjs')).href, event];
  const { code, output } = await run(process.execPath, args, { env });
  if (code !== 0) throw new Error(`${name}: ${output}`);
  return output.trim().split('\n').at(-1) ?? '';
}

function functionsIn({ Resources }: Template): [string, Resource][] {
  const all = Object.values(Resources).filter(({ Type }) => Type === 'AWS::Lambda::Function');
  return all.map(resource => [String(resource.Properties.FunctionName), resource]);
}

function byName(a: string, b: string): number {
  return a < b ? -1 : 1;
}
