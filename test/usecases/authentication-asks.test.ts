/** What an authentication asks its ports, and what the caller and the log read of one that is refused. */
import { describe, expect, it } from 'vitest';
import type { PullpassError } from '../../lib/domain/errors.ts';
import type { Identity } from '../../lib/domain/identity.ts';
import {
  ANONYMOUS,
  type Credentials,
  loginContext,
  type SecretCredentials,
} from '../../lib/domain/principal.ts';
import { Secret } from '../../lib/domain/secret.ts';
import type { Workload } from '../../lib/domain/trust.ts';
import {
  authenticateLogin,
  authenticateManager,
  authenticateVend,
  type ManagementRequirement,
  type VendAuthenticationPorts,
} from '../../lib/usecases/authenticate.ts';
import { rejectionOf } from '../support/errors.ts';
import { ACCOUNT, NOW } from '../support/records.ts';

const NOW_MS = NOW * 1000 + 1;
const SECRET = new Secret('x');
const ALICE: Identity = {
  ...{ kind: 'awsiam', issuer: 'dev', account: ACCOUNT, subject: 'dev:alice', strength: 'strong' },
  ...{ expiresAt: NOW + 60, nonce: null },
};
const WORKLOAD: Workload = {
  ...{
    issuer: 'github',
    platform: 'github',
    handle: 'h',
    subject: 'github:repo',
    claims: {},
    expiresAt: NOW + 60,
  },
};

const presenting = (
  userName: SecretCredentials['userName'],
  format?: SecretCredentials['format'],
): Credentials => ({
  ...{ userName, secret: SECRET, format, sourceAddress: '192.0.2.1' },
});

/** The three authentications of one process, and what they have asked. */
function world(identity: Partial<Identity> = {}, isAdministrator = true) {
  const asked: [string, ...unknown[]][] = [];
  const ask =
    <T>(name: string, answer: T) =>
    async (...args: unknown[]): Promise<T> => {
      asked.push([name, ...args]);
      return answer;
    };
  const ports: VendAuthenticationPorts & { readonly weakManagement: boolean } = {
    identities: { identify: ask('identify', { ...ALICE, ...identity }) },
    workloads: { verify: ask('verify', WORKLOAD) },
    policies: { list: ask('policies', []) },
    trusts: { list: ask('trusts', []) },
    nonces: { consume: ask('consume', true) },
    store: {
      read: ask('read', { token: undefined, removed: false, revoked: false, claims: [] }),
      touch: ask('touch', undefined),
    },
    issuers: new Set(['dev', 'github']),
    credentialKeys: { current: ask('current', 'k1'), mac: ask('mac', undefined) },
    administrators: isAdministrator ? [{ account: ACCOUNT, subject: 'dev:alice' }] : [],
    weakManagement: true,
    clock: () => NOW_MS,
  };
  return {
    asked,
    manage: (credentials: Credentials, required: ManagementRequirement = 'administrator') =>
      authenticateManager(ports, credentials, required),
    login: (credentials: Credentials) => authenticateLogin(ports, credentials, loginContext('s', [])),
    vend: (credentials: Credentials) => authenticateVend(ports, credentials),
  };
}

const IDENTIFIED = ['identify', { kind: 'awsiam', secret: SECRET, sourceAddress: '192.0.2.1' }, NOW_MS];

describe('an authentication', () => {
  it.each(['manage', 'login', 'vend'] as const)(
    'asks the issuer once with all that was presented, and for the policies of the caller: %s',
    async act => {
      const { asked, ...world_ } = world();
      await world_[act](presenting('awsiam'), 'identity');
      const policies = ['policies', expect.any(String), { subject: ['*', 'dev:alice'] }];
      expect(asked).toEqual([IDENTIFIED, policies]);
    },
  );

  it('of an administrator of the configuration who manages asks for no policies', async () => {
    const { asked, manage } = world();
    await manage(presenting('awsiam'));
    expect(asked).toEqual([IDENTIFIED]);
  });

  it('of a workload asks for the trusts of its issuer', async () => {
    const { asked, login } = world();
    await login(presenting('oidc'));
    expect(asked).toEqual([
      ['verify', SECRET, NOW_MS],
      ['trusts', 'h', { issuer: ['github'] }],
    ]);
  });

  it.each([
    [NOW + 60, NOW + 60],
    [null, NOW + 1],
  ])('marks an assertion as used until it ends, or now: %s', async (expiresAt, until) => {
    for (const act of ['manage', 'vend'] as const) {
      const { asked, ...world_ } = world({ nonce: 'mark', expiresAt });
      await world_[act](presenting('awsiam'));
      expect(asked.at(-1)).toEqual(['consume', 'mark', until]);
    }
  });
});

describe('a refused authentication', () => {
  const misplaced = (reason: string, detail: string) => ({
    ...{ code: 'unauthenticated', details: { reason, denial: 'misplaced', detail } },
  });

  it.each(['token', 'iambearer', 'iamapikey', 'oidc'] as const)(
    'of a secret of registries that manages says so, and no issuer is asked: as %s',
    async userName => {
      const { asked, manage } = world();
      for (const format of ['a registry token', 'a credential'] as const) {
        expect(await rejectionOf(manage(presenting(userName, format)))).toMatchObject({
          code: 'not-an-administrator-credential',
          details: { reason: `${userName} with ${format} cannot manage` },
        });
      }
      expect(asked).toEqual([]);
    },
  );

  it('of a user name for logins that manages names those that may', async () => {
    const { manage } = world();
    for (const userName of ['token', 'oidc'] as const) {
      const detail = `The user name ${userName} is for logins; manage with iamapikey, iambearer, iamrefresh or awsiam.`;
      const expected = misplaced(`${userName} cannot manage`, detail);
      expect(await rejectionOf(manage(presenting(userName)))).toMatchObject(expected);
    }
  });

  it('of a secret in the wrong place says what is not taken', async () => {
    const { asked, ...world_ } = world();
    const credentials = presenting('iamapikey', 'a signed token');
    const detail = 'The user name iamapikey does not take a signed token.';
    for (const act of ['manage', 'login', 'vend'] as const) {
      const error: PullpassError = await rejectionOf(world_[act](credentials));
      expect(error).toMatchObject(misplaced('iamapikey with a signed token', detail));
    }
    expect(asked).toEqual([]);
  });

  it('of a credential that vends says what to use', async () => {
    const detail =
      'A credential cannot vend another; use the registry token or the identity that it came from.';
    const error = await rejectionOf(world().vend(presenting('token', 'a credential')));
    expect(error).toMatchObject(misplaced('nothing is vended from a credential', detail));
  });

  it('of a caller without a role names it in the log', async () => {
    const error = await rejectionOf(world({}, false).manage(presenting('awsiam')));
    expect([error.code, error.details]).toEqual([
      'forbidden',
      { reason: 'dev:alice of dev:acme has no role administrator' },
    ]);
  });

  it('of a weak assertion says which are strong', async () => {
    const { manage } = world({ strength: 'weak' });
    const error = await rejectionOf(manage(presenting('iambearer'), 'strong-administrator'));
    expect([error.code, error.details.detail]).toEqual([
      'forbidden',
      'This proof can be replayed by other services; use an API key, or a token made for this audience.',
    ]);
  });

  it.each(['manage', 'vend'] as const)('without credentials asks no issuer: %s', async act => {
    const { asked, login, ...world_ } = world();
    const error = await rejectionOf(world_[act]({ userName: 'anonymous' }));
    expect([error.code, error.details.denial]).toEqual(['unauthenticated', 'no-secret']);
    expect(await login({ userName: 'anonymous' })).toBe(ANONYMOUS);
    expect(asked).toEqual([]);
  });
});
