/** The principal behind a credential: its parent as it is now, within the bounds of the credential. */
import { boundsOf, type Credential, type Parent } from '../domain/credential.ts';
import { type Digests, namesIn } from '../domain/digests.ts';
import { refusalOf, unauthenticated } from '../domain/errors.ts';
import { intersect } from '../domain/grant.ts';
import { type Group, isGroupOf } from '../domain/groups.ts';
import { accountHandle, type Subject } from '../domain/identifiers.ts';
import type { Identity } from '../domain/identity.ts';
import type { NamespaceClaim } from '../domain/namespace.ts';
import { isInNetworks } from '../domain/networks.ts';
import { type HeldRole, type Policy, permissionsOf, rolesOf } from '../domain/policy.ts';
import { ANONYMOUS, type Principal } from '../domain/principal.ts';
import type { Secret } from '../domain/secret.ts';
import { judgeGeneration } from '../domain/token-record.ts';
import { useOf } from '../domain/token-use.ts';
import { permissionOfTrust } from '../domain/trust.ts';
import type { LoginRecords } from '../ports/stores.ts';
import {
  allClaims,
  DENIAL_OF,
  type LoginMoment,
  ownedBy,
  type PrincipalPorts,
  policiesFor,
  principalOfToken,
} from './principal.ts';
import { verifyCredential } from './secret-values.ts';

/** Throws `unauthenticated` for a credential that is not good, or is for another service. */
export async function credentialPrincipal(
  ports: PrincipalPorts,
  secret: Secret,
  moment: LoginMoment,
): Promise<Principal> {
  const credential = await verifyCredential(ports.credentialKeys, secret, moment.now);
  if (credential === undefined) throw unauthenticated('credential: not one of ours', 'unknown-secret');
  try {
    return await principalOf(ports, credential, moment);
  } catch (error) {
    // We have signed it, so the account is known.
    throw refusalOf(error, { handle: credential.handle, subject: `credential:${credential.jti}` });
  }
}

async function principalOf(
  ports: PrincipalPorts,
  credential: Credential,
  moment: LoginMoment,
): Promise<Principal> {
  const { jti, endsAt } = credential;
  const refusal = ownRefusal(credential, moment, ports.issuers);
  if (refusal !== undefined) throw unauthenticated(`credential ${jti}: ${refusal[0]}`, refusal[1]);
  const records = await readRecords(ports, credential, moment);
  if (records.revoked) throw unauthenticated(`credential ${jti}: ended`, 'ended');
  const parent = await parentPrincipal(ports, credential, { records, moment });
  return {
    kind: 'credential',
    userName: 'token',
    credential: jti,
    ...(parent.tokenParent === undefined ? {} : { tokenParent: { ...parent.tokenParent, credential: jti } }),
    subject: parent.subject,
    account: parent.account,
    permissions: boundsOf(credential, moment.asked().repositories).flatMap(bound =>
      parent.permissions.map(permission => intersect(permission, bound)),
    ),
    ownedNamespaces: parent.ownedNamespaces,
    endsAt: Math.min(endsAt, parent.endsAt ?? endsAt),
  };
}

/** What the credential itself says against this login; undefined: nothing. */
function ownRefusal(
  { endsAt, service, parent }: Credential,
  moment: LoginMoment,
  issuers: PrincipalPorts['issuers'],
) {
  if (endsAt <= moment.now) return ['expired', 'expired'] as const;
  if (service !== moment.service) return ['for another service', 'misplaced'] as const;
  const isTrusted = parent.kind === 'token' || issuers.has(issuerOf(parent.subject));
  return isTrusted ? undefined : (['of an issuer that is gone', 'ended'] as const);
}

function issuerOf(subject: Subject): string {
  return subject.split(':', 1).join('');
}

interface ParentContext {
  readonly records: LoginRecords;
  readonly moment: LoginMoment;
}

/** The first read fetches the parent and the mark of a revoked credential along with the first claims. */
async function readRecords(
  { store }: PrincipalPorts,
  { handle, jti, parent }: Credential,
  moment: LoginMoment,
): Promise<LoginRecords> {
  const first = await store.read({
    ...(parent.kind === 'token' ? { token: { handle, id: parent.id } } : {}),
    credential: { handle, jti },
    namespaces: moment.firstNamespaces,
  });
  return first.revoked ? first : { ...first, claims: await allClaims(store, first, moment) };
}

function parentPrincipal(
  ports: PrincipalPorts,
  { jti, handle, parent }: Credential,
  context: ParentContext,
): Promise<Principal> {
  switch (parent.kind) {
    case 'token':
      return parentToken(ports, parent, context);
    case 'identity':
      return parentIdentity(ports, { jti, handle, parent }, context.records.claims);
    case 'trust':
      return parentTrusts(ports, { jti, handle, parent }, context);
  }
}

async function parentToken(
  { store }: PrincipalPorts,
  { id, generation }: Extract<Parent, { kind: 'token' }>,
  { records: { token, removed, claims }, moment }: ParentContext,
): Promise<Principal> {
  const refused = (why: keyof typeof DENIAL_OF) =>
    unauthenticated(`token ${id}, of a credential: ${why}`, DENIAL_OF[why]);
  if (token === undefined) throw refused(removed ? 'removed' : 'unknown');
  const judgement = judgeGeneration(token, generation, moment);
  if (!judgement.usable) throw refused(judgement.refusal);
  await store.touch(token, generation, useOf(moment, moment.service, moment.now));
  return principalOfToken(token, generation, claims);
}

interface ParentOf<K extends Parent['kind']> {
  readonly handle: string;
  readonly parent: Extract<Parent, { kind: K }>;
}

/**
 * Without its roles the identity may do nothing, as at a login of its own. Of a credential that names policies, no other
 * one counts, and neither does the configuration: what the identity was given later is not the credential's.
 */
async function parentIdentity(
  { policies, administrators }: PrincipalPorts,
  { jti, handle, parent }: ParentOf<'identity'> & Pick<Credential, 'jti'>,
  claims: readonly NamespaceClaim[],
): Promise<Principal> {
  const { subject } = parent;
  const isOfGroup = (of: string) => isGroupOf(issuerOf(subject), of);
  const mayBeNamed = { includes: (of: string) => of === '*' || of === subject || isOfGroup(of) };
  const where = parent.policies === null ? policiesFor(subject) : { subject: mayBeNamed };
  const ofAccount = await policies.list(handle, where);
  const rules = [...administrators, ...ofAccount];
  const account = rules.find(rule => accountHandle(rule.account) === handle)?.account;
  if (account === undefined) return { ...ANONYMOUS, subject };
  const roles =
    parent.policies === null
      ? rolesOf({ account, subject }, administrators, ofAccount)
      : rolesByName({ account, subject }, withNames(ofAccount, parent.policies, jti));
  const permissions = permissionsOf(roles);
  return { ...ANONYMOUS, subject, account, permissions, ownedNamespaces: ownedBy(account, claims) };
}

/** What was named when the credential was vended counts: the identity was in these groups then. */
function rolesByName(
  identity: Pick<Identity, 'account' | 'subject'>,
  policies: readonly Policy[],
): HeldRole[] {
  const isGroup = (of: string) => isGroupOf(issuerOf(identity.subject), of);
  const groups = policies.map(policy => policy.subject).filter(isGroup) as Group[];
  return rolesOf({ ...identity, groups: { groups } }, [], policies);
}

/** Those of the rules that the digests name. */
function withNames<R extends { readonly id: string }>(
  rules: readonly R[],
  digests: Digests,
  jti: string,
): R[] {
  const known = new Set(
    namesIn(
      digests,
      rules.map(({ id }) => id),
      jti,
    ),
  );
  return rules.filter(({ id }) => known.has(id));
}

async function parentTrusts(
  { trusts }: PrincipalPorts,
  { jti, handle, parent }: ParentOf<'trust'> & Pick<Credential, 'jti'>,
  { records: { claims }, moment }: ParentContext,
): Promise<Principal> {
  const { subject, ids } = parent;
  const named =
    'digests' in ids
      ? withNames(await trusts.list(handle, { issuer: [issuerOf(subject)] }), ids, jti)
      : await trusts.list(handle, { id: ids });
  const remaining = named.filter(({ networks }) => isInNetworks(moment.sourceAddress, networks));
  const [first] = remaining;
  if (first === undefined) {
    const names = 'digests' in ids ? `of ${subject}` : ids.join(', ');
    throw named.length === 0
      ? unauthenticated(`trusts ${names}, of a credential: removed`, 'ended')
      : unauthenticated(`trusts ${names}, of a credential: for other networks`, 'network-not-allowed');
  }
  const { account } = first;
  const permissions = remaining.map(permissionOfTrust);
  return { ...ANONYMOUS, subject, account, permissions, ownedNamespaces: ownedBy(account, claims) };
}
