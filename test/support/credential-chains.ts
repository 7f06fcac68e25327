/** A world in memory in which credentials are vended, and everything that can happen to their parents, at random. */

import { PullpassError } from '../../lib/domain/errors.ts';
import { accountHandle } from '../../lib/domain/identifiers.ts';
import type { Administrator, AssertionKind, Identity } from '../../lib/domain/identity.ts';
import type { Policy } from '../../lib/domain/policy.ts';
import { type LoginContext, loginContext, type Principal } from '../../lib/domain/principal.ts';
import type { Secret } from '../../lib/domain/secret.ts';
import type { Service } from '../../lib/domain/service.ts';
import type { Trust, Workload } from '../../lib/domain/trust.ts';
import { addToken, rotateToken } from '../../lib/usecases/issue-token.ts';
import {
  addRule,
  registerNamespace,
  releaseNamespace,
  removeRule,
} from '../../lib/usecases/manage-account.ts';
import { changeToken, removeToken } from '../../lib/usecases/manage-tokens.ts';
import { identityPrincipal, withNamespaces } from '../../lib/usecases/principal.ts';
import { type RevokePorts, revoke } from '../../lib/usecases/revoke.ts';
import { type Vended, vendCredential } from '../../lib/usecases/vend-credential.ts';
import { workloadPrincipal } from '../../lib/usecases/workload-principal.ts';
import { actorOf, CREDENTIAL_KEYS, principalWith, type World, worldOn } from './memory-ports.ts';
import { ACCOUNT, OTHER_ACCOUNT } from './records.ts';

/** A number from 0, below `options`; the same ones follow for a seed. */
export type Chance = (options: number) => number;

const NAMES = { profile: 'x5c', algorithm: 'ES256', lifetimeSeconds: 300 } as const;
export const SERVICES: readonly [Service, Service] = [
  { ...NAMES, name: 'one', registry: 'one.example' },
  { ...NAMES, name: 'two', registry: 'two.example' },
];
const NAMESPACES = ['te', 'tea', 'rival'] as const;
export const REPOSITORIES = ['te/a', 'te/a/b', 'te/b', 'tea/a', 'rival/a'];
/** More than a list in a credential can hold, but not more than its digests. */
const SOME = fillers(12);
/** More than its digests can hold. */
const MANY = fillers(40);
const PATTERNS = ['te/a', 'te/b', 'te/*', 'te/a/*', 'tea/*', 'rival/*', 'te/a/b'];

/** What a credential stems from, and how it would log in itself. */
export type Source =
  | { readonly kind: 'token'; readonly id: string; readonly value: Secret; readonly generation: number }
  | { readonly kind: 'identity'; readonly identity: Identity }
  | { readonly kind: 'workload'; readonly workload: Workload };

export interface Held {
  readonly source: Source;
  readonly vended: Vended;
  /** The trusts that covered the workload when it was vended. */
  readonly trusts: readonly string[];
  ended: boolean;
}

export interface Chain {
  readonly world: World;
  readonly logins: World['logins'];
  readonly administrators: Administrator[];
  readonly values: Extract<Source, { kind: 'token' }>[];
  readonly policies: string[];
  readonly trusts: string[];
  readonly credentials: Held[];
}

const ALICE: Administrator = { account: ACCOUNT, subject: 'dev:alice' };
const CLAIMS = { repository_id: '74', ref: 'main' };

/** Each account has a namespace, and one of them an identity that can be a parent. */
export async function openChain(chance: Chance): Promise<Chain> {
  const randomBytes = (count: number) => randomBy(chance, count);
  const plain = worldOn();
  const world = Object.assign(plain, { tokens: { ...plain.tokens, randomBytes } });
  const administrators = [ALICE].slice(Math.min(1, chance(4)));
  const logins = { ...world.logins, randomBytes, administrators, signer: { sign: async () => '' } };
  const chain: Chain = {
    world,
    logins,
    administrators,
    values: [],
    policies: [],
    trusts: [],
    credentials: [],
  };
  await registerNamespace(world.namespaces, actorOf(), 'te');
  await registerNamespace(world.namespaces, actorOf(OTHER_ACCOUNT, 'bob'), 'rival');
  await pick(chance, [addValue, addPolicy, addPolicy, addTrust])(chain, chance);
  return chain;
}

/** So that a seed tells all of a chain. */
function randomBy(chance: Chance, count: number): Uint8Array {
  const words = Uint32Array.from({ length: Math.ceil(count / 4) }, () => chance(2 ** 32));
  return new Uint8Array(words.buffer, 0, count);
}

/** The principal that the source is at a login, now. */
export async function principalOf(
  { logins, world }: Pick<Chain, 'logins' | 'world'>,
  source: Source,
  context: LoginContext = loginContext(SERVICES[0].name, []),
): Promise<Principal> {
  if (source.kind === 'token') return principalWith(logins, source.value, context);
  const principal =
    source.kind === 'workload'
      ? await workloadPrincipal(logins, source.workload, { now: world.now, sourceAddress: undefined })
      : await identityPrincipal(logins, source.identity, world.now);
  return withNamespaces(logins.store, principal, context);
}

/** What `promise` comes to; undefined when the caller is refused. Anything but a refusal fails the test. */
export async function unlessRefused<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof PullpassError && error.code !== 'internal' && error.code !== 'unavailable') return;
    throw error;
  }
}

export function identityOf(kind: AssertionKind, expiresAt: number | null): Identity {
  const strength = kind === 'iambearer' ? 'weak' : 'strong';
  return { ...ALICE, kind, issuer: 'dev', strength, expiresAt, nonce: null };
}

function workloadOf(now: number): Workload {
  const subject = 'github:repo:octo/app' as const;
  return {
    issuer: 'github',
    platform: 'github',
    handle: accountHandle(ACCOUNT),
    subject,
    claims: CLAIMS,
    expiresAt: now + 300,
  };
}

const pick = <T>(chance: Chance, of: readonly T[]): T => of[chance(of.length)] as T;
const accessBy = (chance: Chance) => pick(chance, ['pull', 'push'] as const);
const patternsBy = (chance: Chance, more: readonly (readonly string[])[] = [[], [], SOME]) =>
  chance(3) === 0
    ? null
    : [...[pick(chance, PATTERNS), pick(chance, PATTERNS)].slice(chance(2)), ...pick(chance, more)];
/** Of a policy or trust: there may be several for one caller. */
const manyPatternsBy = (chance: Chance) => patternsBy(chance, [[], MANY, MANY]);

function fillers(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `te/filler/${'x'.repeat(70)}${i}`);
}

const endBy = (chance: Chance) => pick(chance, [null, 60, 90, 600, 3600, 86_400]);

export type Act = (chain: Chain, chance: Chance) => Promise<unknown>;

/** An act on one of the tokens, by a value that it has or had. */
const onValue =
  (act: (chain: Chain, value: Extract<Source, { kind: 'token' }>, chance: Chance) => Promise<unknown>): Act =>
  async (chain, chance) => {
    if (chain.values.length > 0) await act(chain, pick(chance, chain.values), chance);
  };

const addValue: Act = async ({ world, values }, chance) => {
  const token = { access: accessBy(chance), repositories: patternsBy(chance), description: '' };
  const request = { ...token, expiresInSeconds: endBy(chance), retrievable: false };
  const { record, value } = await addToken(world.tokens, {
    actor: actorOf(),
    token: request,
    idempotencyKey: undefined,
  });
  values.push({ kind: 'token', id: record.id, value, generation: 1 });
};

const change = onValue(({ world }, { id }, chance) => {
  const changes = [
    { access: accessBy(chance) },
    { repositories: patternsBy(chance) },
    { expiresInSeconds: endBy(chance) },
    { disabled: chance(2) === 0 },
  ];
  return changeToken(world.tokens, { actor: actorOf(), id, change: pick(chance, changes) });
});

const rotate = onValue(async ({ world, values }, { id }, chance) => {
  const rotation = { graceSeconds: pick(chance, [0, 60, 600]), force: chance(2) === 0 };
  const request = { actor: actorOf(), id, rotation, idempotencyKey: undefined };
  const { record, value } = await rotateToken(world.tokens, request);
  values.push({ kind: 'token', id, value, generation: record.generation });
});

const vend: Act = async (chain, chance) => {
  const { now } = chain.world;
  const sources: Source[] = [
    { kind: 'workload', workload: workloadOf(now) },
    { kind: 'identity', identity: identityOf(pick(chance, ['iamapikey', 'iamrefresh', 'awsiam']), now + 60) },
    { kind: 'identity', identity: identityOf('iambearer', now + pick(chance, [-20, 1, 100, 3600])) },
    ...chain.values,
  ];
  const source = pick(chance, chain.values.length > 0 && chance(2) === 0 ? chain.values : sources);
  const vended = await vendCredential(chain.logins, {
    principal: await principalOf(chain, source),
    service: pick(chance, SERVICES),
    access: accessBy(chance),
    repositories: chance(2) === 0 ? null : patternsBy(chance),
    expiresInSeconds: pick(chance, [60, 61, 600, 3600, 43_200]),
  });
  chain.credentials.push({ source, vended, trusts: [...chain.trusts], ended: false });
};

const addPolicy: Act = async ({ world, policies }, chance) => {
  const { stores, tokens } = world;
  const role = pick(chance, ['reader', 'reader', 'writer', 'writer', 'manager', 'administrator'] as const);
  const facts = {
    subject: pick(chance, ['dev:alice', 'dev:alice', '*', 'dev:mallory'] as const),
    role,
    repositories: role === 'administrator' ? null : manyPatternsBy(chance),
  };
  const ports = { ...tokens, rules: stores.policies, word: 'policy' } as const;
  policies.push((await addRule<Policy>(ports, actorOf(), rule => ({ ...rule, ...facts }))).id);
};

const addTrust: Act = async ({ world, trusts }, chance) => {
  const { stores, tokens } = world;
  const facts = {
    issuer: 'github',
    claims: pick(chance, [{ repository_id: '74' }, CLAIMS]),
    access: accessBy(chance),
    repositories: manyPatternsBy(chance),
    networks: null,
    lifetimeSeconds: pick(chance, [60, 600, 3600]),
  };
  const ports = { ...tokens, rules: stores.trusts, word: 'trust' } as const;
  trusts.push((await addRule<Trust>(ports, actorOf(), rule => ({ ...rule, ...facts }))).id);
};

function removeOne(kind: 'policies' | 'trusts'): Act {
  return async ({ world, ...chain }, chance) => {
    const [id] = chain[kind].splice(chance(chain[kind].length), 1);
    const ports = { ...world.tokens, word: kind === 'trusts' ? 'trust' : 'policy' } as const;
    if (id === undefined) return;
    if (kind === 'trusts') await removeRule({ ...ports, rules: world.stores.trusts }, actorOf(), id);
    else await removeRule({ ...ports, rules: world.stores.policies }, actorOf(), id);
  };
}

export function revokePortsOf({ world, logins }: Chain): RevokePorts {
  const { tokens, revokedCredentials, audits: audit } = world.stores;
  return {
    store: logins.store,
    tokens,
    revokedCredentials,
    revocations: () => undefined,
    credentialKeys: CREDENTIAL_KEYS,
    audit,
    clock: logins.clock,
  };
}

async function end(chain: Chain, secret: Secret): Promise<void> {
  await revoke(revokePortsOf(chain), { secret, requestId: 'r', sourceAddress: '192.0.2.1' });
}

const endOne: Act = async (chain, chance) => {
  const held = chain.credentials[chance(chain.credentials.length)];
  if (held === undefined) return;
  await end(chain, held.vended.password);
  held.ended = true;
};

const changeAdministrators: Act = async ({ administrators }) => {
  if (administrators.pop() === undefined) administrators.push(ALICE);
};

const changeNamespaces: Act = async ({ world: { namespaces } }, chance) => {
  const name = pick(chance, NAMESPACES);
  const actor = chance(4) === 0 ? actorOf(OTHER_ACCOUNT, 'bob') : actorOf();
  await (chance(2) === 0 ? registerNamespace : releaseNamespace)(namespaces, actor, name);
};

const wait: Act = async ({ world }, chance) => {
  world.now += pick(chance, [1, 59, 60, 61, 600, 3600, 43_200]);
};

/** Each as often as it is listed. */
export const ACTS: readonly (readonly [name: string, act: Act])[] = [
  ...Array.from({ length: 8 }, () => ['vend', vend] as const),
  ...Array.from({ length: 4 }, () => ['change a token', change] as const),
  ...Array.from({ length: 3 }, () => ['add a policy', addPolicy] as const),
  ...Array.from({ length: 3 }, () => ['add a trust', addTrust] as const),
  ...Array.from({ length: 3 }, () => ['wait', wait] as const),
  ...Array.from({ length: 2 }, () => ['add a token', addValue] as const),
  ...Array.from({ length: 2 }, () => ['rotate a token', rotate] as const),
  ['remove a token', onValue(({ world }, { id }) => removeToken(world.tokens, actorOf(), id))],
  ['end a value', onValue((chain, { value }) => end(chain, value))],
  ['end a credential', endOne],
  ['remove a policy', removeOne('policies')],
  ['remove a trust', removeOne('trusts')],
  ['change the administrators', changeAdministrators],
  ['register or release a namespace', changeNamespaces],
];
