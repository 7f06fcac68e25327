/** Whom a secret makes its caller: tokens, credentials, identities and workloads, and why each is refused. */
import { describe, expect, it } from 'vitest';
import { PULL, PULL_AND_PUSH } from '../../lib/domain/access.ts';
import type { Credential, Parent } from '../../lib/domain/credential.ts';
import { digestsOf } from '../../lib/domain/digests.ts';
import { accountHandle } from '../../lib/domain/identifiers.ts';
import type { Identity } from '../../lib/domain/identity.ts';
import { ANONYMOUS, loginContext, longLoginContext } from '../../lib/domain/principal.ts';
import { formatRegistryToken, hashRegistryToken } from '../../lib/domain/registry-token.ts';
import { Secret } from '../../lib/domain/secret.ts';
import { HOUR_SECONDS } from '../../lib/domain/time.ts';
import type { TokenRecord } from '../../lib/domain/token-record.ts';
import type { Trust, Workload } from '../../lib/domain/trust.ts';
import type { LoginQuery } from '../../lib/ports/stores.ts';
import { credentialPrincipal } from '../../lib/usecases/credential-principal.ts';
import {
  identityPrincipal,
  type LoginMoment,
  tokenPrincipal,
  withNamespaces,
} from '../../lib/usecases/principal.ts';
import { signCredential } from '../../lib/usecases/secret-values.ts';
import { workloadPrincipal } from '../../lib/usecases/workload-principal.ts';
import { rejectionOf } from '../support/errors.ts';
import { CREDENTIAL_KEYS, type World, worldOn } from '../support/memory-ports.ts';
import { ACCOUNT, aClaim, aPolicy, aToken, aTrust, NOW, OTHER_ACCOUNT, pullsOf } from '../support/records.ts';

const HANDLE = accountHandle(ACCOUNT);
const SERVICE = 'localhost:5000';
interface Facts extends Partial<LoginMoment> {
  readonly repositories?: readonly string[];
}

const moment = ({ repositories = [], ...facts }: Facts = {}) => ({
  ...loginContext(SERVICE, pullsOf(repositories)),
  ...{ now: NOW, sourceAddress: '192.0.2.1' },
  ...facts,
});

/** A token in the world, and a value of it. */
async function withToken({ tokens: { tokens } }: World, facts: Partial<TokenRecord> = {}) {
  const { id, account } = aToken(facts);
  const value = formatRegistryToken(account, id, new Uint8Array(32).fill(1));
  const record = aToken({ id, account, hash: hashRegistryToken(value), ...facts });
  await tokens.add(record);
  return { value, record };
}

/** Counts what a world's login store is asked. */
function watched(world: World) {
  const reads: LoginQuery[] = [];
  const touched: string[] = [];
  const store: World['logins']['store'] = {
    read: query => {
      reads.push(query);
      return world.logins.store.read(query);
    },
    touch: async ({ id }) => void touched.push(id),
  };
  return { ports: { ...world.logins, store }, reads, touched };
}

describe('a registry token', () => {
  it('is the caller, with what it allows, what its account owns and what may be vended from it', async () => {
    const world = worldOn();
    const { value, record } = await withToken(world, { access: 'push', repositories: ['team-a/*'] });
    await world.stores.namespaces.writeClaim(undefined, aClaim());
    await world.stores.namespaces.writeClaim(undefined, aClaim({ name: 'team-b', account: OTHER_ACCOUNT }));
    const { ports, touched } = watched(world);
    const repositories = ['team-a/app', 'team-b/app', 'team-c/app'];
    const { id, expiresAt: endsAt } = record;
    expect(await tokenPrincipal(ports, value, moment({ repositories }))).toEqual({
      kind: 'token',
      userName: 'token',
      subject: `token:${id}`,
      account: ACCOUNT,
      permissions: [{ repositories: ['team-a/*'], actions: PULL_AND_PUSH }],
      ownedNamespaces: new Set(['team-a']),
      endsAt,
      delegationSource: { handle: HANDLE, parent: { kind: 'token', id, generation: 1 }, endsAt },
      tokenParent: { handle: HANDLE, token: id, generation: 1 },
    });
    expect(touched).toEqual([id]);
  });

  it.each<[string, string, Partial<TokenRecord>]>([
    ['expired', 'expired', { expiresAt: NOW }],
    ['disabled', 'ended', { disabled: { at: NOW, by: 'dev:alice' } }],
    ['wrong-secret', 'unknown-secret', { hash: new Uint8Array(32) }],
  ])('that is %s is refused, and counted as %s', async (why, denial, facts) => {
    const world = worldOn();
    const { value, record } = await withToken(world, facts);
    const { ports, touched } = watched(world);
    expect(await rejectionOf(tokenPrincipal(ports, value, moment()))).toMatchObject({
      code: 'unauthenticated',
      details: { reason: `token ${record.id}: ${why}`, denial },
    });
    expect(touched).toEqual([]);
  });

  it('that is unknown is refused before a long login is parsed', async () => {
    const { ports, reads } = watched(worldOn());
    const value = formatRegistryToken(ACCOUNT, aToken().id, new Uint8Array(32));
    const login = longLoginContext(SERVICE, () => expect.fail('it was parsed'));
    const error = await rejectionOf(tokenPrincipal(ports, value, { ...moment(), ...login }));
    expect(error.details).toMatchObject({ denial: 'unknown-secret' });
    expect(reads).toMatchObject([{ namespaces: [] }]);
  });

  it('that is removed, unknown or malformed is refused, and the log tells them apart', async () => {
    const world = worldOn();
    const { value, record } = await withToken(world);
    const refusal = async (secret: Secret) =>
      (await rejectionOf(tokenPrincipal(world.logins, secret, moment()))).details;
    const { id } = aToken();
    const unknown = formatRegistryToken(ACCOUNT, id, new Uint8Array(32));
    expect(await refusal(unknown)).toMatchObject({
      ...{ reason: `token ${id}: unknown`, denial: 'unknown-secret' },
      // A caller who makes up a token makes up its account.
      login: { handle: undefined, subject: `token:${id}`, why: 'unknown' },
    });
    await world.stores.tokens.remove(record, NOW);
    expect(await refusal(value)).toMatchObject({
      ...{ reason: `token ${record.id}: removed`, denial: 'ended' },
      login: { handle: HANDLE, subject: `token:${record.id}`, why: 'removed' },
    });
    const malformed = { reason: 'token: malformed', denial: 'unknown-secret' };
    expect(await refusal(new Secret('plp_x'))).toEqual(malformed);
  });
});

describe('a credential', () => {
  const good = (parent: Parent, facts: Partial<Credential> = {}): Credential => ({
    ...{ jti: 'A'.repeat(22), handle: HANDLE, parent, service: SERVICE, access: 'pull' },
    ...{ repositories: null, alsoPull: [], endsAt: NOW + 60 },
    ...facts,
  });
  const principal = async (world: World, credential: Credential, facts: Facts = {}) => {
    const secret = (await signCredential(CREDENTIAL_KEYS, credential, NOW)) ?? new Secret('');
    return credentialPrincipal(world.logins, secret, moment(facts));
  };
  const tokenOf = ({ id, generation }: TokenRecord): Parent => ({ kind: 'token', id, generation });
  const BOB: Parent = { kind: 'identity', subject: 'dev:bob', policies: null };
  const NAMED = `credential ${'A'.repeat(22)}`;

  it('allows what both it and its token allow, and ends with the first of them', async () => {
    const world = worldOn();
    const { record } = await withToken(world, { repositories: ['team-a/*'], expiresAt: NOW + 30 });
    await world.stores.namespaces.writeClaim(undefined, aClaim());
    const credential = good(tokenOf(record), { access: 'push', repositories: ['team-a/x', 'team-b/x'] });
    expect(await principal(world, credential, { repositories: ['team-a/app'] })).toEqual({
      kind: 'credential',
      userName: 'token',
      credential: credential.jti,
      subject: `token:${record.id}`,
      account: ACCOUNT,
      permissions: [{ repositories: ['team-a/x'], actions: PULL }],
      ownedNamespaces: new Set(['team-a']),
      endsAt: NOW + 30,
      tokenParent: { handle: HANDLE, token: record.id, generation: 1, credential: credential.jti },
    });
    expect(await world.stores.tokens.get(ACCOUNT, record.id, NOW)).toMatchObject({ lastUsedAt: NOW });
    const { endsAt } = await principal(world, good(tokenOf(record), { endsAt: NOW + 20 }));
    expect(endsAt).toBe(NOW + 20);
  });

  it('is refused for what it says itself, before anything is read', async () => {
    const world = worldOn();
    const read = () => Promise.reject(new Error('must not be read'));
    const unread: World = { ...world, logins: { ...world.logins, store: { ...world.logins.store, read } } };
    const refusal = async (credential: Credential, facts: Facts = {}) =>
      (await rejectionOf(principal(unread, credential, facts))).details;
    expect(await refusal(good(BOB, { endsAt: NOW }))).toMatchObject({
      reason: `${NAMED}: expired`,
      denial: 'expired',
    });
    expect(await refusal(good(BOB), { service: 'other' })).toMatchObject({
      reason: `${NAMED}: for another service`,
      denial: 'misplaced',
    });
    expect(await refusal(good({ ...BOB, subject: 'gone:bob' }))).toMatchObject({
      reason: `${NAMED}: of an issuer that is gone`,
      denial: 'ended',
    });
    const forged = credentialPrincipal(unread.logins, new Secret('plc_x'), moment());
    expect((await rejectionOf(forged)).details).toMatchObject({
      reason: 'credential: not one of ours',
      denial: 'unknown-secret',
    });
  });

  it('that was revoked is refused, and its claims are not read', async () => {
    const world = worldOn();
    const credential = good(BOB);
    await world.stores.revokedCredentials.revoke(credential, credential.endsAt);
    const { ports, reads } = watched(world);
    const namespaces = Array.from({ length: 9 }, (_, i) => `team-${i}`);
    const repositories = namespaces.map(name => `${name}/app`);
    const error = await rejectionOf(principal({ ...world, logins: ports }, credential, { repositories }));
    expect(error.details).toMatchObject({ reason: `${NAMED}: ended`, denial: 'ended' });
    expect(reads).toEqual([
      { credential: { handle: HANDLE, jti: credential.jti }, namespaces: namespaces.slice(0, 8) },
    ]);
  });

  it.each<[string, string, (record: TokenRecord) => Partial<TokenRecord>]>([
    ['expired', 'expired', () => ({ expiresAt: NOW })],
    ['disabled', 'ended', () => ({ disabled: { at: NOW, by: 'dev:alice' } })],
    ['superseded', 'ended', () => ({ generation: 2 })],
  ])('of a token that is %s is refused', async (why, denial, facts) => {
    const world = worldOn();
    const { id } = aToken();
    await withToken(world, { id, ...facts(aToken()) });
    const error = await rejectionOf(principal(world, good({ kind: 'token', id, generation: 1 })));
    expect(error.details).toMatchObject({ reason: `token ${id}, of a credential: ${why}`, denial });
  });

  it('of a token that is removed or unknown is refused', async () => {
    const world = worldOn();
    const { record } = await withToken(world);
    const refusal = async (parent: Parent) => (await rejectionOf(principal(world, good(parent)))).details;
    await world.stores.tokens.remove(record, NOW);
    expect(await refusal(tokenOf(record))).toMatchObject({
      reason: `token ${record.id}, of a credential: removed`,
      denial: 'ended',
    });
    const { id } = aToken();
    expect(await refusal({ kind: 'token', id, generation: 1 })).toMatchObject({
      reason: `token ${id}, of a credential: unknown`,
      denial: 'unknown-secret',
    });
  });

  it('of an identity has the roles that the identity has now', async () => {
    const world = worldOn();
    expect(await principal(world, good(BOB))).toMatchObject({
      subject: 'dev:bob',
      account: undefined,
      permissions: [],
    });
    await world.stores.namespaces.writeClaim(undefined, aClaim());
    await world.stores.policies.add(aPolicy({ repositories: ['team-a/*'] }));
    await world.stores.policies.add(aPolicy({ subject: 'dev:carol', role: 'writer' }));
    expect(await principal(world, good(BOB), { repositories: ['team-a/app'] })).toMatchObject({
      account: ACCOUNT,
      permissions: [{ repositories: ['team-a/*'], actions: PULL }],
      ownedNamespaces: new Set(['team-a']),
    });
  });

  it('of an identity that names policies has what these still allow, and nothing that was given later', async () => {
    const world = worldOn();
    const administrators = [{ account: ACCOUNT, subject: 'dev:bob' }] as const;
    const configured: World = { ...world, logins: { ...world.logins, administrators } };
    const named = [aPolicy({ repositories: ['team-a/x'] }), aPolicy({ repositories: ['team-a/y'] })];
    for (const each of [...named, aPolicy({ role: 'writer' })]) await world.stores.policies.add(each);
    const ids = named.map(({ id }) => id);
    const credential = good({ ...BOB, policies: digestsOf(ids, 'A'.repeat(22)) }, { access: 'push' });
    const repositoriesOf = async () =>
      (await principal(configured, credential)).permissions.flatMap(({ repositories }) => repositories);
    expect((await repositoriesOf()).sort()).toEqual(['team-a/x', 'team-a/y']);
    await world.stores.policies.remove(ACCOUNT, ids[0] ?? '', NOW);
    expect(await repositoriesOf()).toEqual(['team-a/y']);
    await world.stores.policies.remove(ACCOUNT, ids[1] ?? '', NOW);
    expect(await repositoriesOf()).toEqual([]);
  });

  it('that names digests is bounded by the repositories that the login asks for', async () => {
    const world = worldOn();
    const { record } = await withToken(world);
    const digests = digestsOf(['team-a/x', 'team-a/y'], 'A'.repeat(22));
    const credential = good(tokenOf(record), { repositories: digests });
    const asked = { repositories: ['team-a/x', 'team-a/z'] };
    expect((await principal(world, credential, asked)).permissions).toEqual([
      { repositories: ['team-a/x'], actions: PULL },
    ]);
  });

  it('of an administrator of the configuration has that role', async () => {
    const world = worldOn();
    const administrators = [
      { account: OTHER_ACCOUNT, subject: 'dev:bob' },
      { account: ACCOUNT, subject: 'dev:bob' },
    ] as const;
    const configured: World = { ...world, logins: { ...world.logins, administrators } };
    expect(await principal(configured, good(BOB))).toMatchObject({
      account: ACCOUNT,
      permissions: [{ repositories: null, actions: PULL }],
    });
  });

  it('of a workload has what remains of its trusts', async () => {
    const world = worldOn();
    const trusts = [aTrust({ repositories: ['team-a/*'] }), aTrust(), aTrust({ access: 'push' })];
    for (const each of trusts) await world.stores.trusts.add(each);
    const [first, , other] = trusts;
    const ids = [first?.id ?? '', other?.id ?? ''];
    const credential = good({ kind: 'trust', subject: 'github:repo', ids }, { access: 'push' });
    await world.stores.trusts.remove(ACCOUNT, ids[1] ?? '', NOW);
    expect(await principal(world, credential)).toMatchObject({
      subject: 'github:repo',
      account: ACCOUNT,
      permissions: [{ repositories: ['team-a/*'], actions: PULL }],
    });
    await world.stores.trusts.remove(ACCOUNT, ids[0] ?? '', NOW);
    expect((await rejectionOf(principal(world, credential))).details).toMatchObject({
      reason: `trusts ${ids.join(', ')}, of a credential: removed`,
      denial: 'ended',
    });
  });

  it('of a workload whose trusts have digests has those that remain', async () => {
    const world = worldOn();
    const trusts = [aTrust({ repositories: ['team-a/*'] }), aTrust()];
    for (const each of trusts) await world.stores.trusts.add(each);
    const first = trusts[0]?.id ?? '';
    const ids = digestsOf([first], 'A'.repeat(22));
    const credential = good({ kind: 'trust', subject: 'github:repo', ids });
    const filters: unknown[] = [];
    const list: World['logins']['trusts']['list'] = (handle, where) => {
      filters.push([handle, where]);
      return world.stores.trusts.list(handle, where);
    };
    const watching: World = { ...world, logins: { ...world.logins, trusts: { list } } };
    expect((await principal(watching, credential)).permissions).toEqual([
      { repositories: ['team-a/*'], actions: PULL },
    ]);
    expect(filters).toEqual([[HANDLE, { issuer: ['github'] }]]);
    await world.stores.trusts.remove(ACCOUNT, first, NOW);
    expect((await rejectionOf(principal(world, credential))).details).toMatchObject({
      reason: 'trusts of github:repo, of a credential: removed',
      denial: 'ended',
    });
  });
});

describe('an identity', () => {
  const IDENTITY: Identity = {
    ...{ kind: 'iamapikey', issuer: 'dev', account: ACCOUNT, subject: 'dev:bob', strength: 'strong' },
    ...{ expiresAt: null, nonce: null },
  };
  const found = async (facts: Partial<Identity>) => {
    const world = worldOn();
    const policy = aPolicy({ repositories: ['team-a/*'] });
    await world.stores.policies.add(policy);
    const principal = await identityPrincipal(world.logins, { ...IDENTITY, ...facts }, NOW);
    return { principal, policy };
  };

  it('is the caller, with its roles, and reads no namespaces', async () => {
    const { principal, policy } = await found({});
    expect(principal).toEqual({
      ...{
        kind: 'identity',
        userName: 'iamapikey',
        subject: 'dev:bob',
        account: ACCOUNT,
        identity: IDENTITY,
      },
      roles: [{ role: 'reader', repositories: ['team-a/*'], source: { policy: policy.id } }],
      permissions: [{ repositories: ['team-a/*'], actions: PULL }],
      ownedNamespaces: ANONYMOUS.ownedNamespaces,
      endsAt: null,
      delegationSource: {
        handle: HANDLE,
        parent: { kind: 'identity', subject: 'dev:bob', policies: null },
        policies: [policy.id],
        endsAt: NOW + 12 * HOUR_SECONDS,
      },
    });
  });

  it.each<[Identity['kind'], number | null, number]>([
    ['iamapikey', null, 12 * HOUR_SECONDS],
    ['iamrefresh', null, 12 * HOUR_SECONDS],
    ['awsiam', 300, 12 * HOUR_SECONDS],
    ['iambearer', 300, 300],
    ['iambearer', 2 * HOUR_SECONDS, HOUR_SECONDS],
    ['iambearer', null, HOUR_SECONDS],
  ])('by %s that ends after %s vends for %s seconds at most', async (kind, life, expected) => {
    const { principal } = await found({ kind, expiresAt: life === null ? null : NOW + life });
    expect((principal.delegationSource?.endsAt ?? 0) - NOW).toBe(expected);
    expect(principal.endsAt).toBe(life === null ? null : NOW + life);
  });
});

it('an administrator of the configuration names in what it vends only the policies that give it more', async () => {
  const world = worldOn();
  const policy = aPolicy();
  await world.stores.policies.add(policy);
  const administrators = [{ account: ACCOUNT, subject: 'dev:bob' }] as const;
  const identity: Identity = {
    ...{ kind: 'iamapikey', issuer: 'dev', account: ACCOUNT, subject: 'dev:bob', strength: 'strong' },
    ...{ expiresAt: null, nonce: null },
  };
  const { roles, delegationSource } = await identityPrincipal(
    { ...world.logins, administrators },
    identity,
    NOW,
  );
  expect(roles.map(({ source }) => source)).toEqual(['configuration', { policy: policy.id }]);
  expect(delegationSource?.policies).toEqual([policy.id]);
});

describe('a workload', () => {
  const WORKLOAD: Workload = {
    ...{ issuer: 'github', platform: 'github', handle: HANDLE, subject: 'github:repo' },
    claims: { repository_id: '74', repository_owner_id: '65' },
    expiresAt: NOW + 600,
  };
  const COMMON = {
    ...{ kind: 'workload', userName: 'oidc', subject: 'github:repo', accountHandle: HANDLE },
    ownedNamespaces: new Set(),
  };
  const found = async (trusts: Trust[]) => {
    const world = worldOn();
    for (const each of trusts) await world.stores.trusts.add(each);
    return workloadPrincipal(world.logins, WORKLOAD, moment());
  };

  it('without a trust may do nothing, and has nothing to vend from', async () => {
    const others = [aTrust({ claims: { repository_id: '75' } }), aTrust({ issuer: 'github2' })];
    const principal = { ...COMMON, account: undefined, permissions: [], endsAt: NOW + 600 };
    expect(await found(others)).toEqual(principal);
    expect(await found([])).toEqual(principal);
  });

  it.each([
    [3600, 3600, 600, 3600],
    [3600, 300, 300, 300],
    [601, 900, 600, 601],
  ])('with trusts for %i s and %i s ends after %i s, and vends for %i s', async (one, other, life, vends) => {
    const trusts = [
      aTrust({ lifetimeSeconds: one, repositories: ['team-a/*'] }),
      aTrust({ lifetimeSeconds: other, access: 'push' }),
      aTrust({ claims: { repository_id: '75' }, lifetimeSeconds: 60 }),
    ];
    const ids = trusts.slice(0, 2).map(({ id }) => id);
    const principal = await found(trusts);
    const sorted = { ...principal.delegationSource?.parent, ids: [...ids].sort() };
    expect({ ...principal, delegationSource: undefined, permissions: undefined }).toEqual({
      ...COMMON,
      account: ACCOUNT,
      endsAt: NOW + life,
      delegationSource: undefined,
      permissions: undefined,
    });
    expect(principal.permissions).toHaveLength(2);
    expect(principal.permissions).toContainEqual({ repositories: ['team-a/*'], actions: PULL });
    expect(principal.permissions).toContainEqual({ repositories: null, actions: PULL_AND_PUSH });
    expect(principal.delegationSource).toMatchObject({ handle: HANDLE, endsAt: NOW + vends });
    expect(sorted).toEqual({ kind: 'trust', subject: 'github:repo', ids: [...ids].sort() });
  });
});

describe('the namespaces of a caller', () => {
  const able = { ...ANONYMOUS, account: ACCOUNT, permissions: [{ repositories: null, actions: PULL }] };
  it.each([
    ['a caller without an account', { ...able, account: undefined }, ['team-a/app']],
    ['a caller without permissions', { ...able, permissions: [] }, ['team-a/app']],
    ['a login for none', able, []],
  ])('are not read for %s', async (_, caller, repositories) => {
    const { ports, reads } = watched(worldOn());
    expect(await withNamespaces(ports.store, caller, loginContext(SERVICE, pullsOf(repositories)))).toBe(
      caller,
    );
    expect(reads).toEqual([]);
  });

  it('are those that its account holds', async () => {
    const world = worldOn();
    await world.stores.namespaces.writeClaim(undefined, aClaim());
    await world.stores.namespaces.writeClaim(undefined, aClaim({ name: 'team-b', state: 'released' }));
    const context = moment({ repositories: ['team-a/app', 'team-b/app', 'team-c/app'] });
    const { ownedNamespaces } = await withNamespaces(world.logins.store, able, context);
    expect([...ownedNamespaces]).toEqual(['team-a']);
  });
});
