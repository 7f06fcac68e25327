/** The principals behind registry tokens, IAM identities and workloads. */
import { actionsOf } from '../domain/access.ts';
import type { RulesRecord } from '../domain/account-rules.ts';
import { type Denial, PullpassError, unauthenticated } from '../domain/errors.ts';
import type { Group } from '../domain/groups.ts';
import { type Account, accountHandle, type Subject } from '../domain/identifiers.ts';
import type { Administrator, Identity } from '../domain/identity.ts';
import { isHeldBy, type NamespaceClaim } from '../domain/namespace.ts';
import { groupOfRole, type HeldRole, type Policy, permissionsOf, rolesOf } from '../domain/policy.ts';
import { ANONYMOUS, type IdentityPrincipal, type LoginContext, type Principal } from '../domain/principal.ts';
import { hashRegistryToken, parseRegistryToken, type TokenAddress } from '../domain/registry-token.ts';
import type { Secret } from '../domain/secret.ts';
import { HOUR_SECONDS } from '../domain/time.ts';
import {
  endOfGeneration,
  type Judgement,
  judge,
  type Refusal,
  type TokenRecord,
  type UseContext,
} from '../domain/token-record.ts';
import { type RequestSource, useOf } from '../domain/token-use.ts';
import type { Trust } from '../domain/trust.ts';
import type { CredentialKeys } from '../ports/keys.ts';
import type { LoginRecords, LoginStore, RuleFilter, RuleStore } from '../ports/stores.ts';

export interface IdentityPorts {
  readonly policies: Pick<RuleStore<Policy>, 'list'>;
  readonly administrators: readonly Administrator[];
}

/** What the principal of any secret is found with. */
export interface PrincipalPorts extends IdentityPorts {
  readonly store: LoginStore;
  readonly trusts: Pick<RuleStore<Trust>, 'list'>;
  /** The keys of all issuers: a credential whose issuer was removed is worth nothing. */
  readonly issuers: ReadonlySet<string>;
  readonly credentialKeys: CredentialKeys;
}

/** A login context, the time in seconds since 1970, and where the request came from, as far as it is known. */
export type LoginMoment = LoginContext & UseContext & Pick<RequestSource, 'client'>;

/** A credential whose parent can be presented again at any time lives half a day at most. */
const LONGEST_SECONDS = 12 * HOUR_SECONDS;

/** How each state of a token is counted. */
export const DENIAL_OF: Readonly<Record<Refusal | 'removed', Denial>> = {
  unknown: 'unknown-secret',
  'wrong-secret': 'unknown-secret',
  'outside-networks': 'network-not-allowed',
  expired: 'expired',
  disabled: 'ended',
  superseded: 'ended',
  removed: 'ended',
};

/** Throws `unauthenticated` for a value that is not good. */
export async function tokenPrincipal(
  { store }: Pick<PrincipalPorts, 'store'>,
  secret: Secret,
  moment: LoginMoment,
): Promise<Principal> {
  const address = parseRegistryToken(secret);
  if (address === undefined) throw unauthenticated('token: malformed', 'unknown-secret');
  const hash = hashRegistryToken(secret);
  const found = await judgedToken(store, { address, judged: token => judge(token, hash, moment) }, moment);
  if ('refusal' in found) {
    throw tokenRefusal(address, found.refusal);
  }
  await store.touch(found.token, found.generation, useOf(moment, moment.service, moment.now));
  return found.principal;
}

/** Where there is no such token, no account is known: its handle may be made up. */
function tokenRefusal({ handle, id }: TokenAddress, why: JudgedRefusal): PullpassError {
  return new PullpassError('unauthenticated', {
    reason: `token ${id}: ${why}`,
    denial: DENIAL_OF[why],
    login: { handle: why === 'unknown' ? undefined : handle, subject: `token:${id}`, why },
  });
}

/** A token by its address, and how its record is judged. */
interface SoughtToken {
  readonly address: TokenAddress;
  readonly judged: (token: TokenRecord | undefined) => Judgement;
}

type JudgedRefusal = keyof typeof DENIAL_OF;

export type JudgedToken =
  | { readonly token: TokenRecord; readonly generation: number; readonly principal: Principal }
  | { readonly refusal: JudgedRefusal; readonly token: TokenRecord | undefined };

/** The principal of a token, or why there is none. An explanation asks the same without the value; nothing is written. */
export async function judgedToken(
  store: Pick<LoginStore, 'read'>,
  { address, judged }: SoughtToken,
  moment: LoginMoment,
): Promise<JudgedToken> {
  const first = await store.read({
    token: address,
    namespaces: moment.firstNamespaces,
    ...(moment.vends === true ? { rules: address.handle } : {}),
  });
  const { token, removed } = first;
  const judgement = judged(token);
  if (token === undefined || !judgement.usable) {
    const refusal = judgement.usable ? 'unknown' : judgement.refusal;
    return { refusal: removed ? 'removed' : refusal, token };
  }
  const claims = await allClaims(store, first, moment);
  const { generation } = judgement;
  const principal = principalOfToken(token, generation, claims);
  return {
    token,
    generation,
    principal: first.rules === undefined ? principal : withRules(principal, first.rules),
  };
}

function withRules(principal: Principal, rules: RulesRecord | null): Principal {
  const { delegationSource } = principal;
  return delegationSource === undefined
    ? principal
    : { ...principal, delegationSource: { ...delegationSource, rules } };
}

/** What a generation of a token allows. */
export function principalOfToken(
  token: TokenRecord,
  generation: number,
  claims: readonly NamespaceClaim[],
): Principal {
  const { id, account, repositories, access } = token;
  const endsAt = endOfGeneration(token, generation);
  const handle = accountHandle(account);
  return {
    kind: 'token',
    userName: 'token',
    subject: `token:${id}`,
    account,
    permissions: [{ repositories, actions: actionsOf(access) }],
    ownedNamespaces: ownedBy(account, claims),
    endsAt,
    tokenParent: { handle, token: id, generation },
    delegationSource: { handle, parent: { kind: 'token', id, generation }, endsAt },
  };
}

/** The policies that name a subject, one of its groups, or everyone. */
export function policiesFor(subject: Subject, groups: readonly Group[] = []): RuleFilter<Policy> {
  return { subject: ['*', subject, ...groups] };
}

/** An identity with its roles; no namespaces are read. */
export async function identityPrincipal(
  { policies, administrators }: IdentityPorts,
  identity: Identity,
  now: number,
): Promise<IdentityPrincipal> {
  const { kind, subject, account, expiresAt, groups } = identity;
  const handle = accountHandle(account);
  const ofCaller = await policies.list(handle, policiesFor(subject, groups?.groups));
  const roles = rolesOf(identity, administrators, ofCaller);
  return {
    kind: 'identity',
    userName: kind,
    subject,
    account,
    identity,
    roles,
    permissions: permissionsOf(roles),
    ownedNamespaces: ANONYMOUS.ownedNamespaces,
    endsAt: expiresAt,
    ...(groups?.ignored === undefined ? {} : { ignoredGroups: groups.ignored }),
    delegationSource: {
      handle,
      parent: { kind: 'identity', subject, policies: null },
      policies: roles.flatMap(({ source }) => (source === 'configuration' ? [] : [source.policy])),
      ...(needsNames(roles) ? { namesPolicies: true } : {}),
      endsAt: endOfVended(identity, now),
    },
  };
}

/** A configured administrator may do everything anyway. */
function needsNames(roles: readonly HeldRole[]): boolean {
  return roles.some(groupOfRole) && !roles.some(({ source }) => source === 'configuration');
}

/**
 * An access token is good for an hour at most, and a credential vended from it ends with it. The other assertions can
 * be made anew at any time: only how long a credential outlives a withdrawn key is bounded.
 */
function endOfVended({ kind, expiresAt }: Identity, now: number): number {
  if (kind !== 'iambearer') return now + LONGEST_SECONDS;
  return Math.min(expiresAt ?? Number.POSITIVE_INFINITY, now + HOUR_SECONDS);
}

/** The principal with the namespaces that its account owns. A principal without permissions needs no read. */
export async function withNamespaces(
  store: Pick<LoginStore, 'read'>,
  principal: Principal,
  context: LoginContext,
): Promise<Principal> {
  const { account, permissions } = principal;
  if (account === undefined || permissions.length === 0) return principal;
  const { namespaces } = context.asked();
  if (namespaces.length === 0) return principal;
  const { claims } = await store.read({ namespaces });
  return { ...principal, ownedNamespaces: ownedBy(account, claims) };
}

/** All claims of a login: most fit into the first read, the rest is read once the secret is verified. */
export async function allClaims(
  store: Pick<LoginStore, 'read'>,
  first: LoginRecords,
  { asked, firstNamespaces }: LoginContext,
): Promise<readonly NamespaceClaim[]> {
  const rest = asked().namespaces.slice(firstNamespaces.length);
  return rest.length === 0
    ? first.claims
    : [...first.claims, ...(await store.read({ namespaces: rest })).claims];
}

export function ownedBy(account: Account, claims: readonly NamespaceClaim[]): ReadonlySet<string> {
  return new Set(claims.filter(claim => isHeldBy(claim, account)).map(({ name }) => name));
}
