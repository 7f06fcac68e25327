/** A table that was restored within its region becomes the stack's, and what the ledger says was removed stays removed. docs/operations.md has the steps. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { Checkout } from '../support/ministack/checkout.ts';
import { Ministack } from '../support/ministack/ministack.ts';
import { itemsOf, logIn, ownedTables, restoreTable, Stage, switchedOn } from '../support/ministack/stage.ts';

// Several deployments.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

const ALL_ON = { protected: true, expires: 'expiresAt', recovery: 'ENABLED' };
const OWN = { TokensTable: 'pullpass-dev', LedgerTable: 'pullpass-dev-ledger' };
const RESTORED = 'pullpass-dev-2';

let region: Ministack;
let stage: Stage;
let checkout: Checkout;
let base: string;
beforeAll(async () => {
  [region, stage] = await Promise.all([Ministack.start(), Stage.open('restored-table')]);
  checkout = await stage.checkout(region);
  base = await stage.deploy(checkout, region);
});
afterAll(async () => {
  await stage?.close();
  await region?.stop();
});

it('a deployment that names a table which is not there changes nothing', async () => {
  await checkout.addStage('dev', { administrators: ['dev:dev:administrator'], table: RESTORED });
  const { code, output } = await checkout.osls('deploy', '--allow-change', 'table');
  expect([code, output]).toEqual([1, expect.stringContaining(`There is no table ${RESTORED}`)]);
  expect(await ownedTables(region)).toEqual(OWN);
});

it("a restored table becomes the stack's with all that a table of it has; the former one stays, and is not the stack's", async () => {
  await stage.manage('PUT /v1/namespaces/team-a', base);
  const kept = await stage.manage('POST /v1/tokens', base, { access: 'push' });
  const removed = await stage.manage('POST /v1/tokens', base, { access: 'push' });
  const backup = await itemsOf(region, OWN.TokensTable);
  await stage.manage(`DELETE /v1/tokens/${removed.id}`, base);
  await restoreTable(region, RESTORED, backup);
  expect(await switchedOn(region, RESTORED)).not.toMatchObject(ALL_ON);

  const restored = { parameters: { table: RESTORED }, args: ['--allow-change', 'table'] };
  base = await stage.deploy(checkout, region, restored);
  expect(await ownedTables(region)).toEqual({ ...OWN, TokensTable: RESTORED });
  expect(await switchedOn(region, RESTORED)).toEqual(ALL_ON);
  expect(await switchedOn(region, OWN.TokensTable)).toEqual(ALL_ON);
  expect((await logIn(base, kept.token)).status).toBe(503);

  const { Payload } = await region.aws('lambda', 'invoke', { FunctionName: 'pullpass-dev-restore' });
  expect(JSON.parse(Payload)).toMatchObject({ finished: true, served: true });
  await vi.waitFor(async () => expect((await logIn(base, kept.token)).status).toBe(200), 60_000);
  expect((await logIn(base, removed.token)).status).toBe(401);
});

it('the next deployment changes nothing of it, and the former table can be deleted', async () => {
  base = await stage.deploy(checkout, region, { parameters: { table: RESTORED } });
  expect(await ownedTables(region)).toEqual({ ...OWN, TokensTable: RESTORED });
  const TableName = OWN.TokensTable;
  await region.aws('dynamodb', 'update_table', { TableName, DeletionProtectionEnabled: false });
  await region.aws('dynamodb', 'delete_table', { TableName });
  await stage.manage('POST /v1/tokens', base, { access: 'pull' });
});
