import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { accountHandle } from '../../lib/domain/account.ts';
import { AUDIT_RETENTION_SECONDS } from '../contracts/expiry-store.ts';
import { ACCOUNT, NOW } from '../support/records.ts';
import { storesOn, useEngine } from '../support/stores.ts';

const { openTable } = useEngine();
const EVENT = {
  act: 'token-removed',
  handle: accountHandle(ACCOUNT),
  account: ACCOUNT,
  subject: 'dev:alice',
  target: '019a',
  requestId: 'r-1',
  sourceAddress: '192.0.2.1',
} as const;

describe('an audit store on DynamoDB', () => {
  it('keeps who did what to which, when and from where, each event in an item of its own', async () => {
    const at = await openTable();
    const { audits } = storesOn(at);
    await audits.record(EVENT, NOW * 1000 + 7);
    await audits.record(EVENT, NOW * 1000 + 7);
    const { Items: items = [] } = await at.client.send(new ScanCommand({ TableName: at.table }));
    expect(items).toHaveLength(2);
    expect(items[0]).toEqual({
      pk: { S: `account#${accountHandle(ACCOUNT)}` },
      sk: { S: expect.stringMatching(/^audit#2026-11-21T07:00:00\.007Z#[0-9a-f]{16}$/) },
      account: { S: ACCOUNT },
      act: { S: 'token-removed' },
      subject: { S: 'dev:alice' },
      target: { S: '019a' },
      requestId: { S: 'r-1' },
      sourceAddress: { S: '192.0.2.1' },
      expiresAt: { N: String(NOW + AUDIT_RETENTION_SECONDS) },
    });
  });

  it('keeps what is known of an account by its handle alone', async () => {
    const at = await openTable();
    const { account: _, ...event } = EVENT;
    await storesOn(at).audits.record(event, NOW * 1000);
    const { Items: [item] = [] } = await at.client.send(new ScanCommand({ TableName: at.table }));
    expect(item).toMatchObject({ pk: { S: `account#${accountHandle(ACCOUNT)}` } });
    expect(item).not.toHaveProperty('account');
  });

  it('keeps what the issuer will never call anybody else', async () => {
    const at = await openTable();
    await storesOn(at).audits.record({ ...EVENT, uniqueId: 'AROAEXAMPLE' }, NOW * 1000);
    const { Items: [item] = [] } = await at.client.send(new ScanCommand({ TableName: at.table }));
    expect(item).toMatchObject({ uniqueId: { S: 'AROAEXAMPLE' } });
  });
});
