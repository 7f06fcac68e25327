/**
 * The life of a deployment on ministack, an emulator of AWS that makes every resource of the template and runs the functions:
 * each deployment runs what was asked for, after any earlier one or failure.
 */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { Template } from '../../../infra/template.ts';
import { Checkout } from '../support/ministack/checkout.ts';
import { Ministack } from '../support/ministack/ministack.ts';

// Some are several deployments.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

const SERVICES = 'deployment/services.json';
const FIRST = 'registry.example.com';
const SECOND = 'second.example.com';
const THIRD = 'third.example.com';

let ministack: Ministack;
let checkout: Checkout;
let base: string;
beforeAll(async () => {
  ministack = await Ministack.start();
  checkout = await Checkout.make(ministack);
  const { Url = '' } = await checkout.deploy();
  base = ministack.apiUrl(/^https:\/\/(\w+)\.execute-api\./.exec(Url)?.[1] ?? '');
});
afterAll(async () => {
  await checkout?.remove();
  await ministack?.stop();
});

/** The key that a service signs with, or the status of the answer that there is none. */
async function keyOf(service: string): Promise<string | number> {
  const answer = await fetch(`${base}/v1/services/${service}/jwks.json`);
  return answer.ok
    ? (((await answer.json()) as { keys: { kid: string }[] }).keys[0]?.kid ?? '')
    : answer.status;
}

function serve(...names: readonly string[]): Promise<void> {
  return checkout.edit(SERVICES, text => {
    const [first] = JSON.parse(text);
    return JSON.stringify(names.map(name => ({ ...first, name })));
  });
}

it('one command deploys, and the API answers', async () => {
  expect(await keyOf(FIRST)).toMatch(/^[\w-]{43}$/);
  expect(await keyOf(SECOND)).toBe(404);
  const headers = { authorization: `Basic ${btoa('token:wrong')}` };
  const answer = await fetch(`${base}/oauth/token?service=${FIRST}`, { headers });
  expect([answer.status, await answer.text()]).toEqual([401, expect.stringContaining('UNAUTHORIZED')]);
});

it('a service that is added, removed, added and removed again is served as each deployment says, and so are parameters', async () => {
  const first = await keyOf(FIRST);
  const { commitTime } = checkout;
  for (const served of [true, false, true, false]) {
    // The commits are the same ones again.
    checkout.commitTime = commitTime + (served ? 100 : 0);
    await serve(FIRST, ...(served ? [SECOND] : []));
    await checkout.addStage('dev', served ? { denialsPerFiveMinutes: 77, logDays: 30 } : {});
    await checkout.deploy();
    expect([await keyOf(FIRST), await keyOf(SECOND)]).toEqual([first, served ? expect.any(String) : 404]);
    expect(await parametersOfStack()).toEqual(served ? [77, 30] : [1000, 90]);
  }
});

/** The threshold of the alarm for denials, and how long logs are kept. */
async function parametersOfStack(): Promise<unknown[]> {
  const { MetricAlarms } = await ministack.aws('cloudwatch', 'describe_alarms');
  const alarm = MetricAlarms.find(({ MetricName }: { MetricName: string }) => MetricName === 'Denials');
  const { logGroups } = await ministack.aws('logs', 'describe_log_groups');
  return [alarm.Threshold, logGroups[0].retentionInDays];
}

it('archives that are deployed are kept, however many directories bear a later time', async () => {
  const { ServerlessDeploymentBucketName: Bucket = '' } = await checkout.outputs();
  for (let i = 1; i <= 6; i++) {
    const time = new Date(Date.UTC(2099, 0, i));
    const Key = `serverless/pullpass/dev/${time.getTime()}-${time.toISOString()}/login.zip`;
    await ministack.aws('s3', 'put_object', { Bucket, Key });
  }
  await checkout.deploy();
  const { Contents } = await ministack.aws('s3', 'list_objects_v2', { Bucket });
  const kept = new Set(Contents.map(({ Key }: { Key: string }) => Key));
  const deployed = await archivesOfStack();
  expect(deployed.length).toBeGreaterThan(7);
  expect(deployed.filter(key => !kept.has(key))).toEqual([]);
  // Of the others as many are left as osls keeps.
  expect(new Set([...kept].map(key => String(key).split('/')[3])).size).toBe(6);
  const { Status } = await ministack.aws('s3', 'get_bucket_versioning', { Bucket });
  expect(Status).toBe('Enabled');
});

it('a failed deployment that is repeated fails again while the cause lasts, and deploys once it is gone', async () => {
  const Name = `pullpass-dev/ring/${THIRD}`;
  await ministack.aws('secretsmanager', 'create_secret', { Name, SecretString: 'no ring' });
  await serve(FIRST, THIRD);
  for (let attempt = 1; attempt <= 2; attempt++) {
    expect(await checkout.osls('deploy')).toMatchObject({
      code: 1,
      output: expect.stringContaining('Rings'),
    });
    expect([await statusOfStack(), await keyOf(THIRD)]).toEqual(['UPDATE_ROLLBACK_COMPLETE', 404]);
  }
  const gone = { SecretId: Name, ForceDeleteWithoutRecovery: true };
  await ministack.aws('secretsmanager', 'delete_secret', gone);
  await checkout.deploy();
  expect([await statusOfStack(), await keyOf(THIRD)]).toEqual(['UPDATE_COMPLETE', expect.any(String)]);
});

async function statusOfStack(): Promise<string> {
  const { Stacks } = await ministack.aws('cloudformation', 'describe_stacks', { StackName: 'pullpass-dev' });
  return Stacks[0].StackStatus;
}

/** The archives that the functions of the stack are made of. */
async function archivesOfStack(): Promise<string[]> {
  const { TemplateBody } = await ministack.aws('cloudformation', 'get_template', {
    StackName: 'pullpass-dev',
  });
  const { Resources } = (
    typeof TemplateBody === 'string' ? JSON.parse(TemplateBody) : TemplateBody
  ) as Template;
  const code = Object.values(Resources).flatMap(({ Properties }) =>
    Properties?.Code ? [Properties.Code] : [],
  );
  return code.map(one => (one as { S3Key: string }).S3Key);
}
