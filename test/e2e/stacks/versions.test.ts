/**
 * Versions and aliases on ministack, which publishes a version only when something has changed, as Lambda does; and the prober, by
 * the role that the stack gives it, over the emulated API.
 */
import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createProber } from '../../../lib/compose/prober.ts';
import { Checkout } from '../support/ministack/checkout.ts';
import { MINISTACK_REGION, Ministack } from '../support/ministack/ministack.ts';
import { Moto } from '../support/moto.ts';

const SERVICES = 'deployment/services.json';
const THIRD = 'third.example.com';

let moto: Moto;
let ministack: Ministack;
let checkout: Checkout;
let outputs: Record<string, string>;
beforeAll(async () => {
  [moto, ministack] = await Promise.all([Moto.start(), Ministack.start()]);
  checkout = await Checkout.make(ministack);
  await checkout.addStage('dev', { prober: 'on' });
  // moto's STS knows the roles whose credentials it has given.
  await checkout.edit('deployment/issuers.json', text =>
    text.replace('"kind": "aws"', `"kind": "aws", "endpoint": "${moto.url}"`),
  );
  outputs = await checkout.deploy();
});
afterEach(() => vi.unstubAllGlobals());
afterAll(async () => {
  await checkout?.remove();
  await Promise.all([ministack?.stop(), moto?.stop()]);
});

/** The number of the version that is in use. */
async function versionOf(name: string): Promise<number> {
  const alias = { FunctionName: `pullpass-dev-${name}`, Name: 'live' };
  return Number((await ministack.aws('lambda', 'get_alias', alias)).FunctionVersion);
}

async function publishedOf(name: string): Promise<number[]> {
  const FunctionName = `pullpass-dev-${name}`;
  const { Versions } = await ministack.aws('lambda', 'list_versions_by_function', { FunctionName });
  const numbers = Versions.map(({ Version }: { Version: string }) => Version);
  return numbers.filter((version: string) => version !== '$LATEST').map(Number);
}

/** What the version in use has in its environment. */
async function failuresPerMinute(): Promise<string> {
  const live = { FunctionName: 'pullpass-dev-login', Qualifier: 'live' };
  const { Environment } = await ministack.aws('lambda', 'get_function_configuration', live);
  return Environment.Variables.PULLPASS_FAILURES_PER_MINUTE;
}

/** How many deployment groups of CodeDeploy the stack has. */
async function groups(): Promise<number> {
  const { StackResources } = await ministack.aws('cloudformation', 'describe_stack_resources', {
    StackName: 'pullpass-dev',
  });
  const types = StackResources.map(({ ResourceType }: { ResourceType: string }) => ResourceType);
  return types.filter((type: string) => type === 'AWS::CodeDeploy::DeploymentGroup').length;
}

describe('the prober', () => {
  it('passes with the role, the namespace and the variables that the stack gives it', async () => {
    const { Environment } = await ministack.aws('lambda', 'get_function_configuration', {
      FunctionName: 'pullpass-dev-prober',
    });
    const { PhysicalResourceId: role } = (
      await ministack.aws('cloudformation', 'describe_stack_resource', {
        StackName: 'pullpass-dev',
        LogicalResourceId: 'ProberRole',
      })
    ).StackResourceDetail;
    const arn = `arn:aws:iam::123456789012:role/${String(role).replace(/^.*\//, '')}`;
    const { accessKeyId, secretAccessKey, sessionToken } = await moto.assumeRole(arn, 'pullpass-dev-prober');
    const { PULLPASS_URL: url } = Environment.Variables;
    const base = ministack.apiUrl(/^https:\/\/(\w+)\./.exec(url)?.[1] ?? '');
    const { fetch } = globalThis;
    // The name of the API leads nowhere here.
    vi.stubGlobal('fetch', (target: string, sent: RequestInit) => fetch(target.replace(url, base), sent));
    const lines: string[] = [];
    const probe = createProber({
      environment: {
        ...Environment.Variables,
        PULLPASS_SERVICES: `${checkout.directory}/${SERVICES}`,
        AWS_REGION: MINISTACK_REGION,
        AWS_ACCESS_KEY_ID: accessKeyId,
        AWS_SECRET_ACCESS_KEY: secretAccessKey,
        AWS_SESSION_TOKEN: sessionToken,
      },
      clock: () => Date.now(),
      randomBytes,
      write: line => void lines.push(line),
    });
    const run = { awsRequestId: 'run-1', getRemainingTimeInMillis: () => 60_000 };
    const counts = await probe({ source: 'aws.events' }, run);
    expect({ counts, failed: lines.filter(line => line.includes('probe-failed')) }).toEqual({
      // One service, and no run before this one.
      counts: expect.objectContaining({ failed: 0, unclear: 0, skipped: 2 }),
      failed: [],
    });
  });
});

describe('a deployment', () => {
  it('publishes a version of what a parameter changes, and of nothing else, as often as it changes', async () => {
    const before = { login: await versionOf('login'), discovery: await versionOf('discovery') };
    for (const [i, failures] of ['50', '100', '50'].entries()) {
      await checkout.deploy('--param', `failuresPerMinute=${failures}`);
      expect([await versionOf('login'), await failuresPerMinute()]).toEqual([before.login + i + 1, failures]);
    }
    expect(await versionOf('discovery')).toBe(before.discovery);
  });

  it('publishes nothing without a change of what versions hold: concurrency belongs to the function', async () => {
    const before = await versionOf('login');
    await checkout.deploy('--param', 'failuresPerMinute=50', '--param', 'loginConcurrency=300');
    expect(await versionOf('login')).toBe(before);
  });

  it('that fails leaves the alias where it was and no version behind, and can be repeated', async () => {
    const before = { version: await versionOf('login'), published: await publishedOf('login') };
    const Name = `pullpass-dev/ring/${THIRD}`;
    await ministack.aws('secretsmanager', 'create_secret', { Name, SecretString: 'no ring' });
    await checkout.edit(SERVICES, text => {
      const [first] = JSON.parse(text);
      return JSON.stringify([first, { ...first, name: THIRD }]);
    });
    expect((await checkout.osls('deploy')).code).toBe(1);
    expect({ version: await versionOf('login'), published: await publishedOf('login') }).toEqual(before);
    const gone = { SecretId: Name, ForceDeleteWithoutRecovery: true };
    await ministack.aws('secretsmanager', 'delete_secret', gone);
    await checkout.deploy();
    expect(await versionOf('login')).toBeGreaterThan(before.version);
  });

  it('keeps four versions before the one in use, and never removes one that an alias points to', async () => {
    const FunctionName = 'pullpass-dev-login';
    const [oldest = 0] = await publishedOf('login');
    const pinned = { FunctionName, Name: 'kept', FunctionVersion: String(oldest) };
    await ministack.aws('lambda', 'create_alias', pinned);
    for (let i = 1; i <= 4; i++) {
      await ministack.aws('lambda', 'update_function_configuration', { FunctionName, Description: `${i}` });
      await ministack.aws('lambda', 'publish_version', { FunctionName });
    }
    await checkout.deploy('--param', 'failuresPerMinute=70');
    const [used, published] = [await versionOf('login'), await publishedOf('login')];
    expect(published).toHaveLength(6);
    expect(published).toContain(oldest);
    expect(published.filter(version => version !== oldest)).toEqual([
      used - 4,
      used - 3,
      used - 2,
      used - 1,
      used,
    ]);
  });

  it('bit by bit is made with its deployment groups, and undone by one at once', async () => {
    const before = await versionOf('login');
    const shifting = ['--param', 'deploymentPreference=Canary10Percent5Minutes'];
    await checkout.deploy(...shifting, '--param', 'failuresPerMinute=80');
    expect([await versionOf('login'), await groups()]).toEqual([before + 1, 5]);
    await checkout.deploy('--param', 'failuresPerMinute=80');
    expect([await versionOf('login'), await groups()]).toEqual([before + 1, 0]);
  });

  it('has commands in its outputs that name aliases', () => {
    expect(outputs.RestoreCommand).toMatch(
      /--function-name arn:aws:lambda:[\w-]+:\d{12}:function:pullpass-dev-restore:live /,
    );
  });
});
