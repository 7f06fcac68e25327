/** Every refusal of a registry token takes the same work, so that the time of an answer does not tell why. */
import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { beforeEach, expect, it, vi } from 'vitest';
import { accountHandle } from '../../lib/domain/identifiers.ts';
import { loginContext } from '../../lib/domain/principal.ts';
import { formatRegistryToken, hashRegistryToken } from '../../lib/domain/registry-token.ts';
import type { Secret } from '../../lib/domain/secret.ts';
import type { TokenRecord } from '../../lib/domain/token-record.ts';
import { fromTokenItem } from '../../lib/store/token-items.ts';
import { authenticateHolder } from '../../lib/usecases/holder.ts';
import { revoke } from '../../lib/usecases/revoke.ts';
import { rejectionOf } from '../support/errors.ts';
import { recordedTable } from '../support/faulty-table.ts';
import { principalWith, type World, worldOn } from '../support/memory-ports.ts';
import { ACCOUNT, aToken, NOW, OTHER_ACCOUNT, pullsOf } from '../support/records.ts';
import { memoryStores, memoryTable, type Stores } from '../support/stores.ts';

// Needs modules of its own, which only a slow test has.
vi.mock('node:crypto', { spy: true });
vi.mock('../../lib/store/token-items.ts', { spy: true });

const BY_ALICE = { at: NOW - 1, by: 'dev:alice' } as const;

/** Stores the token that a refusal is about, and presents a value. */
type Prepare = (stores: Stores, record: TokenRecord, value: Secret) => Promise<Secret>;

const added =
  (
    facts: Partial<TokenRecord> = {},
    present: (value: Secret, record: TokenRecord) => Secret = value => value,
  ): Prepare =>
  async ({ tokens }, record, value) => {
    await tokens.add({ ...record, ...facts });
    return present(value, record);
  };

const other = (record: TokenRecord, account = record.account) =>
  formatRegistryToken(account, record.id, randomBytes(32));

const REFUSALS: readonly [string, Prepare][] = [
  ['unknown', async (_, __, value) => value],
  ['wrong-secret', added({}, (_, record) => other(record))],
  ['unknown', added({}, (_, record) => other(record, OTHER_ACCOUNT))],
  ['expired', added({ expiresAt: NOW - 1 })],
  ['disabled', added({ disabled: BY_ALICE })],
  ['outside-networks', added({ networks: ['203.0.113.0/24'] })],
  ['superseded', added({ hash: randomBytes(32), generation: 2, previous: null })],
  [
    'removed',
    async ({ tokens }, record, value) => {
      await tokens.add(record);
      await tokens.remove(record, NOW);
      return value;
    },
  ],
];

/** The two places that a value is presented at. */
const WAYS = {
  login: ({ logins }: World, secret: Secret) =>
    principalWith(logins, secret, loginContext('registry', pullsOf(['team-a/app']))),
  holder: ({ logins }: World, secret: Secret) =>
    authenticateHolder(logins, { userName: 'token', secret, format: 'a registry token' }),
};

/** A world with the token that a refusal is about, what is presented, and how much was done since. */
async function scene(prepare: Prepare) {
  const { table, calls } = recordedTable(memoryTable());
  const stores = memoryStores(table);
  const record = aToken();
  const value = formatRegistryToken(ACCOUNT, record.id, randomBytes(32));
  const presented = await prepare(stores, { ...record, hash: hashRegistryToken(value) }, value);
  // Handles are kept, so that only the first login of an account hashes its name.
  for (const account of [ACCOUNT, OTHER_ACCOUNT, 'none:none'] as const) accountHandle(account);
  calls.length = 0;
  vi.clearAllMocks();
  const work = () => ({
    calls: calls.map(({ method, args }) => [method, (args[0] as unknown[]).length]),
    records: vi.mocked(fromTokenItem).mock.calls.length,
    hashes: vi.mocked(hash).mock.calls.map(([algorithm]) => algorithm),
    comparisons: vi
      .mocked(timingSafeEqual)
      .mock.calls.map(([left, right]) => [left.byteLength, right.byteLength]),
  });
  return { world: worldOn(stores), presented, work };
}

/** What a refusal costs, with so many keys read. */
const workOf = (keys: number) => ({
  calls: [['batchGet', keys]],
  records: 1,
  hashes: ['sha256'],
  comparisons: [
    [32, 32],
    [32, 32],
  ],
});

beforeEach(() => vi.clearAllMocks());

it.each(REFUSALS)(
  'a token that is %s costs one read, one record, one hash and two comparisons',
  async (why, prepare) => {
    for (const way of ['login', 'holder'] as const) {
      const { world, presented, work } = await scene(prepare);
      const { details } = await rejectionOf(WAYS[way](world, presented));
      expect(details.reason).toContain(why === 'superseded' ? 'wrong-secret' : why);
      expect(work()).toEqual(workOf(way === 'login' ? 2 : 1));
    }
  },
);

// Who finds a value may end it from every network.
it.each(REFUSALS.filter(([why]) => why !== 'outside-networks'))(
  'to revoke a token that is %s costs the same, and does nothing',
  async (_, prepare) => {
    const { world, presented, work } = await scene(prepare);
    const { revokedCredentials, audits: audit } = world.stores;
    const ports = { ...world.logins, tokens: world.tokens.tokens, revokedCredentials, audit };
    const request = { secret: presented, requestId: 'request-1', sourceAddress: '192.0.2.1' };
    expect(await revoke({ ...ports, revocations: () => undefined }, request)).toEqual({ kind: 'nothing' });
    expect(work()).toEqual(workOf(1));
  },
);
