/** Who someone turned out to be at a login, and what that allows. */
import type { Account } from '../domain/account.ts';
import type { Parent } from '../domain/credential.ts';
import { PullpassError } from '../domain/errors.ts';
import type { Permission } from '../domain/grant.ts';
import type { Administrator, Identity } from '../domain/identity.ts';
import type { Denial } from '../domain/measures.ts';
import type { NamespaceClaim } from '../domain/namespace-claim.ts';
import type { HeldRole, Policy } from '../domain/policy.ts';
import type { Secret } from '../domain/secret.ts';
import type { Trust, Workload } from '../domain/trust.ts';
import type { CredentialKeys, LoginStore, RuleStore } from '../ports.ts';

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

/** Whatever is wrong with a secret, the caller reads the same; only the log and the figures learn why. */
export function refused(why: string, denial: Denial): PullpassError {
  return new PullpassError('unauthenticated', { reason: why, denial });
}

/** The claims that the first read had no room for. */
export async function remainingClaims(
  store: LoginStore,
  { namespaces }: LoginContext,
): Promise<readonly NamespaceClaim[]> {
  return (await store.read({ namespaces: namespaces.slice(FIRST_CLAIMS) })).claims;
}
