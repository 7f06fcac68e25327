/** Who is authenticated by which secret, for management, logins and credentials. */
import { describe, expect, it } from 'vitest';
import { PullpassError } from '../../lib/domain/errors.ts';
import type { Administrator, Identity } from '../../lib/domain/identity.ts';
import type { Policy } from '../../lib/domain/policy.ts';
import type { Credentials, Principal, SecretCredentials } from '../../lib/domain/principal.ts';
import { ANONYMOUS, loginContext, longLoginContext } from '../../lib/domain/principal.ts';
import { Secret, secretFormatOf } from '../../lib/domain/secret.ts';
import type { Workload } from '../../lib/domain/trust.ts';
import type { LoginQuery } from '../../lib/ports/stores.ts';
import {
  authenticateLogin,
  authenticateManager,
  authenticateVend,
  type ManagementRequirement,
  type VendAuthenticationPorts,
} from '../../lib/usecases/authenticate.ts';
import { addToken } from '../../lib/usecases/issue-token.ts';
import { rejectionOf } from '../support/errors.ts';
import { actorOf, worldOn } from '../support/memory-ports.ts';
import { ACCOUNT, NOW, pullsOf } from '../support/records.ts';

const ALICE: Identity = {
  kind: 'iambearer',
  issuer: 'dev',
  account: ACCOUNT,
  subject: 'dev:alice',
  strength: 'strong',
  expiresAt: NOW + 60,
  nonce: null,
};
const WORKLOAD: Workload = {
  issuer: 'github',
  platform: 'github',
  handle: '0123456789abcdef',
  subject: 'github:repo',
  claims: {},
  expiresAt: NOW + 60,
};
const secret = new Secret('x');
const presenting = (userName: SecretCredentials['userName']): Credentials => ({
  userName,
  secret,
  format: undefined,
});
const BEARER = presenting('iambearer');
const CONFIGURED: Administrator[] = [{ account: ALICE.account, subject: ALICE.subject }];

interface Setting {
  readonly identity?: Partial<Identity>;
  readonly administrators?: readonly Administrator[];
  readonly policies?: readonly Partial<Policy>[];
  readonly weakManagement?: boolean;
}

type Required = ManagementRequirement | 'login' | 'vend';
type Ports = VendAuthenticationPorts & { readonly weakManagement: boolean };

const unexpected = () => Promise.reject(new Error('must not be asked'));

function portsOf({
  identity = {},
  administrators,
  policies = [],
  weakManagement = false,
}: Setting = {}): Ports {
  const consumed = new Set<string>();
  return {
    identities: { identify: async () => ({ ...ALICE, ...identity }) },
    workloads: { verify: async () => WORKLOAD },
    policies: { list: async () => policies.map(aPolicy) },
    trusts: { list: async () => [] },
    store: { read: unexpected, touch: unexpected },
    issuers: new Set(['dev', 'github']),
    credentialKeys: { current: unexpected, mac: unexpected },
    nonces: { consume: async mark => !consumed.has(mark) && consumed.add(mark).size > 0 },
    administrators: administrators ?? CONFIGURED,
    weakManagement,
    clock: () => NOW * 1000,
  };
}

/** The authentication of a process, as a route requires it. */
function authenticating(setting: Setting = {}, changes: Partial<Ports> = {}) {
  const ports = { ...portsOf(setting), ...changes };
  return (credentials: Credentials, required: Required): Promise<Principal> => {
    if (required === 'vend') return authenticateVend(ports, credentials);
    if (required !== 'login') return authenticateManager(ports, credentials, required);
    return authenticateLogin(ports, credentials, loginContext('registry', []));
  };
}

function aPolicy(overrides: Partial<Policy>): Policy {
  return {
    account: ACCOUNT,
    id: 'p',
    subject: ALICE.subject,
    role: 'administrator',
    repositories: null,
    createdAt: NOW,
    createdBy: ALICE.subject,
    ...overrides,
  };
}

describe('a management request', () => {
  it('is allowed to an administrator of the configuration, with a strong assertion', async () => {
    expect(await authenticating()(BEARER, 'administrator')).toMatchObject({
      kind: 'identity',
      userName: 'iambearer',
      account: ALICE.account,
      subject: ALICE.subject,
      identity: ALICE,
      roles: [{ role: 'administrator', repositories: null, source: 'configuration' }],
    });
  });

  it('is allowed to an administrator by a policy of the account', async () => {
    const setting: Setting = { administrators: [], policies: [{}] };
    expect(await authenticating(setting)(BEARER, 'administrator')).toMatchObject({
      roles: [{ role: 'administrator', repositories: null, source: { policy: 'p' } }],
    });
  });

  it.each<[string, Setting]>([
    ['another subject', { identity: { subject: 'dev:bob' } }],
    ['the same subject of another account', { identity: { account: 'dev:rival' } }],
    ['the same names of another issuer', { identity: { account: 'ibm:acme', subject: 'ibm:alice' } }],
    ['everyone when there are no administrators', { administrators: [] }],
    ['a manager', { administrators: [], policies: [{ role: 'manager' }] }],
    [
      'an administrator of some repositories',
      { administrators: [], policies: [{ repositories: ['team-a/*'] }] },
    ],
    [
      'an administrator by the policy of another account',
      { administrators: [], policies: [{ account: 'dev:rival' }] },
    ],
    [
      'an administrator by the policy of another subject',
      { administrators: [], policies: [{ subject: 'dev:bob' }] },
    ],
    ['a weak assertion', { identity: { strength: 'weak' } }],
    [
      'a weak assertion of a stranger, where weak ones may manage',
      { identity: { strength: 'weak', subject: 'dev:x' }, weakManagement: true },
    ],
  ])('is forbidden to %s', async (_, setting) => {
    expect((await rejectionOf(authenticating(setting)(BEARER, 'administrator'))).code).toBe('forbidden');
  });

  it('takes a weak assertion only where the operator allows it', async () => {
    const weak: Setting = { identity: { strength: 'weak' }, weakManagement: true };
    expect(await authenticating(weak)(BEARER, 'administrator')).toMatchObject({
      identity: { strength: 'weak' },
    });
  });

  it('that reads values or changes rules takes no weak assertion even there', async () => {
    const weak: Setting = { identity: { strength: 'weak' }, weakManagement: true };
    expect((await rejectionOf(authenticating(weak)(BEARER, 'strong-administrator'))).code).toBe('forbidden');
    expect(await authenticating()(BEARER, 'strong-administrator')).toMatchObject({ identity: ALICE });
  });

  it.each<Required>(['administrator', 'strong-administrator', 'identity', 'vend'])(
    'for %s takes an assertion with a nonce once',
    async required => {
      const authenticate = authenticating({ identity: { kind: 'awsiam', nonce: 'mark' } });
      await authenticate(presenting('awsiam'), required);
      const again = await rejectionOf(authenticate(presenting('awsiam'), required));
      expect([again.code, again.details.reason]).toEqual([
        'unauthenticated',
        'the assertion was used before',
      ]);
    },
  );

  it.each<Required>(['administrator', 'strong-administrator', 'identity', 'vend'])(
    'for %s writes nothing for a caller without a role',
    async required => {
      let writes = 0;
      const nonces = { consume: async () => ++writes > 0 };
      const stranger: Setting = { identity: { kind: 'awsiam', nonce: 'mark' }, administrators: [] };
      const outcome = await authenticating(stranger, { nonces })(presenting('awsiam'), required).catch(
        (error: PullpassError) => error.code,
      );
      expect(outcome === 'forbidden').toBe(required.endsWith('administrator'));
      expect(writes).toBe(0);
    },
  );

  it.each([{ userName: 'anonymous' } as const, presenting('token'), presenting('oidc')])(
    'refuses $userName as unauthenticated',
    async credentials => {
      for (const required of ['administrator', 'strong-administrator', 'identity'] as const) {
        expect((await rejectionOf(authenticating()(credentials, required))).code).toBe('unauthenticated');
      }
    },
  );

  it.each(['administrator', 'strong-administrator'] as const)(
    'by an administrator of the configuration reads no policies: %s',
    async required => {
      const authenticate = authenticating({}, { policies: { list: unexpected } });
      expect(await authenticate(BEARER, required)).toMatchObject({ roles: [{ source: 'configuration' }] });
    },
  );

  it('for the identity of the caller shows policies beside the configuration', async () => {
    const authenticate = authenticating({ policies: [{ role: 'reader' }] });
    const roles = [{ source: 'configuration' }, { role: 'reader', source: { policy: 'p' } }];
    expect(await authenticate(BEARER, 'identity')).toMatchObject({ roles });
  });

  it('for the identity of the caller needs no role', async () => {
    expect(await authenticating({ administrators: [] })(BEARER, 'identity')).toMatchObject({ roles: [] });
  });

  it.each(['identities', 'policies', 'nonces'] as const)(
    'is unavailable while %s cannot answer',
    async part => {
      const silent = () => Promise.reject(new PullpassError('unavailable'));
      const broken = {
        identities: { identify: silent },
        policies: { list: silent },
        nonces: { consume: silent },
      };
      const setting: Setting = { identity: { nonce: 'mark' }, administrators: [], policies: [{}] };
      const authenticate = authenticating(setting, { [part]: broken[part] });
      expect((await rejectionOf(authenticate(BEARER, 'administrator'))).code).toBe('unavailable');
    },
  );
});

describe('a secret under the wrong user name', () => {
  const SECRETS = {
    'a registry token': `plp_${'0'.repeat(87)}`,
    'a credential': `plc_${'0'.repeat(87)}`,
    'a signed token': 'eyJhbGciOiJFUzI1NiJ9.e30.AA',
    'a presigned request': 'https://sts.amazonaws.com/?Action=GetCallerIdentity',
  } as const;
  const TAKEN = {
    token: ['a registry token', 'a credential'],
    iamapikey: [],
    iambearer: ['a signed token'],
    iamrefresh: ['a signed token'],
    awsiam: ['a presigned request'],
    oidc: ['a signed token'],
  } as const satisfies Record<string, readonly (keyof typeof SECRETS)[]>;
  const userNames = Object.keys(TAKEN) as (keyof typeof TAKEN)[];

  it.each(userNames)('is refused as misplaced before any issuer is asked: as %s', async userName => {
    let asked = 0;
    const counted = <T>(answer: T) => {
      asked++;
      return answer;
    };
    const authenticate = authenticating(
      {},
      {
        identities: { identify: async () => counted(ALICE) },
        workloads: { verify: async () => counted(WORKLOAD) },
      },
    );
    for (const [format, text] of Object.entries(SECRETS)) {
      const presented = { userName, secret: new Secret(text), format: secretFormatOf(new Secret(text)) };
      const outcome = authenticate(presented, 'login').catch((error: unknown) => error);
      const reason =
        (await outcome) instanceof PullpassError ? ((await outcome) as PullpassError).details.reason : '';
      const isTaken = (TAKEN[userName] as readonly string[]).includes(format);
      expect(reason === `${userName} with ${format}`).toBe(!isTaken);
    }
    expect(asked).toBe(userName === 'token' ? 0 : TAKEN[userName].length);
  });
});

describe('a login', () => {
  it('is open to any identity that the IAM vouches for', async () => {
    const stranger = { identity: { subject: 'dev:x', strength: 'weak' } } as const;
    expect(await authenticating(stranger)(BEARER, 'login')).toMatchObject({
      subject: 'dev:x',
      permissions: [],
    });
  });

  it('takes an assertion with a nonce again and again, as clients send it', async () => {
    const authenticate = authenticating({ identity: { kind: 'awsiam', nonce: 'mark' } });
    for (let i = 0; i < 3; i++) expect(await authenticate(presenting('awsiam'), 'login')).toBeDefined();
  });

  it('is open to a workload, which may do nothing without a trust', async () => {
    expect(await authenticating()(presenting('oidc'), 'login')).toMatchObject({
      kind: 'workload',
      subject: WORKLOAD.subject,
      accountHandle: WORKLOAD.handle,
      permissions: [],
    });
  });

  it('without credentials is anonymous, and no issuer is asked', async () => {
    const ports = { identities: { identify: unexpected }, policies: { list: unexpected } };
    expect(await authenticating({}, ports)({ userName: 'anonymous' }, 'login')).toBe(ANONYMOUS);
  });
});

describe('a vend', () => {
  it('is open to any identity that the IAM vouches for, with a weak assertion too', async () => {
    const stranger = { identity: { subject: 'dev:x', strength: 'weak' } } as const;
    expect(await authenticating(stranger)(BEARER, 'vend')).toMatchObject({ subject: 'dev:x' });
  });

  it('takes no assertion that has managed already', async () => {
    const authenticate = authenticating({ identity: { kind: 'awsiam', nonce: 'mark' } });
    await authenticate(presenting('awsiam'), 'identity');
    expect((await rejectionOf(authenticate(presenting('awsiam'), 'vend'))).code).toBe('unauthenticated');
  });

  it('is open to a workload', async () => {
    expect(await authenticating()(presenting('oidc'), 'vend')).toMatchObject({ kind: 'workload' });
  });

  it('refuses an anonymous caller', async () => {
    const { code, details } = await rejectionOf(authenticating()({ userName: 'anonymous' }, 'vend'));
    expect([code, details.denial]).toEqual(['unauthenticated', 'no-secret']);
  });

  it.each(['token', 'iambearer', 'iamapikey', 'iamrefresh', 'awsiam', 'oidc'] as const)(
    'refuses a credential as %s, before anything is read',
    async userName => {
      const credentials = { userName, secret: new Secret('plc_x'), format: 'a credential' } as const;
      const { code, details } = await rejectionOf(authenticating()(credentials, 'vend'));
      expect([code, details.denial]).toEqual(['unauthenticated', 'misplaced']);
    },
  );
});

describe('the reads of the store', () => {
  async function readsOf(
    required: 'login' | 'vend',
    userName: 'iambearer' | 'oidc' | 'token',
    namespaces: string[],
    long = false,
  ) {
    const world = worldOn();
    const { record, value } = await addToken(world.tokens, {
      actor: actorOf(),
      token: {
        access: 'pull',
        repositories: null,
        description: '',
        expiresInSeconds: null,
        retrievable: true,
      },
      idempotencyKey: undefined,
    });
    const reads: LoginQuery[] = [];
    const store = {
      ...world.logins.store,
      read: (query: LoginQuery) => {
        reads.push(query);
        return world.logins.store.read(query);
      },
    };
    const ports = { ...portsOf(), ...world.logins, ...pick(portsOf()), store };
    const credentials =
      userName === 'token'
        ? ({ userName, secret: value, format: 'a registry token' } as const)
        : presenting(userName);
    const requested = pullsOf(namespaces.map(name => `${name}/app`));
    const context = long
      ? longLoginContext('registry', () => requested)
      : loginContext('registry', requested);
    if (required === 'vend') await authenticateVend({ ...ports, nonces: portsOf().nonces }, credentials);
    else await authenticateLogin(ports, credentials, context);
    return { reads, id: record.id };
  }
  const pick = ({ identities, workloads, administrators }: Ports) => ({
    identities,
    workloads,
    administrators,
  });
  const names = (count: number) => Array.from({ length: count }, (_, i) => `team-${i}`);

  it('of a token login are one, for the token and the claims together', async () => {
    const { reads, id } = await readsOf('login', 'token', names(8));
    expect(reads).toMatchObject([{ token: { id }, namespaces: names(8) }]);
  });

  it('of a token login for more than eight namespaces are two: the rest once the secret is verified', async () => {
    const { reads } = await readsOf('login', 'token', names(10));
    expect(reads.map(({ namespaces }) => namespaces.length)).toEqual([8, 2]);
  });

  it('of a long token login are two: what it asks for is parsed once the secret is verified', async () => {
    const { reads, id } = await readsOf('login', 'token', names(2), true);
    expect(reads).toMatchObject([{ token: { id }, namespaces: [] }, { namespaces: names(2) }]);
  });

  it('of a token vend are one', async () => {
    expect((await readsOf('vend', 'token', [])).reads).toHaveLength(1);
  });

  it('of an identity with roles are one, for its claims', async () => {
    expect((await readsOf('login', 'iambearer', names(3))).reads).toHaveLength(1);
  });

  it.each(['iambearer', 'oidc'] as const)(
    'of %s without namespaces, or at a vend, are none',
    async userName => {
      expect((await readsOf('login', userName, [])).reads).toEqual([]);
      expect((await readsOf('vend', userName, [])).reads).toEqual([]);
    },
  );
});
