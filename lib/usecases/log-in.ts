/** A login: a secret in, an access token out that allows what was asked for and is allowed. */

import { actionsOf, EVERYTHING } from '../domain/access.ts';
import { accessTokenClaims, expiresInSeconds, JTI_BYTES } from '../domain/access-token.ts';
import type { Account } from '../domain/account.ts';
import { PullpassError } from '../domain/errors.ts';
import { type GrantedAccess, grant, namespacesOf, type Permission } from '../domain/grant.ts';
import { type Administrator, type Identity, isAdministrator } from '../domain/identity.ts';
import { isHeldBy, type NamespaceClaim } from '../domain/namespace-claim.ts';
import { hashRegistryToken, parseRegistryToken } from '../domain/registry-token.ts';
import type { RequestedAccess } from '../domain/scope.ts';
import type { Secret } from '../domain/secret.ts';
import type { Service } from '../domain/service.ts';
import { toSeconds } from '../domain/time.ts';
import { judge, type TokenRecord } from '../domain/token-record.ts';
import type { AccessTokenSigner, Clock, LoginStore, RandomBytes } from '../ports.ts';

export interface LoginPorts {
  readonly store: LoginStore;
  readonly signer: AccessTokenSigner;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  /** `PULLPASS_URL`: the `iss` of access tokens. */
  readonly issuer: string;
  readonly administrators: readonly Administrator[];
}

/** Who logs in. The identity was recognised by the shared middleware. */
export type LoginCaller =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'token'; readonly secret: Secret }
  | { readonly kind: 'identity'; readonly identity: Identity };

export interface LoginRequest {
  readonly caller: LoginCaller;
  readonly service: Service;
  readonly requested: readonly RequestedAccess[];
}

export interface Login {
  readonly accessToken: string;
  readonly expiresIn: number;
  readonly granted: readonly GrantedAccess[];
  /** For the audit log: `token:<id>`, or the subject; empty when anonymous. */
  readonly subject: string;
  readonly account: Account | undefined;
}

/** Who someone turned out to be, and what that allows. */
interface Standing {
  readonly subject: string;
  readonly account: Account | undefined;
  readonly permissions: readonly Permission[];
  readonly claims: readonly NamespaceClaim[];
  /** When the secret ends, in seconds since 1970; null: not by itself. */
  readonly endsAt: number | null;
}

/** Claims that the first read fetches along with the token: an unproven secret may not cost more. */
const FIRST_CLAIMS = 8;
const NOBODY: Standing = { subject: '', account: undefined, permissions: [], claims: [], endsAt: null };

/** Logs in. Lacking rights give a smaller or empty grant; only a bad secret is an error, `unauthenticated`. */
export async function logIn(ports: LoginPorts, request: LoginRequest): Promise<Login> {
  const now = toSeconds(ports.clock());
  const { service, requested } = request;
  const { subject, account, permissions, claims, endsAt } = await standingOf(ports, request, now);
  const owned = claims
    .filter(claim => account !== undefined && isHeldBy(claim, account))
    .map(({ name }) => name);
  const granted = grant(requested, permissions, new Set(owned));
  const expiresIn = expiresInSeconds(service.lifetimeSeconds, endsAt, now);
  const jti = Buffer.from(ports.randomBytes(JTI_BYTES)).toString('base64url');
  const issuance = { issuer: ports.issuer, service: service.name, subject, granted, jti };
  const accessToken = await ports.signer.sign(accessTokenClaims(issuance, expiresIn, now), now);
  return { accessToken, expiresIn, granted, subject, account };
}

async function standingOf(
  ports: LoginPorts,
  { caller, requested }: LoginRequest,
  now: number,
): Promise<Standing> {
  const namespaces = namespacesOf(requested);
  if (caller.kind === 'anonymous') return NOBODY;
  if (caller.kind === 'token') return tokenStanding(ports, { secret: caller.secret, namespaces, now });
  return identityStanding(ports, caller.identity, namespaces);
}

async function tokenStanding(
  { store }: LoginPorts,
  { secret, namespaces, now }: { secret: Secret; namespaces: readonly string[]; now: number },
): Promise<Standing> {
  const address = parseRegistryToken(secret);
  if (address === undefined) throw refused('malformed');
  const first = await store.read(address, namespaces.slice(0, FIRST_CLAIMS));
  const { token, removed } = first;
  const judgement = judge(token, hashRegistryToken(secret), now);
  if (!judgement.usable) throw refused(removed ? 'removed' : judgement.refusal, address.id);
  if (token === undefined) throw refused('unknown', address.id);
  const rest = await store.read(undefined, namespaces.slice(FIRST_CLAIMS));
  await store.touch(token, now);
  return {
    subject: `token:${token.id}`,
    account: token.account,
    permissions: [{ repositories: token.repositories, actions: actionsOf(token.access) }],
    claims: [...first.claims, ...rest.claims],
    endsAt: endOf(token, judgement.generation),
  };
}

/** A value in its grace ends with the grace, or with the token. */
function endOf({ generation, previous, expiresAt }: TokenRecord, presented: number): number | null {
  if (presented === generation || previous === null) return expiresAt;
  return expiresAt === null ? previous.expiresAt : Math.min(previous.expiresAt, expiresAt);
}

async function identityStanding(
  { store, administrators }: LoginPorts,
  identity: Identity,
  namespaces: readonly string[],
): Promise<Standing> {
  const { subject, account, expiresAt } = identity;
  const permissions = isAdministrator(identity, administrators)
    ? [{ repositories: null, actions: EVERYTHING }]
    : [];
  const { claims } = await store.read(undefined, permissions.length === 0 ? [] : namespaces);
  return { subject, account, permissions, claims, endsAt: expiresAt };
}

function refused(why: string, id?: string): PullpassError {
  return new PullpassError('unauthenticated', {
    reason: id === undefined ? `token: ${why}` : `token ${id}: ${why}`,
  });
}
