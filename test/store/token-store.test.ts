import { randomBytes } from 'node:crypto';
import {
  type AttributeValue,
  GetItemCommand,
  type GetItemCommandOutput,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { accountHandle } from '../../lib/domain/account.ts';
import { DAY_SECONDS } from '../../lib/domain/time.ts';
import type { Table } from '../../lib/store/calls.ts';
import { plain, tokenStoreContract } from '../contracts/token-store.ts';
import { loseAnswer, recordCalls } from '../support/interfere.ts';
import { ACCOUNT, aToken, NOW } from '../support/records.ts';
import { storesOn, useEngine } from '../support/stores.ts';

const { open, openTable } = useEngine();

tokenStoreContract(open);

function keyOf(id: string) {
  return { pk: { S: `account#${accountHandle(ACCOUNT)}` }, sk: { S: `token#${id}` } };
}

async function itemOf({ client, table }: Table, id: string): Promise<GetItemCommandOutput['Item']> {
  return (await client.send(new GetItemCommand({ TableName: table, Key: keyOf(id) }))).Item;
}

async function meddle({ client, table }: Table, id: string, name: string, value?: AttributeValue) {
  await client.send(
    new UpdateItemCommand({
      TableName: table,
      Key: keyOf(id),
      UpdateExpression: value === undefined ? 'REMOVE #name' : 'SET #name = :value',
      ExpressionAttributeNames: { '#name': name },
      ...(value === undefined ? {} : { ExpressionAttributeValues: { ':value': value } }),
    }),
  );
}

const FULL = {
  repositories: ['team-a/*'],
  disabled: { at: NOW, by: 'dev:bob' },
  lastUsedAt: NOW,
  previous: { hash: randomBytes(32), expiresAt: NOW + 1 },
} as const;

describe('a token store on DynamoDB', () => {
  it('spells the attributes out as the design does', async () => {
    const at = await openTable();
    const record = aToken(FULL);
    await storesOn(at).tokens.add(record);
    const { lastWrite, ...item } = (await itemOf(at, record.id)) ?? {};
    expect(lastWrite?.S).toMatch(/^[\w-]{22}$/);
    expect(plain(item)).toEqual(
      plain({
        ...keyOf(record.id),
        account: { S: ACCOUNT },
        id: { S: record.id },
        hash: { B: record.hash },
        salt: { B: record.derivation?.salt },
        derivationKey: { S: 'k1' },
        generation: { N: '1' },
        issuedBy: { S: record.issuanceId },
        access: { S: 'pull' },
        repositories: { L: [{ S: 'team-a/*' }] },
        description: { S: '' },
        createdAt: { N: String(NOW) },
        createdBy: { S: 'dev:alice' },
        expiresAt: { N: String(NOW + DAY_SECONDS) },
        disabledAt: { N: String(NOW) },
        disabledBy: { S: 'dev:bob' },
        lastUsedAt: { N: String(NOW) },
        previousHash: { B: FULL.previous.hash },
        previousExpiresAt: { N: String(NOW + 1) },
        version: { N: '1' },
      }),
    );
  });

  it('has no expiresAt on a token that never ends, for the attribute would end it', async () => {
    const at = await openTable();
    const record = aToken({ expiresAt: null });
    await storesOn(at).tokens.add(record);
    expect(await itemOf(at, record.id)).not.toHaveProperty('expiresAt');
  });

  it('leaves nothing of a removed token but who and when', async () => {
    const at = await openTable();
    const record = aToken(FULL);
    const { tokens } = storesOn(at);
    await tokens.add(record);
    await tokens.remove(record, NOW);
    expect(await itemOf(at, record.id)).toEqual({
      ...keyOf(record.id),
      account: { S: ACCOUNT },
      id: { S: record.id },
      lastWrite: { S: expect.any(String) },
      removedAt: { N: String(NOW) },
      expiresAt: { N: String(NOW + DAY_SECONDS) },
    });
  });

  it('writes only what an update changes', async () => {
    const at = await openTable();
    const record = aToken(FULL);
    const { tokens } = storesOn(at);
    await tokens.add(record);
    const calls = recordCalls(at.client);
    await tokens.update(record, { ...record, description: 'x', disabled: null, version: 2 }, NOW);
    expect(calls.map(({ input }) => 'UpdateExpression' in input && input.UpdateExpression)).toEqual([
      'SET #description = :set_description, #version = :set_version, #lastWrite = :set_lastWrite' +
        ' REMOVE #disabledAt, #disabledBy',
    ]);
  });
});

describe('a write whose answer was lost', () => {
  it('recognises itself when it is sent again', async () => {
    const at = await openTable();
    const { tokens } = storesOn(at);
    const record = aToken();
    loseAnswer(at.client, 'PutItemCommand');
    expect(await tokens.add(record)).toBe(true);
    loseAnswer(at.client, 'UpdateItemCommand');
    const after = { ...record, description: 'x', version: 2 };
    expect(await tokens.update(record, after, NOW)).toBe(true);
    expect((await tokens.get(ACCOUNT, record.id, NOW))?.version).toBe(2);
    loseAnswer(at.client, 'UpdateItemCommand');
    expect(await tokens.remove(after, NOW)).toBe(true);
  });

  it('does not take the write of another for its own', async () => {
    const at = await openTable();
    const { tokens } = storesOn(at);
    const record = aToken();
    const other = { ...record, description: 'the other', version: 2 };
    await tokens.add(record);
    expect(await tokens.update(record, other, NOW)).toBe(true);
    loseAnswer(at.client, 'UpdateItemCommand');
    expect(await tokens.update(record, { ...record, version: 2 }, NOW)).toBe(false);
    expect(await tokens.add(record)).toBe(false);
  });

  it('cannot undo a removal that came in between', async () => {
    const at = await openTable();
    const { tokens } = storesOn(at);
    const record = aToken();
    const after = { ...record, version: 2 };
    await tokens.add(record);
    loseAnswer(at.client, 'UpdateItemCommand', () => tokens.remove(after, NOW));
    expect(await tokens.update(record, after, NOW)).toBe(false);
    expect(await tokens.get(ACCOUNT, record.id, NOW)).toBeUndefined();
  });
});

describe('a malformed item', () => {
  it.each<[string, AttributeValue | undefined]>([
    ['account', { S: 'acme' }],
    ['account', { S: 'Dev:acme' }],
    ['id', { S: 'x' }],
    ['hash', undefined],
    ['hash', { B: randomBytes(31) }],
    ['hash', { S: 'text' }],
    ['salt', undefined],
    ['salt', { B: randomBytes(15) }],
    ['derivationKey', undefined],
    ['generation', { N: '1.5' }],
    ['generation', { S: '1' }],
    ['issuedBy', undefined],
    ['access', { S: 'admin' }],
    ['access', undefined],
    ['repositories', { L: [{ S: '*' }] }],
    ['repositories', { L: [{ N: '1' }] }],
    ['repositories', { S: 'team-a/*' }],
    ['repositories', { NULL: true }],
    ['description', undefined],
    ['createdAt', { N: '99999999999999999999' }],
    ['createdBy', { S: '' }],
    ['expiresAt', { S: 'never' }],
    ['disabledAt', undefined],
    ['disabledBy', undefined],
    ['previousHash', undefined],
    ['previousExpiresAt', undefined],
    ['version', undefined],
  ])('is an error, never a grant: %s %o', async (name, value) => {
    const at = await openTable();
    const { tokens, logins } = storesOn(at);
    const record = aToken(FULL);
    await tokens.add(record);
    await meddle(at, record.id, name, value);
    const address = { handle: accountHandle(ACCOUNT), id: record.id };
    await expect(tokens.get(ACCOUNT, record.id, NOW)).rejects.toMatchObject({ code: 'internal' });
    await expect(logins.read({ token: address, namespaces: [] })).rejects.toMatchObject({ code: 'internal' });
  });
});
