/** The standing of IAM identities and of workloads, whom the shared middleware has recognised. */
import { accountHandle } from '../domain/account.ts';
import type { Identity } from '../domain/identity.ts';
import { type HeldRole, permissionsOf } from '../domain/policy.ts';
import { HOUR_SECONDS } from '../domain/time.ts';
import { covers, permissionOf, type Trust, type Workload } from '../domain/trust.ts';
import { NOBODY, type Occasion, type Parentage, type Standing, type StandingPorts } from './standing.ts';

/** What is vended from a proof that can be given again at any time lives half a day at most. */
const LONGEST_SECONDS = 12 * HOUR_SECONDS;

export async function identityStanding(
  { store }: Pick<StandingPorts, 'store'>,
  { identity, roles }: { identity: Identity; roles: readonly HeldRole[] },
  { namespaces, now }: Occasion,
): Promise<Standing> {
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
    parentage: { ...parentage, endsAt: endOfVended(identity, now) },
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
export async function workloadStanding(
  { store, trusts }: Pick<StandingPorts, 'store' | 'trusts'>,
  workload: Workload,
  { namespaces, now }: Occasion,
): Promise<Standing> {
  const { subject, handle, expiresAt } = workload;
  const covering = (await trusts.list(handle)).filter(trust => covers(trust, workload));
  const [first] = covering;
  if (first === undefined) return { ...NOBODY, subject, endsAt: expiresAt };
  const { claims } = await store.read({ namespaces });
  const endsAt = now + Math.min(...covering.map(({ lifetimeSeconds }) => lifetimeSeconds));
  return {
    subject,
    account: first.account,
    permissions: covering.map(permissionOf),
    claims,
    endsAt: Math.min(expiresAt, endsAt),
    parentage: parentageOf(workload, covering, endsAt),
  };
}

/** A build's token often ends within minutes; its trusts say how long what it gets may live. */
function parentageOf({ subject, handle }: Workload, covering: readonly Trust[], endsAt: number): Parentage {
  return { handle, parent: { kind: 'trust', subject, ids: covering.map(({ id }) => id) }, endsAt };
}
