/** The one place where callers are authenticated by their IAM or build platform, for management and logins alike. */

import { accountHandle } from '../domain/account.ts';
import { PullpassError, unauthenticated } from '../domain/errors.ts';
import type { Administrator, Identity } from '../domain/identity.ts';
import { type HeldRole, mayAdminister, type Policy, rolesOf } from '../domain/policy.ts';
import { type SecretFormat, secretFormatOf } from '../domain/secret.ts';
import type { IdentityVerifier, WorkloadVerifier } from '../ports/iam.ts';
import type { NonceStore, RuleStore } from '../ports/stores.ts';
import type { Clock } from '../ports/system.ts';
import type { Authentication, Credentials, Handler, IdentityRequest, Recognised } from './request.ts';

export function forIdentities(operation: Handler<IdentityRequest>): Handler {
  return call => {
    const { recognised } = call;
    if (recognised?.kind !== 'identity') throw unauthenticated('no identity');
    const { identity, roles } = recognised;
    return operation({ ...call, identity, roles });
  };
}

export interface AuthenticatorOptions {
  readonly verifier: IdentityVerifier;
  readonly workloads: WorkloadVerifier;
  readonly policies: Pick<RuleStore<Policy>, 'list'>;
  /** Null where no route takes a proof that may be used once only: such a one is refused. */
  readonly proofs: NonceStore | null;
  readonly administrators: readonly Administrator[];
  /** Whether the operator lets replayable proofs manage (`PULLPASS_WEAK_MANAGEMENT`). */
  readonly weakManagement: boolean;
  readonly clock: Clock;
}

/** What each user name takes, of all that can be told by its looks. An IAM may sign its refresh tokens, or not. */
const TAKES: Record<Exclude<Credentials['kind'], 'anonymous'>, readonly SecretFormat[]> = {
  token: ['a registry token', 'a credential'],
  iamapikey: [],
  iambearer: ['a signed token'],
  iamrefresh: ['a signed token'],
  awsiam: ['a presigned request'],
  oidc: ['a signed token'],
};

/** Who presented that, if the guard lets them pass; undefined for what needs no recognition here. */
export type Authenticate = (presented: Credentials, guard: Authentication) => Promise<Recognised | undefined>;

export function authenticator(recognition: AuthenticatorOptions): Authenticate {
  const { verifier, workloads, policies, administrators, clock } = recognition;
  return async (presented, guard) => {
    demandItsKind(presented);
    if (presented.kind === 'anonymous' || presented.kind === 'token' || presented.kind === 'oidc') {
      const isTaken = guard === 'login' || (guard === 'vend' && presented.kind !== 'anonymous');
      if (!isTaken)
        throw unauthenticated(
          `${presented.kind} is no IAM proof`,
          presented.kind === 'anonymous' ? 'no-secret' : 'misplaced',
        );
      if (presented.kind !== 'oidc') return undefined;
      return { kind: 'workload', workload: await workloads.verify(presented.secret, clock()) };
    }
    const identity = await verifier.identify({ kind: presented.kind, secret: presented.secret }, clock());
    if (guard !== 'login') await demandProof(identity, guard, recognition);
    const roles = rolesOf(identity, administrators, await policies.list(accountHandle(identity.account)));
    if (guard === 'administrator' || guard === 'strong-administrator') demandAdministrator(identity, roles);
    return { kind: 'identity', identity, roles };
  };
}

/** A secret in the wrong place goes nowhere: least of all one of ours to an issuer, as if it were an API key. */
function demandItsKind(presented: Credentials): void {
  if (presented.kind === 'anonymous') return;
  const appearance = secretFormatOf(presented.secret);
  if (appearance === undefined || TAKES[presented.kind].includes(appearance)) return;
  throw unauthenticated(`${presented.kind} with ${appearance}`, 'misplaced');
}

/**
 * Management takes no proof that another service could have sent in the caller's place; a credential gives no more than
 * a login with the same proof. Neither takes one again that whoever reads a log could have sent.
 */
async function demandProof(
  identity: Identity,
  guard: Authentication,
  { weakManagement, proofs, clock }: AuthenticatorOptions,
): Promise<void> {
  const isWeak = identity.strength === 'weak' && guard !== 'vend';
  if (isWeak && (!weakManagement || guard === 'strong-administrator')) {
    throw new PullpassError('forbidden', {
      detail:
        'This proof can be replayed by other services; use an API key, or a token made for this audience.',
    });
  }
  if (identity.nonce === null) return;
  const endsAt = identity.expiresAt ?? Math.ceil(clock() / 1000);
  const isFresh = (await proofs?.consume(identity.nonce, endsAt)) ?? false;
  if (!isFresh) throw unauthenticated('the proof was used before');
}

function demandAdministrator({ subject, account }: Identity, roles: readonly HeldRole[]): void {
  if (mayAdminister(roles)) return;
  throw new PullpassError('forbidden', { reason: `${subject} of ${account} has no role administrator` });
}
