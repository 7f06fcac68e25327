/** Credentials whose patterns do not fit into a list: they give what their parent had and still has, and no more. */
import { beforeEach, describe, expect, it } from 'vitest';
import { parseScopes } from '../../lib/domain/access.ts';
import { MAX_CREDENTIAL_LENGTH, parseCredential, readCredentialBody } from '../../lib/domain/credential.ts';
import { accountHandle } from '../../lib/domain/identifiers.ts';
import type { Policy, Role } from '../../lib/domain/policy.ts';
import { loginContext, type Principal } from '../../lib/domain/principal.ts';
import type { Trust } from '../../lib/domain/trust.ts';
import { addToken } from '../../lib/usecases/issue-token.ts';
import { logIn } from '../../lib/usecases/log-in.ts';
import { addRule, registerNamespace, removeRule } from '../../lib/usecases/manage-account.ts';
import { changeToken } from '../../lib/usecases/manage-tokens.ts';
import { identityPrincipal } from '../../lib/usecases/principal.ts';
import { type Vended, vendCredential } from '../../lib/usecases/vend-credential.ts';
import { workloadPrincipal } from '../../lib/usecases/workload-principal.ts';
import { identityOf } from '../support/credential-chains.ts';
import { actorOf, principalWith, type World, worldOn } from '../support/memory-ports.ts';
import { ACCOUNT, SERVICE } from '../support/records.ts';

const LONG = 'x'.repeat(60);

let world: World;
beforeEach(async () => {
  world = worldOn();
  await registerNamespace(world.namespaces, actorOf(), 'team');
});

const patterns = (count: number, name = LONG) => Array.from({ length: count }, (_, i) => `team/${name}-${i}`);

function vend(principal: Principal, request: Partial<Parameters<typeof vendCredential>[1]> = {}) {
  const wanted = { service: SERVICE, access: 'push', repositories: null, expiresInSeconds: 600 } as const;
  return vendCredential(world.logins, { ...wanted, principal, ...request });
}

/** What the credential is granted, of these scopes. */
async function granted({ password }: Vended, ...scopes: string[]): Promise<string[]> {
  const requested = parseScopes(scopes.map(scope => `repository:${scope}`));
  const principal = await principalWith(world.logins, password, loginContext(SERVICE.name, requested));
  const login = await logIn(world.logins, { principal, service: SERVICE, requested });
  return login.granted.map(({ name, actions }) => `${name}:${actions.join(',')}`);
}

const bodyOf = ({ password }: Vended) => readCredentialBody(parseCredential(password)?.body ?? '');

describe('a credential of a token with 32 long patterns', () => {
  const REPOSITORIES = [...patterns(30), 'team/web/*', 'team/app'];
  const [FIRST = ''] = REPOSITORIES;
  const tokenWith = async (repositories: string[] | null) => {
    const token = { access: 'push', repositories, description: '' } as const;
    const request = { ...token, expiresInSeconds: null, retrievable: false };
    const { record, value } = await addToken(world.tokens, {
      actor: actorOf(),
      token: request,
      idempotencyKey: undefined,
    });
    const change = (repositories: string[] | null) =>
      changeToken(world.tokens, { actor: actorOf(), id: record.id, change: { repositories } });
    return { principal: await principalWith(world.logins, value), change };
  };

  it('is for all of them and nothing else, and says which', async () => {
    const { principal } = await tokenWith(REPOSITORIES);
    const vended = await vend(principal);
    expect(vended.repositories).toEqual(REPOSITORIES);
    expect(vended.password.reveal().length).toBeLessThanOrEqual(MAX_CREDENTIAL_LENGTH);
    expect(bodyOf(vended)?.repositories).toEqual({ digests: expect.any(String) });
    const scopes = [...REPOSITORIES.slice(0, 30), 'team/web/ui', 'team/app'].map(name => `${name}:pull,push`);
    expect(await granted(vended, ...scopes)).toEqual(scopes);
    const others = ['team/web', 'team/other', 'team/app/x', `${FIRST}0`, 'team/webs/ui'];
    expect(await granted(vended, ...others.map(name => `${name}:pull`))).toEqual([]);
  });

  it('is not widened with the token, and narrowed with it', async () => {
    const { principal, change } = await tokenWith(REPOSITORIES);
    const vended = await vend(principal);
    await change(null);
    expect(await granted(vended, 'team/other:pull', 'team/app:pull')).toEqual(['team/app:pull']);
    await change(['team/web/ui', 'team/other']);
    expect(await granted(vended, 'team/other:pull', 'team/app:pull', 'team/web/ui:pull')).toEqual([
      'team/web/ui:pull',
    ]);
    await change(['team/*']);
    expect(await granted(vended, 'team/other:pull', `${FIRST}:*`)).toEqual([`${FIRST}:pull,push`]);
  });

  it('may be asked for in 32 patterns, of a token without bounds', async () => {
    const { principal } = await tokenWith(null);
    const vended = await vend(principal, { access: 'pull', repositories: REPOSITORIES });
    expect(await granted(vended, 'team/other:pull', 'team/app:*')).toEqual(['team/app:pull']);
  });

  it('is listed where the list fits, so that it can be read', async () => {
    const { principal } = await tokenWith(['team/app', 'team/web/*']);
    expect(bodyOf(await vend(principal))?.repositories).toEqual(['team/app', 'team/web/*']);
  });
});

describe('a credential of an identity with 128 patterns', () => {
  const addPolicy = (role: Role, repositories: string[] | null) => {
    const ports = { ...world.tokens, rules: world.stores.policies, word: 'policy' } as const;
    const facts = { subject: 'dev:alice', role, repositories } as const;
    return addRule<Policy>(ports, actorOf(), rule => ({ ...rule, ...facts }));
  };
  const alice = () => identityPrincipal(world.logins, identityOf('iamapikey', world.now + 60), world.now);
  const ofMany = async () => {
    const policies = [];
    for (const name of ['a', 'b', 'c']) policies.push(await addPolicy('writer', patterns(32, LONG + name)));
    policies.push(await addPolicy('reader', patterns(32, 'base')));
    return { policies, vended: await vend(await alice()) };
  };
  const ASKED = [`team/${LONG}a-0:*`, 'team/base-7:*', 'team/other:*'];

  it('gives what each policy gives', async () => {
    const { vended } = await ofMany();
    expect(vended.repositories).toHaveLength(96);
    expect(vended.alsoPull).toHaveLength(32);
    expect(await granted(vended, ...ASKED)).toEqual([`team/${LONG}a-0:pull,push`, 'team/base-7:pull']);
    const pull = await vend(await alice(), { access: 'pull' });
    expect(await granted(pull, ...ASKED)).toEqual([`team/${LONG}a-0:pull`, 'team/base-7:pull']);
  });

  it('gets nothing of policies that are added later, or of the configuration', async () => {
    const { vended } = await ofMany();
    const before = await granted(vended, ...ASKED);
    await addPolicy('manager', null);
    expect(await granted(vended, ...ASKED)).toEqual(before);
    Object.assign(world.logins, { administrators: [{ account: ACCOUNT, subject: 'dev:alice' }] });
    expect(await granted(vended, ...ASKED)).toEqual(before);
  });

  it('loses what a removed policy gave', async () => {
    const { vended, policies } = await ofMany();
    const ports = { ...world.tokens, rules: world.stores.policies, word: 'policy' } as const;
    await removeRule(ports, actorOf(), policies[0]?.id ?? '');
    expect(await granted(vended, ...ASKED)).toEqual(['team/base-7:pull']);
    for (const { id } of policies.slice(1)) await removeRule(ports, actorOf(), id);
    expect(await granted(vended, ...ASKED)).toEqual([]);
  });

  it('is refused with what to do when there are too many policies', async () => {
    for (let i = 0; i < 50; i++) await addPolicy('writer', patterns(2, `${LONG}${i}`));
    const error = await vend(await alice()).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'invalid-request',
      details: {
        detail:
          'This does not fit into one credential. Name the repositories that it is for, or let fewer policies or trusts match the caller.',
        problems: [{ path: 'repositories' }],
      },
    });
    expect((await vend(await alice(), { repositories: patterns(2, `${LONG}0`) })).repositories).toHaveLength(
      2,
    );
  });
});

describe('a credential of a workload with 96 patterns', () => {
  const addTrust = (repositories: string[] | null) => {
    const ports = { ...world.tokens, rules: world.stores.trusts, word: 'trust' } as const;
    const facts = {
      issuer: 'github',
      claims: { repository_id: '74' },
      access: 'push',
      repositories,
      networks: null,
      lifetimeSeconds: 3600,
    } as const;
    return addRule<Trust>(ports, actorOf(), rule => ({ ...rule, ...facts }));
  };
  const workload = () => {
    const handle = accountHandle(ACCOUNT);
    const claims = { repository_id: '74' };
    const facts = {
      issuer: 'github',
      platform: 'github',
      handle,
      subject: 'github:repo:octo/app',
      claims,
    } as const;
    const moment = { now: world.now, sourceAddress: undefined };
    return workloadPrincipal(world.logins, { ...facts, expiresAt: world.now + 300 }, moment);
  };

  it('names 30 trusts by their digests, and gives nothing of others', async () => {
    const trusts = [];
    for (let i = 0; i < 30; i++) trusts.push(await addTrust([`team/app-${i}`]));
    const scopes = [0, 7, 29].map(i => `team/app-${i}:pull`);
    const repositories = ['team/app-0', 'team/app-7', 'team/app-29'];
    const [vended, asked] = [await vend(await workload()), await vend(await workload(), { repositories })];
    await addTrust(null);
    for (const each of [vended, asked]) {
      expect(bodyOf(each)?.parent).toMatchObject({ kind: 'trust', ids: { digests: expect.any(String) } });
      expect(await granted(each, ...scopes, 'team/other:pull')).toEqual(scopes);
    }
    const ports = { ...world.tokens, rules: world.stores.trusts, word: 'trust' } as const;
    await removeRule(ports, actorOf(), trusts[7]?.id ?? '');
    for (const each of [vended, asked]) {
      expect(await granted(each, ...scopes)).toEqual(['team/app-0:pull', 'team/app-29:pull']);
    }
    for (const { id } of trusts) await removeRule(ports, actorOf(), id).catch(() => undefined);
    await expect(granted(vended, ...scopes)).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  it('gives what its trusts give, nothing of later ones, and loses what a removed one gave', async () => {
    const trusts = [];
    for (const name of ['a', 'b', 'c']) trusts.push(await addTrust(patterns(32, LONG + name)));
    const vended = await vend(await workload());
    expect(bodyOf(vended)?.repositories).toBeNull();
    await addTrust(null);
    const asked = ['a', 'b', 'c'].map(name => `team/${LONG}${name}-9:pull`);
    expect(await granted(vended, ...asked, 'team/other:pull')).toEqual(asked);
    const ports = { ...world.tokens, rules: world.stores.trusts, word: 'trust' } as const;
    await removeRule(ports, actorOf(), trusts[0]?.id ?? '');
    expect(await granted(vended, ...asked)).toEqual(asked.slice(1));
  });
});
