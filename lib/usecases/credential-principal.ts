/** Signs and verifies credentials, and finds the principal behind one: its parent as it is now, within what the credential says. */

import { timingSafeEqual } from 'node:crypto';
import { accountHandle } from '../domain/account.ts';
import {
  boundsOf,
  type Credential,
  credentialBody,
  formatCredential,
  formatMac,
  type Parent,
  parseCredential,
  readCredentialBody,
} from '../domain/credential.ts';
import { unauthenticated } from '../domain/errors.ts';
import { intersect } from '../domain/grant.ts';
import { permissionsOf, rolesOf } from '../domain/policy.ts';
import type { Secret } from '../domain/secret.ts';
import { judgeGeneration } from '../domain/token-record.ts';
import { permissionOfTrust } from '../domain/trust.ts';
import type { CredentialKeys } from '../ports/keys.ts';
import type { LoginRecords } from '../ports/stores.ts';
import {
  ANONYMOUS,
  DENIAL_OF,
  FIRST_CLAIMS,
  type LoginContext,
  type Principal,
  type PrincipalPorts,
  principalOfToken,
  remainingClaims,
} from './principal.ts';

/** Throws `unauthenticated` for a credential that is not good, or is for another service. */
export async function credentialPrincipal(
  ports: PrincipalPorts,
  secret: Secret,
  occasion: LoginContext,
): Promise<Principal> {
  const credential = await verifyCredential(ports.credentialKeys, secret, occasion.now);
  if (credential === undefined) throw unauthenticated('credential: not one of ours', 'unknown-secret');
  const { jti, endsAt, service } = credential;
  if (endsAt <= occasion.now) throw unauthenticated(`credential ${jti}: expired`, 'expired');
  if (service !== occasion.service)
    throw unauthenticated(`credential ${jti}: for another service`, 'misplaced');
  if (!isVouchedFor(credential.parent, ports.issuers))
    throw unauthenticated(`credential ${jti}: of an issuer that is gone`, 'ended');
  const facts = await factsOf(ports, credential, occasion);
  if (facts.revoked) throw unauthenticated(`credential ${jti}: ended`, 'ended');
  const { delegationSource: _, ...parent } = await parentStanding(ports, credential, {
    facts,
    now: occasion.now,
  });
  return {
    ...parent,
    permissions: boundsOf(credential).flatMap(bound =>
      parent.permissions.map(permission => intersect(permission, bound)),
    ),
    endsAt: Math.min(endsAt, parent.endsAt ?? endsAt),
    credential: jti,
  };
}

/** Nobody whom the configuration does not name vouches for anyone, nor did. */
function isVouchedFor(parent: Parent, issuers: PrincipalPorts['issuers']): boolean {
  return parent.kind === 'token' || issuers.has(parent.subject.split(':', 1).join(''));
}

/** The first read has room for the parent and the note that the credential was ended, along with the first claims. */
async function factsOf(
  { store }: PrincipalPorts,
  { handle, jti, parent }: Credential,
  occasion: LoginContext,
): Promise<LoginRecords> {
  const first = await store.read({
    ...(parent.kind === 'token' ? { token: { handle, id: parent.id } } : {}),
    credential: { handle, jti },
    namespaces: occasion.namespaces.slice(0, FIRST_CLAIMS),
  });
  return { ...first, claims: [...first.claims, ...(await remainingClaims(store, occasion))] };
}

interface Moment {
  readonly facts: LoginRecords;
  readonly now: number;
}

function parentStanding(
  ports: PrincipalPorts,
  { handle, parent }: Credential,
  moment: Moment,
): Promise<Principal> {
  switch (parent.kind) {
    case 'token':
      return standingOfParentToken(ports, parent, moment);
    case 'identity':
      return standingOfParentIdentity(ports, handle, { parent, moment });
    case 'trust':
      return standingOfParentTrusts(ports, handle, { parent, moment });
  }
}

async function standingOfParentToken(
  { store }: PrincipalPorts,
  { id, generation }: Extract<Parent, { kind: 'token' }>,
  { facts: { token, removed, claims }, now }: Moment,
): Promise<Principal> {
  const refusedParent = (why: keyof typeof DENIAL_OF) =>
    unauthenticated(`token ${id}, of a credential: ${why}`, DENIAL_OF[why]);
  if (token === undefined) throw refusedParent(removed ? 'removed' : 'unknown');
  const judgement = judgeGeneration(token, generation, now);
  if (!judgement.usable) throw refusedParent(judgement.refusal);
  await store.touch(token, now);
  return principalOfToken(token, generation, claims);
}

/** Roles that were withdrawn leave an identity that may do nothing, as it would be at a login of its own. */
async function standingOfParentIdentity(
  { policies, administrators }: PrincipalPorts,
  handle: string,
  { parent: { subject }, moment }: { parent: Extract<Parent, { kind: 'identity' }>; moment: Moment },
): Promise<Principal> {
  const ofAccount = await policies.list(handle);
  const rules = [...administrators, ...ofAccount];
  const account = rules.find(rule => accountHandle(rule.account) === handle)?.account;
  if (account === undefined) return { ...ANONYMOUS, subject };
  const roles = rolesOf({ account, subject }, administrators, ofAccount);
  const { claims } = moment.facts;
  return { subject, account, permissions: permissionsOf(roles), claims, endsAt: null };
}

async function standingOfParentTrusts(
  { trusts }: PrincipalPorts,
  handle: string,
  { parent: { subject, ids }, moment }: { parent: Extract<Parent, { kind: 'trust' }>; moment: Moment },
): Promise<Principal> {
  const left = (await trusts.list(handle)).filter(({ id }) => ids.includes(id));
  const [first] = left;
  if (first === undefined)
    throw unauthenticated(`trusts ${ids.join(', ')}, of a credential: removed`, 'ended');
  const { claims } = moment.facts;
  const permissions = left.map(permissionOfTrust);
  return { subject, account: first.account, permissions, claims, endsAt: null };
}

/** The value of a credential; undefined when it would be longer than a credential may be. */
export async function signCredential(
  keys: CredentialKeys,
  credential: Credential,
  now: number,
): Promise<Secret | undefined> {
  const current = await keys.current(now);
  const body = credentialBody(current, credential);
  const mac = await keys.mac(current, body, now);
  if (mac === undefined) throw new Error(`the current credential key ${current} is missing`);
  return formatCredential(body, mac);
}

/** The credential in a presented value, ended or not; undefined for anything that we have not written. */
export async function verifyCredential(
  keys: CredentialKeys,
  value: Secret,
  now: number,
): Promise<Credential | undefined> {
  const sealed = parseCredential(value);
  if (sealed === undefined) return undefined;
  const mac = await keys.mac(sealed.key, sealed.body, now);
  if (mac === undefined) return undefined;
  // Both are 43 characters, so the lengths that timingSafeEqual insists on are equal.
  const isOurs = timingSafeEqual(Buffer.from(formatMac(mac)), Buffer.from(sealed.mac));
  return isOurs ? readCredentialBody(sealed.body) : undefined;
}
