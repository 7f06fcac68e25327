/** The principal behind the token of a workload: what its trusts allow. */

import { isInNetworks } from '../domain/networks.ts';
import { ANONYMOUS, type Principal } from '../domain/principal.ts';
import type { UseContext } from '../domain/token-record.ts';
import { permissionOfTrust, type Trust, trustMatches, type Workload } from '../domain/trust.ts';
import type { RuleFilter } from '../ports/stores.ts';
import type { PrincipalPorts } from './principal.ts';

/**
 * The principal ends with the workload's token, and no later than any of its trusts allows. A trust for other networks does
 * not count. No namespaces are read.
 */
export async function workloadPrincipal(
  { trusts }: Pick<PrincipalPorts, 'trusts'>,
  workload: Workload,
  moment: UseContext,
): Promise<Principal> {
  return trustedPrincipal(workload, await trusts.list(workload.handle, trustsFor(workload)), moment);
}

/** The trusts that could match a workload. */
export function trustsFor({ issuer }: Workload): RuleFilter<Trust> {
  return { issuer: [issuer] };
}

/** What those of the trusts that match allow the workload. */
export function trustedPrincipal(
  workload: Workload,
  trusts: readonly Trust[],
  { now, sourceAddress }: UseContext,
): Principal {
  const { subject, handle, expiresAt } = workload;
  const named = trusts.filter(trust => trustMatches(trust, workload));
  const matching = named.filter(({ networks }) => isInNetworks(sourceAddress, networks));
  const common = {
    ...ANONYMOUS,
    kind: 'workload',
    userName: 'oidc',
    subject,
    accountHandle: handle,
  } as const;
  const [first] = matching;
  if (first === undefined) {
    return { ...common, endsAt: expiresAt, ...(named.length > 0 ? { outsideNetworks: true } : {}) };
  }
  const ids = matching.map(({ id }) => id);
  const endsAt = now + Math.min(...matching.map(({ lifetimeSeconds }) => lifetimeSeconds));
  return {
    ...common,
    account: first.account,
    permissions: matching.map(permissionOfTrust),
    endsAt: Math.min(expiresAt, endsAt),
    // A build's token often ends within minutes; its trusts say how long a credential may live.
    delegationSource: { handle, parent: { kind: 'trust', subject, ids }, endsAt },
  };
}
