/** Every kind of write that DynamoDB knows, to every kind of item, judged by the packaged policies: what is not listed here is denied. */
import { beforeAll, describe, expect, it } from 'vitest';
import { ACCOUNT, REGION, stackOf } from './support/cloudformation.ts';
import { allowing, type Call } from './support/iam.ts';
import { PROXIED_SERVICES, packaged } from './support/packaged.ts';
import { type Statement, statementsOf } from './support/permissions.ts';

/** `TransactWriteItems` and `BatchExecuteStatement` need the actions of their parts (Service Authorization Reference). */
const WRITES = [
  'BatchWriteItem',
  'DeleteItem',
  'PartiQLDelete',
  'PartiQLInsert',
  'PartiQLUpdate',
  'PutItem',
  'UpdateItem',
] as const;

/** The partitions of each table. IAM does not see sort keys: tokens, policies and revoked credentials are all `account#`. */
const PARTITIONS = {
  'pullpass-dev': [
    'account#a',
    'cleanup',
    'namespace#team-a',
    'noticed',
    'notices',
    'proof#n',
    'refused#a',
    'table',
    'usage#a',
  ],
  'pullpass-dev-ledger': ['ledger', 'ledger#2026-11-21#7', 'proofs#2026-11-21#7'],
} as const;

/** All that a write may be about; `another` is any attribute that does not exist. */
// biome-ignore format: a list of names
const ATTRIBUTES = [
  'access', 'account', 'act', 'another', 'at', 'claims', 'createdAt', 'createdBy', 'cursor', 'derivationKey', 'description',
  'disabledAt', 'disabledBy', 'dueAt', 'entry', 'epoch', 'event', 'expects', 'expiresAt', 'generation', 'group', 'handle', 'hash',
  'id', 'issuedBy', 'issuer', 'lastUsedAt', 'labels', 'lifetimeSeconds', 'maxCredentialSeconds', 'maxExpiresInSeconds', 'name',
  'networks', 'nonExpiring', 'notice0', 'owner', 'payload', 'previousExpiresAt', 'previousHash', 'previousUse',
  'previousUsedAt', 'pulls', 'pullsPerDay', 'removedAt', 'repositories', 'repository', 'requestId', 'requireNetworks', 'requireOwner', 'retrievable', 'role', 'salt',
  'selfRotate', 'service', 'sourceAddress', 'state', 'subject', 'target', 'token', 'tokenId', 'uniqueId', 'usedAt', 'valueIssuedAt', 'valueUse', 'valueUsedAt', 'version', 'why', 'write', 'write0', 'write1',
];

/** The last uses of a token and of both its values. */
const USES = 'lastUsedAt previousUse previousUsedAt valueUse valueUsedAt';

let policies: Map<string, Statement[]>;
beforeAll(async () => {
  policies = statementsOf(stackOf((await packaged({ services: PROXIED_SERVICES })).template));
}, 120_000);

function isAllowed(name: string, call: Call): boolean {
  return allowing(policies.get(name) ?? expect.fail(`no function ${name}`), call).length > 0;
}

function callOn(table: string, write: string, pk: string, attributes: readonly string[]): Call {
  return {
    action: `dynamodb:${write}`,
    resource: `arn:aws:dynamodb:${REGION}:${ACCOUNT}:table/${table}`,
    context: { 'dynamodb:LeadingKeys': [pk], 'dynamodb:Attributes': ['pk', 'sk', ...attributes] },
  };
}

/** What a function may write: the kind of write, the partition, and the attributes that it may name, if not all. */
function writesOf(name: string): string[] {
  return Object.entries(PARTITIONS).flatMap(([table, partitions]) =>
    partitions.flatMap(pk =>
      WRITES.flatMap(write => {
        const may = (attributes: readonly string[]) => isAllowed(name, callOn(table, write, pk, attributes));
        const named = ATTRIBUTES.filter(attribute => may([attribute]));
        if (named.length === 0 && !may([])) return [];
        const all = named.length === ATTRIBUTES.length;
        return [`${write} ${pk}${all ? '' : `: ${named.join(' ')}`}`];
      }),
    ),
  );
}

describe('of all writes, IAM allows', () => {
  it.each<[name: string, writes: readonly string[]]>([
    ['login', [`UpdateItem account#a: ${USES}`, 'PutItem refused#a']],
    [
      'credentials',
      [
        `UpdateItem account#a: ${USES}`,
        'PartiQLInsert proof#n: expiresAt write1',
        'PartiQLInsert proofs#2026-11-21#7: entry expiresAt',
      ],
    ],
    [
      'management',
      [
        'DeleteItem account#a',
        'PutItem account#a',
        'UpdateItem account#a',
        'UpdateItem namespace#team-a',
        'DeleteItem notices',
        'PutItem notices',
        'PartiQLInsert proof#n: expiresAt write1',
        'PartiQLInsert ledger#2026-11-21#7: entry expiresAt',
        'PartiQLInsert proofs#2026-11-21#7: entry expiresAt',
      ],
    ],
    [
      'restore',
      [
        'DeleteItem account#a',
        'PutItem account#a',
        'UpdateItem account#a',
        'DeleteItem namespace#team-a',
        'PutItem namespace#team-a',
        'UpdateItem namespace#team-a',
        'PartiQLInsert proof#n: expiresAt write1',
        'DeleteItem table',
        'PutItem table',
        'UpdateItem table',
        'UpdateItem ledger',
      ],
    ],
    ['discovery', []],
    [
      'registry',
      [`UpdateItem account#a: ${USES}`, 'UpdateItem usage#a: expiresAt pulls repository token write0 write1'],
    ],
    ['fallback', []],
    ['keys', ['PutItem table', 'UpdateItem ledger']],
    [
      'cleanup',
      [
        'DeleteItem account#a',
        'DeleteItem cleanup',
        'PutItem cleanup',
        'DeleteItem namespace#team-a',
        'DeleteItem noticed',
        'PutItem noticed',
        'DeleteItem notices',
        'PutItem notices',
        'DeleteItem proof#n',
        'DeleteItem refused#a',
        'DeleteItem table',
        'UpdateItem table',
        'DeleteItem usage#a',
      ],
    ],
  ])('%s exactly its own', (name, writes) => {
    expect(writesOf(name)).toEqual(writes);
  });

  it('no function to replace, change or delete an entry of the ledger', () => {
    expect(policies.size).toBe(9);
    for (const name of policies.keys()) {
      const entries = writesOf(name).filter(write => /(?:ledger|proofs)#/.test(write));
      expect([name, entries.filter(write => !write.startsWith('PartiQLInsert '))]).toEqual([name, []]);
    }
  });
});

describe('the credentials function may not', () => {
  it.each<[what: string, write: (typeof WRITES)[number], pk: string, attributes: readonly string[]]>([
    ['enable a token', 'UpdateItem', 'account#a', ['disabledAt', 'disabledBy', 'version']],
    ['enable a token while its use is stored', 'UpdateItem', 'account#a', ['lastUsedAt', 'disabledAt']],
    ['disable a token', 'UpdateItem', 'account#a', ['disabledAt', 'disabledBy']],
    ['extend a token', 'UpdateItem', 'account#a', ['expiresAt']],
    ['extend a grace', 'UpdateItem', 'account#a', ['previousExpiresAt']],
    ['give a token a second hash', 'UpdateItem', 'account#a', ['previousHash', 'previousExpiresAt']],
    ['give a token another hash', 'UpdateItem', 'account#a', ['hash']],
    ['widen a token', 'UpdateItem', 'account#a', ['access', 'repositories']],
    ['let a token be used from anywhere', 'UpdateItem', 'account#a', ['lastUsedAt', 'networks']],
    ['let its holder rotate a token', 'UpdateItem', 'account#a', ['selfRotate']],
    ['overwrite a token, a policy or an audit record', 'PutItem', 'account#a', ['account', 'expiresAt']],
    ['add a token or a policy', 'PartiQLInsert', 'account#a', ['account', 'hash']],
    ['change a token by a statement', 'PartiQLUpdate', 'account#a', ['lastUsedAt']],
    ['forget a revoked credential', 'DeleteItem', 'account#a', []],
    ['let a revoked credential end early', 'PutItem', 'account#a', ['expiresAt']],
    ['take a namespace', 'UpdateItem', 'namespace#team-a', ['account', 'state', 'epoch']],
    ['forget a used proof', 'DeleteItem', 'proof#n', []],
    ['let a used proof end early', 'PutItem', 'proof#n', ['expiresAt']],
    ['let a used proof end early by a change', 'UpdateItem', 'proof#n', ['expiresAt']],
    ['say whose the table is', 'UpdateItem', 'table', ['id']],
    ['widen the rules of an account', 'UpdateItem', 'account#a', ['maxExpiresInSeconds', 'nonExpiring']],
    ['drop the rules of an account', 'DeleteItem', 'account#a', []],
    ['give the name of a token to another', 'UpdateItem', 'account#a', ['tokenId']],
    ['mark a token with an event', 'UpdateItem', 'account#a', ['lastUsedAt', 'notice0']],
    ['put an event into the outbox', 'PutItem', 'notices', ['event', 'expects']],
    ['keep an event from being sent', 'DeleteItem', 'notices', []],
    ['let an end be taken for announced', 'PutItem', 'noticed', ['expiresAt']],
    ['store a refused login', 'PutItem', 'refused#a', ['why']],
    ['count a pull', 'UpdateItem', 'usage#a', ['pulls']],
  ])('%s (%s)', (_, write, pk, attributes) => {
    expect(isAllowed('credentials', callOn('pullpass-dev', write, pk, attributes))).toBe(false);
  });

  it.each<[what: string, write: (typeof WRITES)[number], pk: string, attributes: readonly string[]]>([
    ['add an entry about a token', 'PartiQLInsert', 'ledger#2026-11-21#7', ['entry', 'expiresAt']],
    ['overwrite an entry', 'PutItem', 'ledger#2026-11-21#7', ['entry', 'expiresAt']],
    ['overwrite an entry of its own', 'PutItem', 'proofs#2026-11-21#7', ['entry', 'expiresAt']],
    ['change an entry of its own', 'UpdateItem', 'proofs#2026-11-21#7', ['expiresAt']],
    ['change an entry by a statement', 'PartiQLUpdate', 'proofs#2026-11-21#7', ['entry']],
    ['delete an entry', 'DeleteItem', 'proofs#2026-11-21#7', []],
    ['delete an entry by a statement', 'PartiQLDelete', 'ledger#2026-11-21#7', []],
    ['overwrite entries in a batch', 'BatchWriteItem', 'ledger#2026-11-21#7', ['entry']],
    ['name another table', 'UpdateItem', 'ledger', ['id']],
  ])('%s in the ledger (%s)', (_, write, pk, attributes) => {
    expect(isAllowed('credentials', callOn('pullpass-dev-ledger', write, pk, attributes))).toBe(false);
  });
});
