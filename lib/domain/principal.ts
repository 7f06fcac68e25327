/** What a request presents, and the principal that it is authenticated as. */
import type { RequestedAccess } from './access.ts';
import type { TokenParent } from './access-token.ts';
import type { RulesRecord } from './account-rules.ts';
import type { Parent } from './credential.ts';
import { namespacesOf, type Permission } from './grant.ts';
import type { Account } from './identifiers.ts';
import type { AssertionKind, Identity } from './identity.ts';
import type { HeldRole } from './policy.ts';
import type { Secret, SecretFormat } from './secret.ts';
import type { RequestSource } from './token-use.ts';

/** A secret, and the user name that says what it should be. Nothing is verified yet. */
export interface SecretCredentials {
  readonly userName: 'oidc' | 'token' | AssertionKind;
  readonly secret: Secret;
  /** What the secret looks like; undefined: nothing in particular, such as an API key. */
  readonly format: SecretFormat | undefined;
}

/** Those of unknown addresses are bounded together. */
export type Credentials = (SecretCredentials | { readonly userName: 'anonymous' }) & RequestSource;

/** The authenticated caller. Times are seconds since 1970. */
export interface Principal {
  readonly kind: 'anonymous' | 'credential' | 'identity' | 'token' | 'workload';
  /** The user name that the secret was presented under. */
  readonly userName: Credentials['userName'];
  /** `token:<id>`, or the issuer's name for the caller; empty when anonymous. */
  readonly subject: string;
  readonly account: Account | undefined;
  readonly permissions: readonly Permission[];
  /** Of the namespaces that a login asks for, those that the account owns. */
  readonly ownedNamespaces: ReadonlySet<string>;
  /** When the secret ends; null: it has no end of its own. */
  readonly endsAt: number | null;
  /** What credentials may be vended from; undefined: nothing, as from a credential. */
  readonly delegationSource?: DelegationSource;
  /** The registry token behind it, if there is one. */
  readonly tokenParent?: TokenParent;
  /** The `jti` of the credential that was presented. */
  readonly credential?: string;
  /** Why the groups of an identity do not count; absent: they do, or it has none. */
  readonly ignoredGroups?: string;
  /** The account that a workload's token names, also when none of its trusts matches. */
  readonly accountHandle?: string;
  /** All trusts that match a workload are for other networks than it came from. */
  readonly outsideNetworks?: true;
}

/** A principal with an IAM identity, and its roles in its account. */
export interface IdentityPrincipal extends Principal {
  readonly kind: 'identity';
  readonly account: Account;
  readonly identity: Identity;
  readonly roles: readonly HeldRole[];
}

/** The parent of vended credentials, and when they end at the latest (null: the parent has no end). */
export interface DelegationSource {
  readonly handle: string;
  readonly parent: Parent;
  /** The ids of the policies that give an identity its roles. */
  readonly policies?: readonly string[];
  /** What the account has set, where it was read along with the parent; null: nothing. */
  readonly rules?: RulesRecord | null;
  /** A credential must name them: some are of groups, which only the identity's own proof says it is in. */
  readonly namesPolicies?: true;
  readonly endsAt: number | null;
}

/** A login, as far as it takes part in authentication. */
export interface LoginContext {
  readonly service: string;
  /** The first read fetches the claims of these along with the caller's record, before its secret is verified. */
  readonly firstNamespaces: readonly string[];
  /** Throws `invalid-request` where too much is asked for. */
  readonly asked: () => Asked;
  /** A credential is vended: the rules of the account are read along with the caller's record. */
  readonly vends?: true;
}

/** What a login asks for. */
export interface Asked {
  readonly requested: readonly RequestedAccess[];
  readonly namespaces: readonly string[];
  readonly repositories: readonly string[];
}

/** Claims that the first read fetches: an unverified secret may not cost more. */
const FIRST_CLAIMS = 8;

/** For what vends a credential. */
export function vendContext(service: string): LoginContext {
  return { ...loginContext(service, []), vends: true };
}

export function loginContext(service: string, requested: readonly RequestedAccess[]): LoginContext {
  const asked = askedBy(requested);
  return { service, firstNamespaces: asked.namespaces.slice(0, FIRST_CLAIMS), asked: () => asked };
}

/** Of a login that asks for much: it is parsed once the secret is verified, because a stranger could ask for the work. */
export function longLoginContext(service: string, parse: () => readonly RequestedAccess[]): LoginContext {
  let asked: Asked | undefined;
  return {
    service,
    firstNamespaces: [],
    asked() {
      asked ??= askedBy(parse());
      return asked;
    },
  };
}

function askedBy(requested: readonly RequestedAccess[]): Asked {
  const repositories = requested.flatMap(({ name, namespace }) => (namespace === undefined ? [] : [name]));
  return { requested, namespaces: namespacesOf(requested), repositories };
}

const NO_NAMESPACES: ReadonlySet<string> = new Set();

/** A principal that may do nothing. */
export const ANONYMOUS: Principal = {
  kind: 'anonymous',
  userName: 'anonymous',
  subject: '',
  account: undefined,
  permissions: [],
  ownedNamespaces: NO_NAMESPACES,
  endsAt: null,
};
