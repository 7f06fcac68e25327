import { describe, expect, it } from 'vitest';
import { PullpassError } from '../../lib/domain/errors.ts';
import type { Administrator, Identity } from '../../lib/domain/identity.ts';
import { Secret } from '../../lib/domain/secret.ts';
import type { Presented } from '../../lib/http/exchange.ts';
import { identifier } from '../../lib/http/identify.ts';
import { rejectionOf } from '../support/errors.ts';
import { ACCOUNT, NOW } from '../support/records.ts';

const ALICE: Identity = {
  kind: 'iambearer',
  issuer: 'dev',
  account: ACCOUNT,
  subject: 'dev:alice',
  strength: 'strong',
  expiresAt: NOW + 60,
};
const secret = new Secret('x');
const BEARER: Presented = { kind: 'iambearer', secret };

interface Setting {
  readonly identity?: Partial<Identity>;
  readonly administrators?: readonly Administrator[];
  readonly weakManagement?: boolean;
}

function identifies({ identity = {}, administrators, weakManagement = false }: Setting = {}) {
  return identifier({
    verifier: { identify: async () => ({ ...ALICE, ...identity }) },
    administrators: administrators ?? [{ account: ALICE.account, subject: ALICE.subject }],
    weakManagement,
    clock: () => NOW * 1000,
  });
}

describe('whoever calls a management route', () => {
  it('is an administrator of the configuration, with a strong proof', async () => {
    expect(await identifies()(BEARER, 'administrator')).toEqual(ALICE);
  });

  it.each<[string, Setting]>([
    ['another subject', { identity: { subject: 'dev:bob' } }],
    ['the same subject of another account', { identity: { account: 'dev:rival' } }],
    ['the same names of another issuer', { identity: { account: 'ibm:acme', subject: 'ibm:alice' } }],
    ['anybody when there are no administrators', { administrators: [] }],
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
    expect((await identifies(weak)(BEARER, 'administrator'))?.strength).toBe('weak');
  });

  it.each<Presented>([{ kind: 'anonymous' }, { kind: 'token', secret }])(
    'shows a proof of an IAM, and not %o',
    async presented => {
      expect((await rejectionOf(identifies()(presented, 'administrator'))).code).toBe('unauthenticated');
    },
  );

  it('is nobody as long as the IAM cannot say', async () => {
    const identify = identifier({
      verifier: { identify: () => Promise.reject(new PullpassError('unavailable')) },
      administrators: [{ account: ALICE.account, subject: ALICE.subject }],
      weakManagement: true,
      clock: Date.now,
    });
    expect((await rejectionOf(identify(BEARER, 'administrator'))).code).toBe('unavailable');
  });
});

describe('whoever logs in', () => {
  it('may be any identity that the IAM vouches for', async () => {
    const stranger = { identity: { subject: 'dev:x', strength: 'weak' } } as const;
    expect((await identifies(stranger)(BEARER, 'login'))?.subject).toBe('dev:x');
  });

  it.each<Presented>([{ kind: 'anonymous' }, { kind: 'token', secret }])(
    'is not asked after at the IAM for %o',
    async presented => {
      expect(await identifies()(presented, 'login')).toBeUndefined();
    },
  );
});
