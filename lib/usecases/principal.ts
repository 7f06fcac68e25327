/** The authenticated principal of a login, and what it may do. */

import { actionsOf } from '../domain/access.ts';
import { type Account, accountHandle } from '../domain/account.ts';
import type { Parent } from '../domain/credential.ts';
import type { Denial } from '../domain/denial.ts';
import { unauthenticated } from '../domain/errors.ts';
import type { Permission } from '../domain/grant.ts';
import type { Administrator, Identity } from '../domain/identity.ts';
import type { NamespaceClaim } from '../domain/namespace.ts';
import { type HeldRole, type Policy, permissionsOf } from '../domain/policy.ts';
import { hashRegistryToken, parseRegistryToken } from '../domain/registry-token.ts';
import type { Secret } from '../domain/secret.ts';
import { HOUR_SECONDS } from '../domain/time.ts';
import { endOfGeneration, judge, type Refusal, type TokenRecord } from '../domain/token-record.ts';
import { permissionOfTrust, type Trust, trustMatches, type Workload } from '../domain/trust.ts';
import type { CredentialKeys } from '../ports/keys.ts';
import type { LoginStore, RuleStore } from '../ports/stores.ts';

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

export interface PrincipalPorts {
  readonly store: LoginStore;
  readonly trusts: Pick<RuleStore<Trust>, 'list'>;
  /** Of the identities that credentials stem from; those who log in themselves bring their roles along. */
  readonly policies: Pick<RuleStore<Policy>, 'list'>;
  readonly administrators: readonly Administrator[];
  /** The keys of all issuers: what was vended on the word of one that is gone is worth nothing. */
  readonly issuers: ReadonlySet<string>;
  readonly credentialKeys: CredentialKeys;
}

/** Who logs in. Identities and workloads were recognised by the shared middleware. */
export type Caller =
  | { readonly kind: 'anonymous' }
  /** A registry token or a credential. */
  | { readonly kind: 'token'; readonly secret: Secret }
  | { readonly kind: 'identity'; readonly identity: Identity; readonly roles: readonly HeldRole[] }
  | { readonly kind: 'workload'; readonly workload: Workload };

export interface Principal {
  /** `token:<id>`, or the subject; empty when anonymous. */
  readonly subject: string;
  readonly account: Account | undefined;
  readonly permissions: readonly Permission[];
  readonly claims: readonly NamespaceClaim[];
  /** When the secret ends, in seconds since 1970; null: not by itself. */
  readonly endsAt: number | null;
  /** What credentials may be vended from; undefined: none, least of all from a credential. */
  readonly delegationSource?: DelegationSource;
  /** The name of the credential that was presented, for the log. */
  readonly credential?: string;
}

/** A parent, and when what is vended from it ends at the latest (seconds since 1970; null: the parent has no end). */
export interface DelegationSource {
  readonly handle: string;
  readonly parent: Parent;
  readonly endsAt: number | null;
}

/** What the login is about, and when it is, in seconds since 1970. */
export interface LoginContext {
  readonly service: string;
  readonly namespaces: readonly string[];
  readonly now: number;
}

/** Claims that the first read fetches along with the token: an unproven secret may not cost more. */
export const FIRST_CLAIMS = 8;

export const ANONYMOUS: Principal = {
  subject: '',
  account: undefined,
  permissions: [],
  claims: [],
  endsAt: null,
};

/** The claims that the first read had no room for. */
export async function remainingClaims(
  store: LoginStore,
  { namespaces }: LoginContext,
): Promise<readonly NamespaceClaim[]> {
  return (await store.read({ namespaces: namespaces.slice(FIRST_CLAIMS) })).claims;
}

/** What becomes of a token, in the words that are counted. */
export const DENIAL_OF: Readonly<Record<Refusal | 'removed', Denial>> = {
  unknown: 'unknown-secret',
  'wrong-secret': 'unknown-secret',
  expired: 'expired',
  disabled: 'ended',
  superseded: 'ended',
  removed: 'ended',
};

/** Throws `unauthenticated` for a value that is not good. */
export async function tokenPrincipal(
  { store }: Pick<PrincipalPorts, 'store'>,
  secret: Secret,
  occasion: LoginContext,
): Promise<Principal> {
  const address = parseRegistryToken(secret);
  if (address === undefined) throw unauthenticated('token: malformed', 'unknown-secret');
  const { namespaces, now } = occasion;
  const first = await store.read({ token: address, namespaces: namespaces.slice(0, FIRST_CLAIMS) });
  const { token, removed } = first;
  const judgement = judge(token, hashRegistryToken(secret), now);
  if (token === undefined || !judgement.usable) {
    const refusal = judgement.usable ? 'unknown' : judgement.refusal;
    const why = removed ? 'removed' : refusal;
    throw unauthenticated(`token ${address.id}: ${why}`, DENIAL_OF[why]);
  }
  const claims = [...first.claims, ...(await remainingClaims(store, occasion))];
  await store.touch(token, now);
  return principalOfToken(token, judgement.generation, claims);
}

/** What a generation of a token allows. */
export function principalOfToken(
  token: TokenRecord,
  generation: number,
  claims: readonly NamespaceClaim[],
): Principal {
  const { id, account, repositories, access } = token;
  const endsAt = endOfGeneration(token, generation);
  return {
    subject: `token:${id}`,
    account,
    permissions: [{ repositories, actions: actionsOf(access) }],
    claims,
    endsAt,
    delegationSource: { handle: accountHandle(account), parent: { kind: 'token', id, generation }, endsAt },
  };
}
