/** Trusts: which workloads of build platforms may log in without a secret of ours. */

import { type Access, actionsOf } from './access.ts';
import { type Account, accountHandle, type Subject } from './account.ts';
import type { Permission } from './grant.ts';
import type { Pattern } from './repository.ts';

/** Where workloads run; each platform has claims that every trust must name. */
export type Platform = 'github' | 'gitlab' | 'kubernetes';

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

interface Minimum {
  /** Every trust names all of these. */
  readonly always: readonly string[];
  /** A trust that allows push names one of these, so that not every branch of a project may push. */
  readonly oneForPush: readonly string[];
}

/** Names of projects at GitHub and GitLab can be taken over by others, their numbers cannot. */
const MINIMA: Record<Platform, Minimum> = {
  github: {
    always: ['repository_id', 'repository_owner_id'],
    oneForPush: ['ref', 'environment', 'job_workflow_ref'],
  },
  gitlab: { always: ['project_id'], oneForPush: ['ref_protected'] },
  kubernetes: { always: ['sub', 'kubernetes.io/serviceaccount/uid'], oneForPush: [] },
};

/** What the claims of a trust lack, for the administrator; undefined: nothing. */
export function missingClaims(
  platform: Platform,
  claims: Trust['claims'],
  access: Access,
): string | undefined {
  const { always, oneForPush } = MINIMA[platform];
  const missing = always.filter(name => !Object.hasOwn(claims, name));
  if (missing.length > 0) return `must name ${missing.join(' and ')}`;
  const narrowed = oneForPush.length === 0 || oneForPush.some(name => narrows(claims, name));
  if (access === 'push' && !narrowed) return `must name ${oneForPush.join(' or ')}, because it allows push`;
  return undefined;
}

/** `ref_protected: false` would allow every unprotected branch. */
function narrows(claims: Trust['claims'], name: string): boolean {
  return Object.hasOwn(claims, name) && claims[name] !== 'false';
}

/**
 * Whether the trust is for this workload: the issuer and account are the same, and every claim is exactly that string.
 * Trusts of other accounts are ignored.
 */
export function trustMatches(trust: Trust, workload: Workload): boolean {
  const named = Object.entries(trust.claims);
  return (
    trust.issuer === workload.issuer &&
    accountHandle(trust.account) === workload.handle &&
    named.length > 0 &&
    named.every(([name, value]) => claimAt(workload.claims, name) === value)
  );
}

export function permissionOfTrust({ repositories, access }: Trust): Permission {
  return { repositories, actions: actionsOf(access) };
}

function claimAt(claims: unknown, path: string): unknown {
  return path.split('/').reduce<unknown>((value, name) => {
    const isObject = typeof value === 'object' && value !== null && Object.hasOwn(value, name);
    return isObject ? (value as Record<string, unknown>)[name] : undefined;
  }, claims);
}
