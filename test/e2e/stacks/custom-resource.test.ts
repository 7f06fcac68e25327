/**
 * The custom resource that makes the keys fails in six ways, by ministack: the deployment fails and says so, what was served is served
 * on, and the next one takes back what could not be taken back.
 */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { Checkout } from '../support/ministack/checkout.ts';
import { Faults } from '../support/ministack/faults.ts';
import { Ministack } from '../support/ministack/ministack.ts';
import { until } from '../support/processes.ts';

// Some are several deployments.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

const FIRST = 'registry.example.com';
const KEYS = 'functions/keys.ts';

let faults: Faults;
let ministack: Ministack;
let checkout: Checkout;
let base: string;
beforeAll(async () => {
  faults = await Faults.open();
  ministack = await Ministack.start(faults.variables);
  faults.target = ministack.endpoint;
  checkout = await Checkout.make(ministack);
  // A function that never answers is waited for so long.
  await checkout.edit('infra/keys.yml', text => text.replace(/ServiceTimeout: \d+/, 'ServiceTimeout: 8'));
  const { Url = '' } = await checkout.deploy();
  base = ministack.apiUrl(/^https:\/\/(\w+)\.execute-api\./.exec(Url)?.[1] ?? '');
});
afterAll(async () => {
  await checkout?.remove();
  await ministack?.stop();
  faults?.close();
});

async function statusOf(service: string): Promise<number> {
  return (await fetch(`${base}/v1/services/${service}/jwks.json`)).status;
}

/** Another service, so that the resource is asked. */
function serve(...names: readonly string[]): Promise<void> {
  return checkout.edit('deployment/services.json', () => JSON.stringify(names.map(name => ({ name }))));
}

/** How the stack ends up: osls leaves when the first thing has failed. */
async function endOfStack(): Promise<string> {
  let status = '';
  await until('the stack', async () => {
    const { Stacks } = await ministack.aws('cloudformation', 'describe_stacks', {
      StackName: 'pullpass-dev',
    });
    status = Stacks[0].StackStatus;
    return !status.endsWith('IN_PROGRESS');
  });
  return status;
}

async function takeBack(): Promise<void> {
  await ministack.aws('cloudformation', 'continue_update_rollback', { StackName: 'pullpass-dev' });
  expect(await endOfStack()).toBe(ITSELF);
}

function replaceHandler(text: string): Promise<void> {
  return checkout.edit(
    KEYS,
    before => `${before.slice(0, before.lastIndexOf('\n', before.length - 2))}\n${text}\n`,
  );
}

/** It is left for the next deployment to take back. */
const LAST = 'Secrets Manager fails';
const NO_ANSWER = /timed out/;
const NO_KEYS = /keys of .* could not be rotated|timed out/;
const NEVER = 'UPDATE_ROLLBACK_FAILED';
const ITSELF = 'UPDATE_ROLLBACK_COMPLETE';
/** How it is made to fail, what the operator reads, and whether CloudFormation can have the old state back while the fault lasts. */
const FAILURES: Record<string, [fail: () => unknown, said: RegExp, end: string]> = {
  'Secrets Manager does not answer': [() => faults.set('SECRETS_MANAGER', 'silence'), NO_KEYS, NEVER],
  'DynamoDB fails': [() => faults.set('DYNAMODB', 500), /./, NEVER],
  'its answer is not taken': [() => faults.set('S3', 503), NO_ANSWER, NEVER],
  'its function does not start': [() => replaceHandler("throw new Error('no start');"), NO_ANSWER, ITSELF],
  'its function ends in the middle': [
    () => replaceHandler('export const handler = () => process.exit(1);'),
    NO_ANSWER,
    ITSELF,
  ],
  [LAST]: [
    async () => {
      await replaceHandler('export const handler = createKeys(processWorld());');
      faults.set('SECRETS_MANAGER', 500);
    },
    NO_KEYS,
    NEVER,
  ],
};

it.each(Object.entries(FAILURES))(
  'when %s, the deployment fails, and what was served is served on',
  async (name, failure) => {
    const [fail, said, end] = failure;
    const added = `${name.replaceAll(/\W/g, '-').toLowerCase()}.example.com`;
    await serve(FIRST, added);
    await fail();
    const { code, output } = await checkout.osls('deploy');
    expect([code, output]).toEqual([1, expect.stringMatching(said)]);
    expect(output).toContain('Rings');
    expect(await endOfStack()).toBe(end);
    faults.faults.clear();
    if (name !== LAST && end === NEVER) await takeBack();
    expect([await statusOf(FIRST), await statusOf(added)]).toEqual([200, 404]);
  },
);

it('after all of them a deployment takes back what is left, and succeeds, although its answer is refused twice', async () => {
  await serve(FIRST, 'last.example.com');
  await checkout.deploy();
  expect([await statusOf(FIRST), await statusOf('last.example.com')]).toEqual([200, 200]);
  await serve(FIRST);
  faults.set('S3', 503, 2);
  await checkout.deploy();
  expect([await statusOf(FIRST), await statusOf('last.example.com')]).toEqual([200, 404]);
});
