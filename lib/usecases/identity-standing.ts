/** The standing of IAM identities and of workloads, whom the shared middleware has recognised. */
import { accountHandle } from '../domain/account.ts';
import type { Identity } from '../domain/identity.ts';
import { type HeldRole, permissionsOf } from '../domain/policy.ts';
import { HOUR_SECONDS } from '../domain/time.ts';
import { permissionOfTrust, type Trust, trustMatches, type Workload } from '../domain/trust.ts';
import {
  ANONYMOUS,
  type DelegationSource,
  type LoginContext,
  type Principal,
  type PrincipalPorts,
} from './standing.ts';

/** What is vended from a proof that can be given again at any time lives half a day at most. */
const LONGEST_SECONDS = 12 * HOUR_SECONDS;

export async function identityPrincipal(
  { store }: Pick<PrincipalPorts, 'store'>,
  { identity, roles }: { identity: Identity; roles: readonly HeldRole[] },
  { namespaces, now }: LoginContext,
): Promise<Principal> {
  const { subject, account, expiresAt } = identity;
  const { claims } = await store.read({ namespaces: roles.length === 0 ? [] : namespaces });
  const permissions = permissionsOf(roles);
  const parentage = { handle: accountHandle(account), parent: { kind: 'identity', subject } as const };
  return {
    subject,
    account,
    permissions,
    claims,
    endsAt: expiresAt,
    delegationSource: { ...parentage, endsAt: endOfVended(identity, now) },
  };
}

/**
 * An access token is good for an hour at most, and what stems from it ends with it. The other proofs end or say nothing
 * of it, but whoever gave one can give the next: only how long a credential outlives a withdrawn key is bounded.
 */
function endOfVended({ kind, expiresAt }: Identity, now: number): number {
  if (kind !== 'iambearer') return now + LONGEST_SECONDS;
  return Math.min(expiresAt ?? Number.POSITIVE_INFINITY, now + HOUR_SECONDS);
}

/** What a workload gets ends with its token, and no later than any of the trusts that it stems from allows. */
export async function workloadPrincipal(
  { store, trusts }: Pick<PrincipalPorts, 'store' | 'trusts'>,
  workload: Workload,
  { namespaces, now }: LoginContext,
): Promise<Principal> {
  const { subject, handle, expiresAt } = workload;
  const covering = (await trusts.list(handle)).filter(trust => trustMatches(trust, workload));
  const [first] = covering;
  if (first === undefined) return { ...ANONYMOUS, subject, endsAt: expiresAt };
  const { claims } = await store.read({ namespaces });
  const endsAt = now + Math.min(...covering.map(({ lifetimeSeconds }) => lifetimeSeconds));
  return {
    subject,
    account: first.account,
    permissions: covering.map(permissionOfTrust),
    claims,
    endsAt: Math.min(expiresAt, endsAt),
    delegationSource: parentageOf(workload, covering, endsAt),
  };
}

/** A build's token often ends within minutes; its trusts say how long what it gets may live. */
function parentageOf(
  { subject, handle }: Workload,
  covering: readonly Trust[],
  endsAt: number,
): DelegationSource {
  return { handle, parent: { kind: 'trust', subject, ids: covering.map(({ id }) => id) }, endsAt };
}
