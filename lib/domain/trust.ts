/** Trusts: which workloads of build platforms may log in without a secret of ours, and claims that none of them can have. */

import { type Access, actionsOf } from './access.ts';
import type { Permission } from './grant.ts';
import { type Account, accountHandle, type Subject } from './identifiers.ts';
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
  const isNarrow = oneForPush.length === 0 || oneForPush.some(name => narrows(claims, name));
  if (access === 'push' && !isNarrow) return `must name ${oneForPush.join(' or ')}, because it allows push`;
  return undefined;
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
    const actual = claimAt(workload.claims, name);
    if (actual !== value) return { kind: 'claim', name, expected: value, actual };
  }
  return undefined;
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

/** What git allows in no ref (git-check-ref-format). */
const NO_REF = /[\s~^:?*[\\]|\.\.|@\{|\/\/|^[/.]|\/\.|[/.]$|\.lock(?:\/|$)/;

/** `path/of/a/file@ref`. */
const FILES_AT_REFS: ReadonlySet<string> = new Set(['workflow_ref', 'job_workflow_ref', 'ci_config_ref_uri']);
const REFS: ReadonlySet<string> = new Set(['ref', 'ref_path', 'head_ref', 'base_ref']);
const WORDS: Readonly<Record<string, readonly string[]>> = {
  ref_protected: ['true', 'false'],
  ref_type: ['branch', 'tag'],
};
const NAMES: ReadonlySet<string> = new Set([
  ...['repository', 'repository_owner', 'actor'],
  ...['project_path', 'namespace_path', 'user_login'],
]);

export interface ImpossibleClaim {
  readonly name: string;
  /** For the administrator. */
  readonly problem: string;
}

/** The first claim that no workload has with this value: such a trust would match nothing, in silence. Undefined: none. */
export function impossibleClaim(platform: Platform, claims: Trust['claims']): ImpossibleClaim | undefined {
  for (const [name, value] of Object.entries(claims)) {
    const fault = platform === 'kubernetes' ? kubernetesFault(name, value) : gitFault(platform, name, value);
    if (fault !== undefined) return { name, problem: `cannot be ${JSON.stringify(value)}: ${fault}` };
  }
  return undefined;
}

const EXACTLY = 'values are compared exactly, so add a trust for each';

function gitFault(
  platform: Exclude<Platform, 'kubernetes'>,
  name: string,
  value: string,
): string | undefined {
  const ref = refIn(name, value);
  if (ref?.includes('*')) return `no git ref holds "*"; ${EXACTLY}`;
  if (ref !== undefined && NO_REF.test(ref)) return 'this is no git ref';
  const isFull = name === 'ref_path' || (platform === 'github' && name === 'ref');
  if (isFull && !value.startsWith('refs/')) return `write the full ref, such as refs/heads/${value}`;
  if (NAMES.has(name) && value.includes('*')) return `no name holds "*"; ${EXACTLY}`;
  if (name.endsWith('_id') && !/^\d+$/.test(value)) return 'it is a number';
  const words = Object.hasOwn(WORDS, name) ? WORDS[name] : undefined;
  return words === undefined || words.includes(value) ? undefined : `it is ${words.join(' or ')}`;
}

/** The ref in a claim; a subject ends with one when it says so. */
function refIn(name: string, value: string): string | undefined {
  if (REFS.has(name)) return value;
  if (FILES_AT_REFS.has(name))
    return value.includes('@') ? value.slice(value.lastIndexOf('@') + 1) : undefined;
  const [, ref] = name === 'sub' ? (/:ref:(.*)$/s.exec(value) ?? []) : [];
  return ref;
}

/** RFC 1123 names, and identifiers that Kubernetes gives. */
function kubernetesFault(name: string, value: string): string | undefined {
  if (name === 'sub' && !/^system:serviceaccount:[a-z0-9-]+:[a-z0-9.-]+$/.test(value)) {
    return value.includes('*')
      ? `no service account holds "*"; ${EXACTLY}`
      : 'it is system:serviceaccount:NAMESPACE:NAME';
  }
  return name.startsWith('kubernetes.io/') && value.includes('*')
    ? `no name holds "*"; ${EXACTLY}`
    : undefined;
}
