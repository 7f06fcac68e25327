import { describe, expect, it } from 'vitest';
import { PullpassError } from '../../lib/domain/errors.ts';
import type { Administrator, Identity } from '../../lib/domain/identity.ts';
import type { Policy } from '../../lib/domain/policy.ts';
import { Secret } from '../../lib/domain/secret.ts';
import type { Workload } from '../../lib/domain/trust.ts';
import { authenticator } from '../../lib/http/authenticate.ts';
import type { Authentication, Credentials } from '../../lib/http/request.ts';
import { rejectionOf } from '../support/errors.ts';
import { ACCOUNT, NOW } from '../support/records.ts';

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
  handle: '0123456789abcdef',
  subject: 'github:repo',
  claims: {},
  expiresAt: NOW + 60,
};
const secret = new Secret('x');
const BEARER: Credentials = { kind: 'iambearer', secret };
const CONFIGURED: Administrator[] = [{ account: ALICE.account, subject: ALICE.subject }];

interface Setting {
  readonly identity?: Partial<Identity>;
  readonly administrators?: readonly Administrator[];
  readonly policies?: readonly Partial<Policy>[];
  readonly weakManagement?: boolean;
}

function identifies({ identity = {}, administrators, policies = [], weakManagement = false }: Setting = {}) {
  const spent = new Set<string>();
  return authenticator({
    verifier: { identify: async () => ({ ...ALICE, ...identity }) },
    workloads: { verify: async () => WORKLOAD },
    policies: { list: async () => policies.map(aPolicy) },
    proofs: { consume: async mark => !spent.has(mark) && spent.add(mark).size > 0 },
    administrators: administrators ?? CONFIGURED,
    weakManagement,
    clock: () => NOW * 1000,
  });
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

describe('whoever calls a management route', () => {
  it('is an administrator of the configuration, with a strong proof', async () => {
    expect(await identifies()(BEARER, 'administrator')).toEqual({
      kind: 'identity',
      identity: ALICE,
      roles: [{ role: 'administrator', repositories: null, source: 'configuration' }],
    });
  });

  it('is an administrator by a policy of the account', async () => {
    const setting: Setting = { administrators: [], policies: [{}] };
    expect(await identifies(setting)(BEARER, 'administrator')).toMatchObject({
      roles: [{ role: 'administrator', repositories: null, source: { policy: 'p' } }],
    });
  });

  it.each<[string, Setting]>([
    ['another subject', { identity: { subject: 'dev:bob' } }],
    ['the same subject of another account', { identity: { account: 'dev:rival' } }],
    ['the same names of another issuer', { identity: { account: 'ibm:acme', subject: 'ibm:alice' } }],
    ['anybody when there are no administrators', { administrators: [] }],
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
      'an administrator by the policy for somebody else',
      { administrators: [], policies: [{ subject: 'dev:bob' }] },
    ],
    ['a proof that others could replay', { identity: { strength: 'weak' } }],
    [
      'a proof that others could replay, of a stranger',
      { identity: { strength: 'weak', subject: 'dev:x' }, weakManagement: true },
    ],
  ])('is forbidden to be %s', async (_, setting) => {
    const error = await rejectionOf(identifies(setting)(BEARER, 'administrator'));
    expect(error.code).toBe('forbidden');
  });

  it('may show a proof that others could replay only where the operator has written so', async () => {
    const weak: Setting = { identity: { strength: 'weak' }, weakManagement: true };
    expect(await identifies(weak)(BEARER, 'administrator')).toMatchObject({ identity: { strength: 'weak' } });
  });

  it('may not read values or change rules with it even there', async () => {
    const weak: Setting = { identity: { strength: 'weak' }, weakManagement: true };
    expect((await rejectionOf(identifies(weak)(BEARER, 'strong-administrator'))).code).toBe('forbidden');
    expect(await identifies()(BEARER, 'strong-administrator')).toMatchObject({ identity: ALICE });
  });

  it.each<Authentication>(['administrator', 'strong-administrator', 'identity'])(
    'uses a proof that could be sent again once for %s',
    async guard => {
      const identify = identifies({ identity: { kind: 'awsiam', nonce: 'mark' } });
      await identify({ kind: 'awsiam', secret }, guard);
      expect((await rejectionOf(identify({ kind: 'awsiam', secret }, guard))).code).toBe('unauthenticated');
    },
  );

  it.each<Credentials>([{ kind: 'anonymous' }, { kind: 'token', secret }, { kind: 'oidc', secret }])(
    'shows a proof of an IAM, and not %o',
    async presented => {
      for (const guard of ['administrator', 'strong-administrator', 'identity'] as const) {
        expect((await rejectionOf(identifies()(presented, guard))).code).toBe('unauthenticated');
      }
    },
  );

  it('needs no role to be told who it is', async () => {
    expect(await identifies({ administrators: [] })(BEARER, 'identity')).toMatchObject({ roles: [] });
  });

  it.each(['verifier', 'policies', 'proofs'] as const)(
    'is nobody as long as the %s cannot say',
    async part => {
      const silent = () => Promise.reject(new PullpassError('unavailable'));
      const parts = {
        verifier: { identify: async () => ({ ...ALICE, nonce: 'mark' }) },
        workloads: { verify: silent },
        policies: { list: async () => [] },
        proofs: { consume: async () => true },
        administrators: CONFIGURED,
        weakManagement: true,
        clock: Date.now,
      };
      const broken = {
        verifier: { identify: silent },
        policies: { list: silent },
        proofs: { consume: silent },
      };
      const identify = authenticator({ ...parts, [part]: broken[part] });
      expect((await rejectionOf(identify(BEARER, 'administrator'))).code).toBe('unavailable');
    },
  );
});

describe('a secret in the wrong place', () => {
  const LOOKS = {
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
  } as const satisfies Record<string, readonly (keyof typeof LOOKS)[]>;
  const kinds = Object.keys(TAKEN) as (keyof typeof TAKEN)[];

  it.each(kinds)('is refused before anybody is asked, and told in the log: as %s', async kind => {
    let asked = 0;
    const answering =
      <T>(answer: T) =>
      async () => {
        asked++;
        return answer;
      };
    const identify = authenticator({
      verifier: { identify: answering(ALICE) },
      workloads: { verify: answering(WORKLOAD) },
      policies: { list: async () => [] },
      proofs: null,
      administrators: CONFIGURED,
      weakManagement: false,
      clock: () => NOW * 1000,
    });
    for (const [look, text] of Object.entries(LOOKS)) {
      const present = identify({ kind, secret: new Secret(text) }, 'login');
      if ((TAKEN[kind] as readonly string[]).includes(look)) await present;
      else {
        const { code, details } = await rejectionOf(present);
        expect([code, details.reason]).toEqual(['unauthenticated', `${kind} with ${look}`]);
      }
    }
    expect(asked).toBe(kind === 'token' ? 0 : TAKEN[kind].length);
  });
});

describe('whoever logs in', () => {
  it('may be any identity that the IAM vouches for', async () => {
    const stranger = { identity: { subject: 'dev:x', strength: 'weak' } } as const;
    expect(await identifies(stranger)(BEARER, 'login')).toMatchObject({
      identity: { subject: 'dev:x' },
      roles: [],
    });
  });

  it('may send a proof again and again, as clients do', async () => {
    const identify = identifies({ identity: { kind: 'awsiam', nonce: 'mark' } });
    for (let i = 0; i < 3; i++) expect(await identify({ kind: 'awsiam', secret }, 'login')).toBeDefined();
  });

  it('may be a workload', async () => {
    expect(await identifies()({ kind: 'oidc', secret }, 'login')).toEqual({
      kind: 'workload',
      workload: WORKLOAD,
    });
  });

  it.each<Credentials>([{ kind: 'anonymous' }, { kind: 'token', secret }])(
    'is not asked after at the IAM for %o',
    async presented => {
      expect(await identifies()(presented, 'login')).toBeUndefined();
    },
  );
});

describe('whoever asks for a credential', () => {
  it('may be any identity that the IAM vouches for, with any proof', async () => {
    const stranger = { identity: { subject: 'dev:x', strength: 'weak' } } as const;
    expect(await identifies(stranger)(BEARER, 'vend')).toMatchObject({
      identity: { subject: 'dev:x' },
      roles: [],
    });
  });

  it('uses a proof that could be sent again once, for that and for managing', async () => {
    for (const guard of ['vend', 'identity'] as const) {
      const identify = identifies({ identity: { kind: 'awsiam', nonce: 'mark' } });
      await identify({ kind: 'awsiam', secret }, guard);
      const again = identify({ kind: 'awsiam', secret }, 'vend');
      expect((await rejectionOf(again)).code).toBe('unauthenticated');
    }
  });

  it('may be a workload, or whoever holds a registry token, who is judged later', async () => {
    const workload = await identifies()({ kind: 'oidc', secret }, 'vend');
    expect(workload).toEqual({ kind: 'workload', workload: WORKLOAD });
    expect(await identifies()({ kind: 'token', secret }, 'vend')).toBeUndefined();
  });

  it('is not nobody', async () => {
    const error = await rejectionOf(identifies()({ kind: 'anonymous' }, 'vend'));
    expect([error.code, error.details.reason]).toEqual(['unauthenticated', 'anonymous is no IAM proof']);
  });

  it.each([
    ['token', false],
    ['iambearer', true],
    ['iamapikey', true],
    ['iamrefresh', true],
    ['awsiam', true],
    ['oidc', true],
  ] as const)('shows no credential as %s, told here: %s', async (kind, isToldHere) => {
    const presented = { kind, secret: new Secret(`plc_${'0'.repeat(87)}`) };
    const outcome = await identifies()(presented, 'vend').then(
      () => false,
      () => true,
    );
    expect(outcome).toBe(isToldHere);
  });
});
