import { type AttributeValue, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { accountHandle } from '../../lib/domain/account.ts';
import type { Policy } from '../../lib/domain/policy.ts';
import type { Trust } from '../../lib/domain/trust.ts';
import type { Table } from '../../lib/store/calls.ts';
import { leanQuery } from '../../lib/store/lean-calls.ts';
import { POLICY, ruleReader, TRUST } from '../../lib/store/rule-store.ts';
import { ruleStoreContract } from '../contracts/rule-store.ts';
import { inBatches } from '../support/batches.ts';
import { loseAnswer, recordCalls, withServer } from '../support/interfere.ts';
import { leanCallOf } from '../support/lean-login-calls.ts';
import { ACCOUNT, aPolicy, aTrust, NOW, OTHER_ACCOUNT } from '../support/records.ts';
import { storesOn, useEngine } from '../support/stores.ts';

const { openTable } = useEngine();
const HANDLE = accountHandle(ACCOUNT);

async function openWithTable() {
  const at = await openTable();
  return { ...storesOn(at), at };
}

ruleStoreContract(openWithTable, ({ at }, rules) => put(at, rules.map(asItem)));

describe('rules that the login function lists', () => {
  ruleStoreContract(
    async () => {
      const { at, ...stores } = await openWithTable();
      const options = { query: leanQuery(await leanCallOf(at)), table: at.table };
      const { list: policies } = ruleReader(options, POLICY);
      const { list: trusts } = ruleReader(options, TRUST);
      return {
        ...stores,
        at,
        policies: { ...stores.policies, list: policies },
        trusts: { ...stores.trusts, list: trusts },
      };
    },
    ({ at }, rules) => put(at, rules.map(asItem)),
  );
});

function asItem(rule: Policy | Trust): Record<string, AttributeValue> {
  const isPolicy = 'role' in rule;
  const item = isPolicy ? POLICY.toItem(rule) : TRUST.toItem(rule);
  return { ...keyOf(isPolicy ? 'policy' : 'trust', rule.id), ...item };
}

/** Writes items behind the store's back. */
async function put(
  { client, table }: Table,
  items: readonly Record<string, AttributeValue>[],
): Promise<void> {
  await inBatches(items, Item => client.send(new PutItemCommand({ TableName: table, Item })));
}

const keyOf = (prefix: string, id: string) => ({
  pk: { S: `account#${HANDLE}` },
  sk: { S: `${prefix}#${id}` },
});

async function itemAt(at: Table, prefix: string, id: string): Promise<Record<string, AttributeValue>> {
  const command = new GetItemCommand({ TableName: at.table, Key: keyOf(prefix, id) });
  return (await at.client.send(command)).Item ?? {};
}

describe('a rule store on DynamoDB', () => {
  const common = { account: { S: ACCOUNT }, createdAt: { N: String(NOW) }, createdBy: { S: 'dev:alice' } };
  const lastWrite = { S: expect.any(String) };

  it('holds what a policy says, in the partition of its account', async () => {
    const at = await openTable();
    const policy = aPolicy({ repositories: ['team-a/*'] });
    await storesOn(at).policies.add(policy);
    expect(await itemAt(at, 'policy', policy.id)).toEqual({
      ...keyOf('policy', policy.id),
      ...common,
      id: { S: policy.id },
      subject: { S: 'dev:bob' },
      role: { S: 'reader' },
      repositories: { L: [{ S: 'team-a/*' }] },
      lastWrite,
    });
  });

  it('holds what a trust says, in the partition of its account', async () => {
    const at = await openTable();
    const trust = aTrust();
    await storesOn(at).trusts.add(trust);
    expect(await itemAt(at, 'trust', trust.id)).toEqual({
      ...keyOf('trust', trust.id),
      ...common,
      id: { S: trust.id },
      issuer: { S: 'github' },
      claims: { M: { repository_id: { S: '74' }, repository_owner_id: { S: '65' } } },
      access: { S: 'pull' },
      lifetimeSeconds: { N: '3600' },
      lastWrite,
    });
  });

  it('reads over pages, and always consistently', async () => {
    const at = await openTable();
    const { policies } = storesOn(at);
    const patterns = Array.from({ length: 32 }, (_, i) => `team-a/${'x'.repeat(230)}${i}`);
    await put(
      at,
      Array.from({ length: 180 }, () => asItem(aPolicy({ repositories: patterns }))),
    );
    const calls = recordCalls(at.client);
    expect(await policies.list(HANDLE)).toHaveLength(180);
    expect(calls.length).toBeGreaterThan(1);
    expect(calls).toEqual(
      calls.map(() => ({ name: 'QueryCommand', input: expect.objectContaining({ ConsistentRead: true }) })),
    );
  });

  it('lets no rule of another account speak, wherever its item lies', async () => {
    const at = await openTable();
    const { policies } = storesOn(at);
    const policy = aPolicy();
    await policies.add(policy);
    await damage(at, keyOf('policy', policy.id), { account: { S: OTHER_ACCOUNT } });
    expect(await policies.list(HANDLE)).toEqual([]);
    expect(await policies.list(accountHandle(OTHER_ACCOUNT))).toEqual([]);
    expect(await policies.remove(ACCOUNT, policy.id)).toBe(false);
  });

  it('recognises its own addition when its answer was lost', async () => {
    const at = await openTable();
    const { policies } = storesOn(at);
    const policy = aPolicy();
    loseAnswer(at.client, 'PutItemCommand');
    expect(await policies.add(policy)).toBe(true);
    expect(await policies.list(HANDLE)).toEqual([policy]);
  });

  it('says nothing as long as it cannot ask', async () => {
    const { close, ...at } = await withServer((_, response) => response.writeHead(500).end('{}'));
    const { policies } = storesOn(at);
    for (const ask of [
      () => policies.list(HANDLE),
      () => policies.add(aPolicy()),
      () => policies.remove(ACCOUNT, 'x'),
    ]) {
      await expect(ask()).rejects.toMatchObject({ code: 'unavailable' });
    }
    await close();
  });

  const BAD_COMMON: [string, Record<string, AttributeValue | undefined>][] = [
    ['no account', { account: undefined }],
    ['an account without issuer', { account: { S: 'acme' } }],
    ['an id that is none', { id: { S: 'x' } }],
    ['repositories that are no list', { repositories: { S: 'team-a/*' } }],
    ['repositories with a pattern that is none', { repositories: { L: [{ S: 'team-a/*' }, { S: '*' }] } }],
    ['a time that is none', { createdAt: { N: '1.5' } }],
    ['nobody who made it', { createdBy: { S: '' } }],
  ];
  const BAD_POLICY: typeof BAD_COMMON = [
    ...BAD_COMMON,
    ['no subject', { subject: undefined }],
    ['a subject without issuer', { subject: { S: 'bob' } }],
    ['two stars for a subject', { subject: { S: '**' } }],
    ['an unknown role', { role: { S: 'owner' } }],
  ];
  const BAD_TRUST: typeof BAD_COMMON = [
    ...BAD_COMMON,
    ['an issuer that is none', { issuer: { S: 'Git Hub' } }],
    ['no claims', { claims: undefined }],
    ['claims that are no map', { claims: { S: 'x' } }],
    ['a claim that is no string', { claims: { M: { repository_id: { N: '74' } } } }],
    ['an unknown access', { access: { S: 'delete' } }],
    ['no lifetime', { lifetimeSeconds: undefined }],
  ];

  it.each(BAD_POLICY)('takes a policy with %s for an error, not for a policy', async (_, facts) => {
    const at = await openTable();
    const { policies } = storesOn(at);
    const policy = aPolicy();
    await policies.add(policy);
    await damage(at, keyOf('policy', policy.id), facts);
    await expect(policies.list(HANDLE)).rejects.toMatchObject({ code: 'internal' });
  });

  it.each(BAD_TRUST)('takes a trust with %s for an error, not for a trust', async (_, facts) => {
    const at = await openTable();
    const { trusts } = storesOn(at);
    const trust = aTrust();
    await trusts.add(trust);
    await damage(at, keyOf('trust', trust.id), facts);
    await expect(trusts.list(HANDLE)).rejects.toMatchObject({ code: 'internal' });
  });
});

async function damage(
  at: Table,
  Key: ReturnType<typeof keyOf>,
  facts: Record<string, AttributeValue | undefined>,
): Promise<void> {
  const { Item = {} } = await at.client.send(new GetItemCommand({ TableName: at.table, Key }));
  const damaged = Object.entries({ ...Item, ...facts }).filter(
    (entry): entry is [string, AttributeValue] => entry[1] !== undefined,
  );
  await put(at, [Object.fromEntries(damaged)]);
}
