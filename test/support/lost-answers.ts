/** Acts on one table that lose answers at any of its calls, and what must be in the table afterwards by a model of their own. */
import { randomBytes } from 'node:crypto';
import { PullpassError } from '../../lib/domain/errors.ts';
import { accountHandle } from '../../lib/domain/identifiers.ts';
import type { Secret } from '../../lib/domain/secret.ts';
import { journaling } from '../../lib/ledger/journaling.ts';
import { tableLedger } from '../../lib/ledger/table-ledger.ts';
import type { Table } from '../../lib/ports/table.ts';
import { setRules } from '../../lib/usecases/account-rules.ts';
import { ensureToken } from '../../lib/usecases/ensure-token.ts';
import type { Issued } from '../../lib/usecases/issue-once.ts';
import { addToken, rotateToken } from '../../lib/usecases/issue-token.ts';
import {
  addRule,
  type RulePorts,
  registerNamespace,
  releaseNamespace,
  removeRule,
} from '../../lib/usecases/manage-account.ts';
import { changeToken, removeToken } from '../../lib/usecases/manage-tokens.ts';
import { revoke } from '../../lib/usecases/revoke.ts';
import { vendCredential } from '../../lib/usecases/vend-credential.ts';
import { watchedTable } from './faulty-table.ts';
import { actorOf, CREDENTIAL_KEYS, principalWith, type World, worldOn } from './memory-ports.ts';
import { ACCOUNT, aPolicy, aTrust, NOW, SERVICE } from './records.ts';
import { itemsOf, journaledStores, memoryTable, type Stores, storesOn } from './stores.ts';

/** Everything that the acts are about; each act changes one part of it. */
export interface State {
  token: {
    description: string;
    access: string;
    generation: number;
    disabled: boolean;
    grace: boolean;
  } | null;
  /** Tokens that were added beside it without a key, and with the one key that there is. */
  added: number;
  addedWithKey: number;
  /** Tokens of the one name that is ensured. */
  ensured: number;
  /** How long tokens may live by the rules of the account. */
  longest: number | null;
  policy: boolean;
  addedPolicies: number;
  trust: boolean;
  addedTrusts: number;
  namespace: 'held' | 'none';
  credential: 'revoked' | 'valid';
  proof: 'unused' | 'used';
}

/** What the acts find: one of each. */
export const BEGINNING: State = {
  token: { description: 'old', access: 'push', generation: 1, disabled: false, grace: false },
  added: 0,
  addedWithKey: 0,
  ensured: 0,
  longest: null,
  policy: true,
  addedPolicies: 0,
  trust: true,
  addedTrusts: 0,
  namespace: 'none',
  credential: 'valid',
  proof: 'unused',
};

/** A deployment in memory with one of each, as in `BEGINNING`. */
export interface Scene {
  readonly world: World;
  readonly table: Table;
  readonly ledger: Table;
  readonly token: Issued;
  readonly credential: { readonly jti: string; readonly password: Secret };
  readonly policy: string;
  readonly trust: string;
}

const FACTS = { access: 'push', repositories: null, description: 'old', retrievable: true } as const;
const NEW = { ...FACTS, expiresInSeconds: 3600 };
const LONGEST = 7200;

/** One of each. */
export async function openScene(table = memoryTable(), ledger = memoryTable()): Promise<Scene> {
  const world = worldOn(storesWith(table, ledger));
  const token = await addToken(world.tokens, { actor: actorOf(), token: NEW, idempotencyKey: undefined });
  await addPolicy({ world });
  await addTrust({ world });
  const principal = await principalWith(world.logins, token.value);
  const wanted = { access: 'pull', repositories: null, expiresInSeconds: 600 } as const;
  const credential = await vendCredential(world.logins, { principal, service: SERVICE, ...wanted });
  const [policy] = await world.stores.policies.list(accountHandle(ACCOUNT));
  const [trust] = await world.stores.trusts.list(accountHandle(ACCOUNT));
  return { world, table, ledger, token, credential, policy: policy?.id ?? '', trust: trust?.id ?? '' };
}

/** The stores as a deployment has them: what they revoke is in the ledger first. */
function storesWith(table: Table, ledger: Table): Stores {
  const stores = storesOn(table);
  const ports = { ledger: tableLedger(ledger), clock: () => NOW * 1000, randomBytes };
  return journaledStores(stores, journaling(ports));
}

/** The scene as it is seen through other tables, whose calls can be disturbed. */
export function through(scene: Scene, around: Parameters<typeof watchedTable>[1]): Scene {
  return {
    ...scene,
    world: worldOn(storesWith(watchedTable(scene.table, around), watchedTable(scene.ledger, around))),
  };
}

/** What the table holds. */
export async function stateOf({ world, table, token, credential, policy, trust }: Scene): Promise<State> {
  const { stores, now } = world;
  const policies = (await stores.policies.list(accountHandle(ACCOUNT))).map(({ id }) => id);
  const trusts = (await stores.trusts.list(accountHandle(ACCOUNT))).map(({ id }) => id);
  const { records } = await stores.tokens.list(ACCOUNT, { limit: 100, now });
  const own = records.find(({ id }) => id === token.record.id);
  const ensured = records.filter(({ name }) => name !== null);
  const others = records.filter(record => record !== own && !ensured.includes(record));
  const rules = await stores.accountRules.get(ACCOUNT);
  const claim = await stores.namespaces.claim('team-a');
  return {
    token:
      own === undefined
        ? null
        : {
            description: own.description,
            access: own.access,
            generation: own.generation,
            disabled: own.disabled !== null,
            grace: own.previous !== null && own.previous.expiresAt > 0,
          },
    added: others.filter(({ issuanceId }) => !issuanceId.includes('.')).length,
    addedWithKey: others.filter(({ issuanceId }) => issuanceId.includes('.')).length,
    ensured: ensured.length,
    longest: rules?.rules.maxExpiresInSeconds ?? null,
    policy: policies.includes(policy),
    addedPolicies: policies.filter(id => id !== policy).length,
    trust: trusts.includes(trust),
    addedTrusts: trusts.filter(id => id !== trust).length,
    namespace: claim?.state === 'held' ? 'held' : 'none',
    credential: (await stores.logins.read({ credential: addressOf(credential), namespaces: [] })).revoked
      ? 'revoked'
      : 'valid',
    proof: (await table.get({ pk: 'proof#n', sk: 'used' })) === undefined ? 'unused' : 'used',
  };
}

/** How many records of each act the audit holds. */
export async function auditOf({ table }: Scene): Promise<Record<string, number>> {
  const acts = (await itemsOf(table))
    .filter(({ sk }) => sk.startsWith('audit#'))
    .map(({ act }) => String(act));
  return Object.fromEntries([...Map.groupBy(acts, act => act)].map(([act, all]) => [act, all.length]));
}

/** How many entries of each act the ledger holds. */
export async function ledgerOf({ ledger }: Scene): Promise<Record<string, number>> {
  const acts = (await itemsOf(ledger)).map(({ entry }) => JSON.parse(String(entry)).act as string);
  return Object.fromEntries([...Map.groupBy(acts, act => act)].map(([act, all]) => [act, all.length]));
}

function addressOf({ jti }: Pick<Scene['credential'], 'jti'>) {
  return { handle: accountHandle(ACCOUNT), jti };
}

export interface Act {
  /** The name of its audit record; null: it has none. */
  readonly audit: string | null;
  /** What the ledger has of it before it changes anything; absent: it revokes nothing. */
  readonly entry?: string;
  readonly run: (scene: Scene) => Promise<unknown>;
  /** What it makes of the state; undefined: it is refused. */
  readonly model: (state: State) => State | undefined;
}

const onToken =
  (change: (token: NonNullable<State['token']>) => State['token']) =>
  (state: State): State | undefined =>
    state.token === null ? undefined : { ...state, token: change(state.token) };

const actor = actorOf();

/** Every act that changes the table. */
export const ACTS: Readonly<Record<string, Act>> = {
  'adding a token': {
    audit: 'add-token',
    run: ({ world }) => addToken(world.tokens, { actor, token: NEW, idempotencyKey: undefined }),
    model: state => ({ ...state, added: state.added + 1 }),
  },
  'adding a token with a key': {
    audit: 'add-token',
    run: ({ world }) => addToken(world.tokens, { actor, token: NEW, idempotencyKey: 'one' }),
    model: state => ({ ...state, addedWithKey: 1 }),
  },
  'ensuring a token': {
    audit: 'add-token',
    run: ({ world }) =>
      ensureToken(
        { ...world.tokens, pause: async () => undefined },
        { actor, name: 'team', wanted: {}, token: NEW, apply: false, idempotencyKey: undefined },
      ),
    model: state => ({ ...state, ensured: 1 }),
  },
  'setting rules': {
    audit: 'set-rules',
    entry: 'narrow-rules',
    run: ({ world }) =>
      setRules({ ...world.tokens, accountRules: world.stores.accountRules }, actor, {
        maxExpiresInSeconds: LONGEST,
      }),
    model: state => ({ ...state, longest: LONGEST }),
  },
  'rotating a token': {
    audit: 'rotate-token',
    entry: 'narrow-token',
    run: ({ world, token }) => {
      const rotation = { graceSeconds: 60, force: true };
      return rotateToken(world.tokens, { actor, id: token.record.id, rotation, idempotencyKey: undefined });
    },
    model: onToken(token => ({ ...token, generation: token.generation + 1, grace: true })),
  },
  'describing a token': {
    audit: 'change-token',
    run: ({ world, token }) =>
      changeToken(world.tokens, { actor, id: token.record.id, change: { description: 'new' } }),
    model: onToken(token => ({ ...token, description: 'new' })),
  },
  'enabling a token': {
    audit: 'change-token',
    run: ({ world, token }) =>
      changeToken(world.tokens, { actor, id: token.record.id, change: { disabled: false } }),
    model: onToken(token => ({ ...token, disabled: false })),
  },
  'disabling a token': {
    audit: 'change-token',
    entry: 'narrow-token',
    run: ({ world, token }) =>
      changeToken(world.tokens, { actor, id: token.record.id, change: { disabled: true } }),
    model: onToken(token => ({ ...token, disabled: true })),
  },
  'removing a token': {
    audit: 'remove-token',
    entry: 'remove-token',
    run: ({ world, token }) => removeToken(world.tokens, actor, token.record.id),
    model: onToken(() => null),
  },
  'revoking a token': {
    audit: 'revoke-token',
    entry: 'narrow-token',
    run: ({ world, token }) => revokeIn(world, token.value),
    model: state => {
      const { token } = state;
      // Its holder has the first value: after a rotation that is the one in its grace period.
      if (token?.generation === 1) return { ...state, token: { ...token, disabled: true } };
      return token?.generation === 2 ? { ...state, token: { ...token, grace: false } } : state;
    },
  },
  'registering a namespace': {
    audit: 'register-namespace',
    entry: 'write-claim',
    run: ({ world }) => registerNamespace(world.namespaces, actor, 'team-a'),
    model: state => ({ ...state, namespace: 'held' }),
  },
  'releasing a namespace': {
    audit: 'release-namespace',
    entry: 'write-claim',
    run: ({ world }) => releaseNamespace(world.namespaces, actor, 'team-a'),
    model: state => (state.namespace === 'held' ? { ...state, namespace: 'none' } : undefined),
  },
  'adding a policy': {
    audit: 'add-policy',
    run: addPolicy,
    model: state => ({ ...state, addedPolicies: state.addedPolicies + 1 }),
  },
  'removing a policy': {
    audit: 'remove-policy',
    entry: 'remove-policy',
    run: ({ world, policy }) => removeRule(policyPorts(world), actor, policy),
    model: state => (state.policy ? { ...state, policy: false } : undefined),
  },
  'adding a trust': {
    audit: 'add-trust',
    run: addTrust,
    model: state => ({ ...state, addedTrusts: state.addedTrusts + 1 }),
  },
  'removing a trust': {
    audit: 'remove-trust',
    entry: 'remove-trust',
    run: ({ world, trust }) => removeRule(trustPorts(world), actor, trust),
    model: state => (state.trust ? { ...state, trust: false } : undefined),
  },
  'revoking a credential': {
    audit: 'end-credential',
    entry: 'end-credential',
    run: ({ world, credential }) => revokeIn(world, credential.password),
    model: state => ({ ...state, credential: 'revoked' }),
  },
  'consuming a proof': {
    audit: null,
    entry: 'spend-proof',
    run: consumeProof,
    model: state => (state.proof === 'used' ? undefined : { ...state, proof: 'used' }),
  },
};

async function consumeProof({ world }: Scene): Promise<void> {
  if (!(await world.stores.nonces.consume('n', NOW + 60))) throw new PullpassError('not-found');
}

function addPolicy({ world }: Pick<Scene, 'world'>): Promise<unknown> {
  return addRule(policyPorts(world), actor, common => ({ ...aPolicy(), ...common }));
}

function addTrust({ world }: Pick<Scene, 'world'>): Promise<unknown> {
  return addRule(trustPorts(world), actor, common => ({ ...aTrust(), ...common }));
}

function policyPorts({ stores, tokens }: World): RulePorts<ReturnType<typeof aPolicy>> {
  return { ...tokens, rules: stores.policies, word: 'policy' };
}

function trustPorts({ stores, tokens }: World): RulePorts<ReturnType<typeof aTrust>> {
  return { ...tokens, rules: stores.trusts, word: 'trust' };
}

function revokeIn({ stores, logins, tokens }: World, value: Secret): Promise<unknown> {
  const { revokedCredentials, audits: audit } = stores;
  const ports = {
    ...logins,
    tokens: tokens.tokens,
    revokedCredentials,
    audit,
    revocations: () => undefined,
    credentialKeys: CREDENTIAL_KEYS,
  };
  return revoke(ports, { secret: value, requestId: 'request-1', sourceAddress: '192.0.2.1' });
}
