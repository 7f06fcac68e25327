/** An AWS account that has no role here: none of its requests writes anything. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ALL_ROUTES } from '../../lib/api/routes.ts';
import { ALICE, proofOf } from '../iam/loopback-sts.ts';
import { openWorld, type World } from '../support/callers.ts';

let world: World;

beforeAll(async () => {
  world = await openWorld({ PULLPASS_FAILURES_PER_MINUTE: '100000' });
});
afterAll(() => world.close());

const ID = '01a1fd51-c23e-7c1e-8dcf-87c09e970095';
const PARAMETERS: Readonly<Record<string, string>> = { id: ID, name: 'team-x', service: 'localhost:5000' };
const BODIES: Readonly<Record<string, object>> = {
  addPolicy: { subject: '*', role: 'reader' },
  vendCredential: {},
  addToken: {},
};

async function ledger(): Promise<string> {
  const directory = join(world.deployment.directory, 'ledger');
  const files = (await readdir(directory)).sort();
  return (await Promise.all(files.map(file => readFile(join(directory, file), 'utf8')))).join('\n');
}

const WRITES = new Set(['PutItem', 'UpdateItem', 'DeleteItem']);

it('300 calls at all routes write nothing to the table and the ledger', async () => {
  const routes = ALL_ROUTES.filter(({ authentication }) => authentication !== 'public');
  const before = await ledger();
  world.deployment.wire.requests.length = 0;
  const statuses = new Set<number>();
  for (let i = 0; i < 300; i++) {
    const route = routes[i % routes.length];
    if (route === undefined) throw new Error('no routes');
    const path = route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => PARAMETERS[name] ?? '');
    const proof = await proofOf(ALICE, { expiresIn: 300 + i, signedAtMs: Date.now() });
    const sent = {
      basic: ['awsiam', proof] as const,
      ...(route.body === 'json' ? { json: BODIES[route.operation] ?? {} } : {}),
    };
    statuses.add((await world.deployment.send(`${route.method} ${path}`, sent)).status);
  }
  expect(statuses).toContain(403);
  expect(statuses).toContain(200);
  expect(statuses).not.toContain(201);
  const writes = world.deployment.wire.requests.filter(({ operation }) => WRITES.has(operation));
  expect(writes).toEqual([]);
  expect(await ledger()).toBe(before);
});
