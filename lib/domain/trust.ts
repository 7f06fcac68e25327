import { type Access, actionsOf } from './access.ts';
import { type Account, accountHandle, type Subject } from './account.ts';
import type { Permission } from './grant.ts';
import type { Pattern } from './repository.ts';

/** Where workloads run; each has its own claims that a trust cannot do without. */
export type Platform = 'github' | 'gitlab' | 'kubernetes';

export interface Trust {
  readonly account: Account;
  readonly id: string;
  /** The key of the issuer that vouches for the workload. */
  readonly issuer: string;
  /** Exact values by claim name; members of an object are parted from it by a slash. */
  readonly claims: Readonly<Record<string, string>>;
  readonly access: Access;
  /** null: every repository in the namespaces of the account. */
  readonly repositories: readonly Pattern[] | null;
  /** How long what the workload gets may live at most, in seconds. */
  readonly lifetimeSeconds: number;
  /** Seconds since 1970. */
  readonly createdAt: number;
  readonly createdBy: Subject;
}

export const TRUST_LIFETIME_SECONDS = { min: 60, default: 3600, max: 3600 } as const;

/** A workload whose token was verified: who it is follows from its claims, what it may from the account's trusts. */
export interface Workload {
  readonly issuer: string;
  /** The account that the token's audience names, by its handle. */
  readonly handle: string;
  readonly subject: Subject;
  readonly claims: unknown;
  /** Seconds since 1970. */
  readonly expiresAt: number;
}

/** The audience that a workload's token must have: it binds the token to one deployment and one account. */
export function workloadAudience(publicUrl: string, handle: string): string {
  return `${publicUrl}/accounts/${handle}`;
}

interface Minimum {
  /** Names that cannot be taken over: every trust has all of these. */
  readonly always: readonly string[];
  /** What a trust that lets push has one of, so that not every branch of a project can. */
  readonly oneForPush: readonly string[];
}

/** GitHub's and GitLab's names of projects can be given away and taken again, their numbers cannot. */
const MINIMA: Record<Platform, Minimum> = {
  github: {
    always: ['repository_id', 'repository_owner_id'],
    oneForPush: ['ref', 'environment', 'job_workflow_ref'],
  },
  gitlab: { always: ['project_id'], oneForPush: ['ref_protected'] },
  kubernetes: { always: ['sub', 'kubernetes.io/serviceaccount/uid'], oneForPush: [] },
};

/** What is missing in the claims of a trust, as a sentence for the administrator; undefined: nothing. */
export function missingClaims(
  platform: Platform,
  claims: Trust['claims'],
  access: Access,
): string | undefined {
  const { always, oneForPush } = MINIMA[platform];
  const missing = always.filter(name => !Object.hasOwn(claims, name));
  if (missing.length > 0) return `must name ${missing.join(' and ')}`;
  const narrowed = oneForPush.length === 0 || oneForPush.some(name => narrows(claims, name));
  if (access === 'push' && !narrowed) return `must name ${oneForPush.join(' or ')}, because it lets push`;
  return undefined;
}

/** A ref of which is said that it is not protected can be any. */
function narrows(claims: Trust['claims'], name: string): boolean {
  return Object.hasOwn(claims, name) && claims[name] !== 'false';
}

/**
 * Whether the trust is for this workload: the same issuer and account, and every claim equal, as a string. Trusts of
 * other accounts count for nothing, whoever hands them in.
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
