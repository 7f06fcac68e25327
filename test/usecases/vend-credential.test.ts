/** What is vended from which parent: its bounds, its end, and when it is fetched again. */
import { describe, expect, it } from 'vitest';
import { type Action, EVERYTHING, PULL, PULL_AND_PUSH } from '../../lib/domain/access.ts';
import { WIDEST } from '../../lib/domain/account-rules.ts';
import { digestsOf } from '../../lib/domain/digests.ts';
import type { Permission } from '../../lib/domain/grant.ts';
import { ANONYMOUS, type Principal } from '../../lib/domain/principal.ts';
import { verifyCredential } from '../../lib/usecases/secret-values.ts';
import { type VendPorts, type VendRequest, vendCredential } from '../../lib/usecases/vend-credential.ts';
import { rejectionOf } from '../support/errors.ts';
import { CREDENTIAL_KEYS } from '../support/memory-ports.ts';
import { ACCOUNT, NOW } from '../support/records.ts';
import { memoryStores } from '../support/stores.ts';

const HANDLE = '0123456789abcdef';
const PARENT = { kind: 'identity', subject: 'dev:alice', policies: null } as const;
const SERVICE: VendRequest['service'] = {
  name: 'localhost:5000',
  registry: 'x',
  profile: 'x5c',
  algorithm: 'ES256',
  lifetimeSeconds: 300,
};

const may = (repositories: Permission['repositories'], actions: ReadonlySet<Action> = PULL): Permission => ({
  repositories,
  actions,
});

function parentOf(permissions: Permission[], endsAt: number | null = null): Principal {
  return {
    ...ANONYMOUS,
    kind: 'identity',
    account: ACCOUNT,
    subject: PARENT.subject,
    permissions,
    delegationSource: { handle: HANDLE, parent: PARENT, endsAt },
  };
}

/** Bytes that are all the same: 0 is the least chance, 255 the greatest. */
function vend(request: Partial<VendRequest>, ports: Partial<VendPorts> = {}, byte = 0) {
  return vendCredential(
    {
      vends: () => undefined,
      credentialKeys: CREDENTIAL_KEYS,
      ceiling: WIDEST,
      store: memoryStores().logins,
      clock: () => NOW * 1000,
      randomBytes: count => new Uint8Array(count).fill(byte),
      ...ports,
    },
    {
      principal: parentOf([may(null, EVERYTHING)]),
      service: SERVICE,
      ...{ access: 'pull', repositories: null, expiresInSeconds: 600 },
      ...request,
    },
  );
}

describe('a vended credential', () => {
  it('says in itself what it was vended as', async () => {
    const { password, ...vended } = await vend({ repositories: ['team-a/app'] });
    const bounds = { jti: 'A'.repeat(22), access: 'pull', repositories: ['team-a/app'], alsoPull: [] };
    expect(vended).toEqual({
      ...bounds,
      service: SERVICE,
      vendedAt: NOW,
      endsAt: NOW + 600,
      refreshAfter: NOW + 300,
    });
    expect(await verifyCredential(CREDENTIAL_KEYS, password, NOW)).toEqual({
      ...bounds,
      handle: HANDLE,
      parent: PARENT,
      service: SERVICE.name,
      endsAt: NOW + 600,
    });
  });

  it.each([
    [0, 300],
    [128, 390],
    [255, 479],
  ])(
    'is fetched again between half and eight tenths of its life: chance %i after %i of 600 s',
    async (byte, after) => {
      expect((await vend({}, {}, byte)).refreshAfter - NOW).toBe(after);
    },
  );

  it.each([
    [null, 600],
    [NOW + 601, 600],
    [NOW + 599, 599],
    [NOW + 1, 1],
  ])('ends with its parent at the latest: %s', async (endsAt, life) => {
    expect((await vend({ principal: parentOf([may(null)], endsAt) })).endsAt - NOW).toBe(life);
  });

  it.each([NOW, NOW - 1])('is not vended from a parent at its end', async endsAt => {
    expect(await rejectionOf(vend({ principal: parentOf([may(null)], endsAt) }))).toMatchObject({
      code: 'unauthenticated',
      details: { reason: 'dev:alice: at its end', denial: 'expired' },
    });
  });

  it('is not vended from a principal that is no parent', async () => {
    expect(await rejectionOf(vend({ principal: { ...ANONYMOUS, kind: 'credential' } }))).toMatchObject({
      code: 'unauthenticated',
      details: { reason: 'credential: nothing is vended from that', denial: 'misplaced' },
    });
  });

  it('is bounded by its parent', async () => {
    const asked: unknown[] = [];
    const vends = (...call: unknown[]) => {
      asked.push(call);
      return 7;
    };
    const error = await rejectionOf(vend({}, { vends }));
    expect([error.code, error.details.retryAfterSeconds]).toEqual(['rate-limited', 7]);
    expect(asked).toEqual([[`${HANDLE} dev:alice`, NOW * 1000]]);
  });
});

describe('the bounds of a credential', () => {
  const A = 'team-a/*';
  const B = 'team-b/app';
  it.each<[string, Permission[], Partial<VendRequest>, unknown]>([
    ['everything', [may(null, EVERYTHING)], {}, [null, []]],
    ['everything, to push', [may(null, EVERYTHING)], { access: 'push' }, [null, []]],
    ['what the parent may pull', [may([A]), may([B])], {}, [[A, B], []]],
    ['what is asked for', [may([A])], { repositories: ['team-a/x'] }, [['team-a/x'], []]],
    [
      'what the parent may push, and pull what it may only pull',
      [may([A], PULL_AND_PUSH), may([B])],
      { access: 'push' },
      [[A], [B]],
    ],
    [
      'what the parent may push, and pull everything',
      [may([A], PULL_AND_PUSH), may(null)],
      { access: 'push' },
      [[A], null],
    ],
    [
      'what is asked for, and pull nothing beside it',
      [may([A], PULL_AND_PUSH), may([B])],
      { access: 'push', repositories: [A] },
      [[A], []],
    ],
    [
      'what the parent may push, and not again what that covers',
      [may([A], PULL_AND_PUSH), may(['team-a/x'])],
      { access: 'push' },
      [[A], []],
    ],
  ])('are %s', async (_, permissions, request, expected) => {
    const { repositories, alsoPull } = await vend({ principal: parentOf(permissions), ...request });
    expect([repositories, alsoPull]).toEqual(expected);
  });

  it.each<[string, Permission[], Partial<VendRequest>]>([
    ['nothing', [], {}],
    ['nothing, where something is asked for', [], { repositories: [B] }],
    ['pulls only, to push', [may(null)], { access: 'push' }],
    ['pulls there only, to push', [may([A])], { access: 'push', repositories: [A] }],
    ['other repositories', [may([A])], { repositories: [B] }],
    ['a part of them', [may([B])], { repositories: [B, 'team-b/other'] }],
    ['an empty list', [may(null)], { repositories: [] }],
  ])('are not wider than those of a parent that may do %s', async (_, permissions, request) => {
    const error = await rejectionOf(vend({ principal: parentOf(permissions), ...request }));
    expect(error.code).toBe('wider-than-parent');
  });
});

describe('a credential for more patterns than it can list', () => {
  const names = (count: number) => Array.from({ length: count }, (_, i) => `team-a/${'x'.repeat(40)}${i}`);
  const CALLERS = {
    token: { handle: HANDLE, parent: { kind: 'token', id: 'x', generation: 1 }, endsAt: null },
    identity: { handle: HANDLE, parent: PARENT, policies: ['p1', 'p2'], endsAt: null },
    administrator: { handle: HANDLE, parent: PARENT, policies: [], endsAt: null },
    workload: { handle: HANDLE, parent: { kind: 'trust', subject: 'github:x', ids: ['t1'] }, endsAt: null },
  } as const satisfies Record<string, Principal['delegationSource']>;
  const JTI = 'A'.repeat(22);

  /** What is vended for so many repositories to such a caller; `asked`: which are named in the request. */
  async function vended(caller: keyof typeof CALLERS, count: number, asked = false) {
    const repositories = names(count);
    const principal = { ...parentOf([may(repositories)]), delegationSource: CALLERS[caller] };
    const answer = await vend({ principal, repositories: asked ? repositories : null });
    expect([answer.repositories, answer.alsoPull]).toEqual([repositories, []]);
    return verifyCredential(CREDENTIAL_KEYS, answer.password, NOW);
  }

  it.each(['token', 'identity', 'administrator', 'workload'] as const)(
    'has their digests: of %s',
    async caller => {
      const { parent } = CALLERS[caller];
      const repositories = digestsOf(names(32), JTI);
      expect(await vended(caller, 32)).toMatchObject({ parent, repositories, alsoPull: [] });
      expect(await vended(caller, 32, true)).toMatchObject({ parent, repositories, alsoPull: [] });
    },
  );

  it('names the policies or trusts that allow them where even these do not fit', async () => {
    expect(await vended('identity', 100)).toMatchObject({
      parent: { ...PARENT, policies: digestsOf(['p1', 'p2'], JTI) },
      ...{ repositories: null, alsoPull: [] },
    });
    expect(await vended('workload', 100)).toMatchObject({
      parent: CALLERS.workload.parent,
      ...{ repositories: null, alsoPull: [] },
    });
  });

  const NAME_SOME = 'Name the repositories that it is for, or let fewer policies or trusts match the caller.';
  const NAME_FEWER = 'Name fewer repositories, or a prefix with /*.';
  it.each([
    ['a token', 'token', false, NAME_SOME],
    ['an administrator of the configuration', 'administrator', false, NAME_SOME],
    ['an identity that named them', 'identity', true, NAME_FEWER],
    ['a workload that named them', 'workload', true, NAME_FEWER],
  ] as const)('is refused to %s, with what to do', async (_, caller, asked, advice) => {
    expect(await rejectionOf(vended(caller, 100, asked))).toMatchObject({
      code: 'invalid-request',
      details: {
        detail: `This does not fit into one credential. ${advice}`,
        problems: [{ path: 'repositories', message: `names more than fits into one credential. ${advice}` }],
      },
    });
  });
});
