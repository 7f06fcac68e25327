/** What a deployment refuses by what the account has already, on ministack: moves, collisions, and functions that cannot serve. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Checkout } from './support/ministack/checkout.ts';
import { Ministack } from './support/ministack/ministack.ts';

const DOMAIN = {
  domain: 'pullpass.example.com',
  certificate: 'arn:aws:acm:eu-central-1:123456789012:certificate/00000000-0000-0000-0000-000000000000',
};

let ministack: Ministack;
let checkout: Checkout;
beforeAll(async () => {
  ministack = await Ministack.start();
  checkout = await Checkout.make(ministack);
  await checkout.deploy();
});
afterAll(async () => {
  await checkout?.remove();
  await ministack?.stop();
});

function write(stage: string, parameters: object): Promise<void> {
  return writeFile(join(checkout.directory, 'deployment', `${stage}.json`), JSON.stringify(parameters));
}

async function stacks(): Promise<string[]> {
  const { Stacks } = await ministack.aws('cloudformation', 'describe_stacks');
  return Stacks.map(
    ({ StackName, LastUpdatedTime }: Record<string, string>) => `${StackName} ${LastUpdatedTime}`,
  );
}

/** What osls says; nothing in the account has changed. */
async function refused(...args: readonly string[]): Promise<string> {
  const before = await stacks();
  const { code, output } = await checkout.osls('deploy', ...args);
  expect([code, await stacks()]).toEqual([1, before]);
  return output;
}

it('a domain is neither brought nor forgotten by accident, and moves when the command says so', async () => {
  await write('dev', DOMAIN);
  expect(await refused()).toContain('domain would change from (none) to pullpass.example.com');
  expect(await checkout.deploy('--allow-change', 'domain')).toMatchObject({
    Url: `https://${DOMAIN.domain}`,
  });
  // Once it is there, it needs no flag.
  expect(await checkout.deploy()).toMatchObject({ Url: `https://${DOMAIN.domain}` });
  await write('dev', {});
  expect(await refused()).toContain('domain would change from pullpass.example.com to (none)');
  await write('dev', DOMAIN);
});

it('a stage that is new needs a flag, and cannot have the domain or the table of another', async () => {
  await write('other', { ...DOMAIN, table: 'pullpass-dev' });
  const output = await refused('--stage', 'other');
  for (const line of [
    'stage other is not deployed here, and dev is',
    'domain pullpass.example.com is that of the stage dev',
    'table pullpass-dev is served by the stage dev',
    'table pullpass-dev belongs to the ledger pullpass-dev-ledger of another stage',
  ])
    expect(output).toContain(line);
  expect(await refused('--stage', 'other', '--allow-change', 'stage', '--allow-change', 'table')).toContain(
    'table pullpass-dev belongs to the ledger pullpass-dev-ledger',
  );
});

it('a deployment whose functions cannot serve fails with their names and what they lack', async () => {
  const secret = { SecretId: 'pullpass-dev/public/registry.example.com' };
  const { SecretString } = await ministack.aws('secretsmanager', 'get_secret_value', secret);
  await ministack.aws('secretsmanager', 'put_secret_value', { ...secret, SecretString: '{}' });
  const { code, output } = await checkout.osls('deploy');
  expect([code, output]).toEqual([1, expect.stringContaining('these functions cannot serve')]);
  expect(output).toContain('pullpass-dev-discovery keys of registry.example.com: ');
  expect(output).not.toContain('pullpass-dev-login');
  await ministack.aws('secretsmanager', 'put_secret_value', { ...secret, SecretString });
  await checkout.deploy();
});
