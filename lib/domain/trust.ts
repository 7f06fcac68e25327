/** Trusts: which workloads of build platforms may log in without a secret of ours. */

import { type Access, actionsOf } from './access.ts';
import type { Permission } from './grant.ts';
import { type Account, accountHandle, type Subject } from './identifiers.ts';
import type { WorkloadIssuer } from './identity.ts';
import type { Network } from './networks.ts';
import { type Platform, platformFacts, type RequiredClaims } from './platforms.ts';
import type { Pattern } from './repository.ts';

export interface Trust {
  readonly account: Account;
  readonly id: string;
  /** The key of the workload's issuer. */
  readonly issuer: string;
  /** Exact values by the name of the claim; a slash separates the member of an object from it. */
  readonly claims: Readonly<Record<string, string>>;
  readonly access: Access;
  /** null: every repository in the namespaces of the account. */
  readonly repositories: readonly Pattern[] | null;
  /** Where its workloads may log in from; null: anywhere. */
  readonly networks: readonly Network[] | null;
  /** The longest life of what the workload is given, in seconds. */
  readonly lifetimeSeconds: number;
  /** Seconds since 1970. */
  readonly createdAt: number;
  readonly createdBy: Subject;
}

export const TRUST_LIFETIME_SECONDS = { min: 60, default: 3600, max: 3600 } as const;

/** A workload whose token was verified. The trusts of the account decide what it may do. */
export interface Workload {
  readonly issuer: string;
  /** Where it runs, which says how its claims are read. */
  readonly platform: Platform;
  /** The account that the token's audience names, by its handle. */
  readonly handle: string;
  readonly subject: Subject;
  readonly claims: unknown;
  /** Seconds since 1970. */
  readonly expiresAt: number;
}

/** The audience of a workload's token, which binds it to one deployment and one account. */
export function workloadAudience(publicUrl: string, handle: string): string {
  return `${publicUrl}/accounts/${handle}`;
}

/** What a trust of the issuer must name: what its platform requires, and what its entry adds. */
export function requiredClaims({
  platform,
  requiredClaims: added,
}: Pick<WorkloadIssuer, 'platform' | 'requiredClaims'>): RequiredClaims {
  const { always, forPush } = platformFacts(platform).required;
  return {
    always: [...new Set([...always, ...(added?.always ?? [])])],
    forPush: [...forPush, ...(added?.forPush ?? [])],
  };
}

/** What the claims of a trust lack, for the administrator; undefined: nothing. */
export function missingClaims(
  { always, forPush }: RequiredClaims,
  claims: Trust['claims'],
  access: Access,
): string | undefined {
  const missing = always.filter(name => !Object.hasOwn(claims, name));
  if (missing.length > 0) return `must name ${missing.join(' and ')}`;
  if (access !== 'push') return undefined;
  const wide = forPush.filter(names => !names.some(name => narrows(claims, name)));
  if (wide.length === 0) return undefined;
  return `must name ${wide.map(names => names.join(' or ')).join(', and ')}, because it allows push`;
}

/** `ref_protected: false` would allow every unprotected branch. */
function narrows(claims: Trust['claims'], name: string): boolean {
  return Object.hasOwn(claims, name) && claims[name] !== 'false';
}

/** Why a trust is not for a workload: a claim that is not exactly the string, or what the trust is of. */
export interface Difference {
  /** The name of the claim as the trust has it; `issuer` and `account` are no claims. */
  readonly name: string;
  readonly kind: 'account' | 'claim' | 'issuer';
  readonly expected: string;
  /** undefined: the workload has no such claim. */
  readonly actual: unknown;
}

/**
 * Whether the trust is for this workload: the issuer and account are the same, and every claim is exactly that string.
 * Trusts of other accounts are ignored.
 */
export function trustMatches(trust: Trust, workload: Workload): boolean {
  return Object.keys(trust.claims).length > 0 && firstDifference(trust, workload) === undefined;
}

/** What a workload has otherwise than the trust, first of all; undefined: nothing. */
export function firstDifference(trust: Trust, workload: Workload): Difference | undefined {
  const [handle, expected] = [accountHandle(trust.account), trust.issuer];
  if (expected !== workload.issuer)
    return { kind: 'issuer', name: 'issuer', expected, actual: workload.issuer };
  if (handle !== workload.handle)
    return { kind: 'account', name: 'account', expected: handle, actual: workload.handle };
  for (const [name, value] of Object.entries(trust.claims)) {
    const actual = claimOf(workload, name);
    if (actual !== value) return { kind: 'claim', name, expected: value, actual };
  }
  return undefined;
}

export function permissionOfTrust({ repositories, access }: Trust): Permission {
  return { repositories, actions: actionsOf(access) };
}

/** The claim of a workload by the name that a trust has for it; undefined: there is none. */
export function claimOf({ claims, platform }: Pick<Workload, 'claims' | 'platform'>, name: string): unknown {
  const { slashed, numbers } = platformFacts(platform);
  const isWhole = slashed?.some(beginning => name.startsWith(beginning));
  const value = (isWhole ? [name] : name.split('/')).reduce<unknown>(memberOf, claims);
  return numbers?.includes(name) && Number.isSafeInteger(value) ? String(value) : value;
}

function memberOf(value: unknown, name: string): unknown {
  const isObject = typeof value === 'object' && value !== null && Object.hasOwn(value, name);
  return isObject ? (value as Record<string, unknown>)[name] : undefined;
}
