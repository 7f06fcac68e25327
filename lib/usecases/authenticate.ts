/** Authenticates what a request presents, as its route requires. */

import { noCredentials, PullpassError, unauthenticated } from '../domain/errors.ts';
import { type AssertionKind, type Identity, isAdministrator } from '../domain/identity.ts';
import { mayAdminister } from '../domain/policy.ts';
import {
  ANONYMOUS,
  type Credentials,
  type IdentityPrincipal,
  type LoginContext,
  type Principal,
  type SecretCredentials,
  vendContext,
} from '../domain/principal.ts';
import type { SecretFormat } from '../domain/secret.ts';
import { toSeconds } from '../domain/time.ts';
import type { IdentityVerifier, WorkloadVerifier } from '../ports/others.ts';
import type { NonceStore } from '../ports/stores.ts';
import type { Clock } from '../ports/system.ts';
import { credentialPrincipal } from './credential-principal.ts';
import {
  type IdentityPorts,
  identityPrincipal,
  type PrincipalPorts,
  tokenPrincipal,
  withNamespaces,
} from './principal.ts';
import { workloadPrincipal } from './workload-principal.ts';

export interface ManagementAuthenticationPorts extends IdentityPorts {
  readonly identities: IdentityVerifier;
  readonly nonces: NonceStore;
  /** Whether replayable assertions may manage (`PULLPASS_WEAK_MANAGEMENT`). */
  readonly weakManagement: boolean;
  readonly clock: Clock;
}

export interface LoginAuthenticationPorts extends PrincipalPorts {
  readonly identities: IdentityVerifier;
  readonly workloads: WorkloadVerifier;
  readonly clock: Clock;
}

export interface VendAuthenticationPorts extends LoginAuthenticationPorts {
  readonly nonces: NonceStore;
}

export type ManagementRequirement = 'administrator' | 'identity' | 'strong-administrator';

/** The formats that each user name takes. An IAM may sign its refresh tokens, or not. */
const FORMATS: Readonly<Record<SecretCredentials['userName'], readonly SecretFormat[]>> = {
  token: ['a registry token', 'a credential'],
  iamapikey: [],
  iambearer: ['a signed token'],
  iamrefresh: ['a signed token'],
  awsiam: ['a presigned request'],
  oidc: ['a signed token'],
};

/** The identity that manages an account. Throws `unauthenticated`, `forbidden` or `unavailable`. */
export async function authenticateManager(
  ports: ManagementAuthenticationPorts,
  credentials: Credentials,
  required: ManagementRequirement,
): Promise<IdentityPrincipal> {
  if (credentials.userName === 'anonymous') throw noCredentials();
  refuseSecretsOfRegistries(credentials);
  requireFormat(credentials);
  const { userName, secret, sourceAddress } = credentials;
  if (!isAssertion(userName)) {
    const detail = `The user name ${userName} is for logins; manage with iamapikey, iambearer, iamrefresh or awsiam.`;
    throw unauthenticated(`${userName} cannot manage`, 'misplaced', detail);
  }
  const identity = await ports.identities.identify({ kind: userName, secret, sourceAddress }, ports.clock());
  requireStrength(identity, required, ports.weakManagement);
  const principal = await managerPrincipal(ports, identity, required);
  if (required !== 'identity' && !mayAdminister(principal.roles)) {
    const ignored = principal.ignoredGroups === undefined ? '' : `; ${principal.ignoredGroups}`;
    const reason = `${identity.subject} of ${identity.account} has no role administrator${ignored}`;
    throw new PullpassError('forbidden', { reason });
  }
  await consumeNonce(ports, principal);
  return principal;
}

/** Policies make no administrator of the configuration less, so they are read of others only, and where all roles are shown. */
function managerPrincipal(
  { policies, administrators, clock }: ManagementAuthenticationPorts,
  identity: Identity,
  required: ManagementRequirement,
): Promise<IdentityPrincipal> {
  const isConfigured = required !== 'identity' && isAdministrator(identity, administrators);
  const ports = { policies: isConfigured ? NO_POLICIES : policies, administrators };
  return identityPrincipal(ports, identity, toSeconds(clock()));
}

const NO_POLICIES: IdentityPorts['policies'] = { list: async () => [] };

/** The principal of a login. Clients send a stored password again and again, so an assertion may repeat. */
export async function authenticateLogin(
  ports: LoginAuthenticationPorts,
  credentials: Credentials,
  context: LoginContext,
): Promise<Principal> {
  if (credentials.userName === 'anonymous') return ANONYMOUS;
  requireFormat(credentials);
  const { userName, secret, format, sourceAddress, client } = credentials;
  const moment = { ...context, sourceAddress, client, now: toSeconds(ports.clock()) };
  if (userName === 'token') {
    const find = format === 'a credential' ? credentialPrincipal : tokenPrincipal;
    return find(ports, secret, moment);
  }
  const principal =
    userName === 'oidc'
      ? await workloadPrincipal(ports, await ports.workloads.verify(secret, ports.clock()), moment)
      : await identityPrincipal(
          ports,
          await ports.identities.identify({ kind: userName, secret, sourceAddress }, ports.clock()),
          moment.now,
        );
  return withNamespaces(ports.store, principal, context);
}

/** The principal that a credential is vended to: anyone who may log in, with a fresh assertion, but no credential. */
export async function authenticateVend(
  ports: VendAuthenticationPorts,
  credentials: Credentials,
): Promise<Principal> {
  if (credentials.userName === 'anonymous') throw noCredentials();
  if (credentials.format === 'a credential') {
    const detail =
      'A credential cannot vend another; use the registry token or the identity that it came from.';
    throw unauthenticated('nothing is vended from a credential', 'misplaced', detail);
  }
  const principal = await authenticateLogin(ports, credentials, vendContext(''));
  if (isIdentityPrincipal(principal)) await consumeNonce(ports, principal);
  return principal;
}

/** A secret in the wrong place goes nowhere: least of all one of ours to an issuer, as if it were an API key. */
export function requireFormat({ userName, format }: SecretCredentials): void {
  if (format === undefined || FORMATS[userName].includes(format)) return;
  const detail = `The user name ${userName} does not take ${format}.`;
  throw unauthenticated(`${userName} with ${format}`, 'misplaced', detail);
}

/** By its format alone: the answer says nothing of whether the secret is good. */
function refuseSecretsOfRegistries({ userName, format }: SecretCredentials): void {
  if (format !== 'a registry token' && format !== 'a credential') return;
  throw new PullpassError('not-an-administrator-credential', {
    reason: `${userName} with ${format} cannot manage`,
  });
}

function isAssertion(userName: SecretCredentials['userName']): userName is AssertionKind {
  return userName !== 'oidc' && userName !== 'token';
}

/** Management refuses an assertion that another service could have replayed, unless the operator allows it. */
function requireStrength(
  { strength }: Identity,
  required: ManagementRequirement,
  weakManagement: boolean,
): void {
  if (strength === 'strong' || (weakManagement && required !== 'strong-administrator')) return;
  throw new PullpassError('forbidden', {
    detail:
      'This proof can be replayed by other services; use an API key, or a token made for this audience.',
  });
}

function isIdentityPrincipal(principal: Principal): principal is IdentityPrincipal {
  return principal.kind === 'identity';
}

/**
 * An assertion that anyone who reads a log could send again is good once. A caller without a role can do nothing with it,
 * and must not make us write to the table and the ledger: anyone with an AWS account could.
 */
async function consumeNonce(
  { nonces, clock }: Pick<VendAuthenticationPorts, 'clock' | 'nonces'>,
  { identity: { nonce, expiresAt }, roles }: IdentityPrincipal,
): Promise<void> {
  if (nonce === null || roles.length === 0) return;
  if (await nonces.consume(nonce, expiresAt ?? Math.ceil(clock() / 1000))) return;
  throw unauthenticated('the assertion was used before', 'not-proven');
}
