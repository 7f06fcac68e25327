/** Issues the access token of a login: what was requested and is allowed. */
import type { RequestedAccess } from '../domain/access.ts';
import {
  type AccessTokenClaims,
  accessTokenClaims,
  expiresInSeconds,
  JTI_BYTES,
} from '../domain/access-token.ts';
import { type DeniedScope, deniedScopes, type GrantedAccess, grant } from '../domain/grant.ts';
import type { Principal } from '../domain/principal.ts';
import type { Service } from '../domain/service.ts';
import { toSeconds } from '../domain/time.ts';
import type { AccessTokenSigner } from '../ports/keys.ts';
import type { Clock, RandomBytes } from '../ports/system.ts';

export interface LoginPorts {
  readonly signer: AccessTokenSigner;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  /** `PULLPASS_URL`: the `iss` of access tokens. */
  readonly issuer: string;
}

export interface LoginRequest {
  readonly principal: Principal;
  readonly service: Service;
  readonly requested: readonly RequestedAccess[];
}

export interface Login {
  readonly accessToken: string;
  readonly expiresIn: number;
  readonly granted: readonly GrantedAccess[];
  readonly denied: readonly DeniedScope[];
}

/** What a login is granted and denied, and the claims that say so. */
export interface Decision extends Omit<Login, 'accessToken'> {
  readonly claims: AccessTokenClaims;
}

interface Moment {
  readonly issuer: string;
  readonly jti: string;
  /** Seconds since 1970. */
  readonly now: number;
}

/** Missing rights give a smaller or empty grant, never an error. */
export async function logIn(ports: LoginPorts, request: LoginRequest): Promise<Login> {
  const now = toSeconds(ports.clock());
  const jti = Buffer.from(ports.randomBytes(JTI_BYTES)).toString('base64url');
  const { claims, ...login } = decideLogin(request, { issuer: ports.issuer, jti, now });
  return { ...login, accessToken: await ports.signer.sign(claims, now) };
}

/** What the access token of a login says. An explanation asks the same, and signs nothing. */
export function decideLogin(
  { service, requested, principal }: LoginRequest,
  { issuer, jti, now }: Moment,
): Decision {
  const { subject, permissions, ownedNamespaces, endsAt } = principal;
  const allowed = grant(requested, permissions, ownedNamespaces);
  const expiresIn = expiresInSeconds(service.lifetimeSeconds, endsAt, now);
  // A registry has no use for it.
  const parent = service.upstream === undefined ? undefined : principal.tokenParent;
  const issuance = { issuer, service: service.name, subject, granted: allowed, jti, parent };
  const claims = accessTokenClaims(issuance, expiresIn, now);
  const granted = claims.access;
  const cut = allowed.slice(granted.length).map(({ name }) => ({ name, rule: 'token-full' as const }));
  const denied = [...deniedTo(principal, requested), ...cut];
  return { claims, expiresIn, granted, denied };
}

function deniedTo(
  { permissions, ownedNamespaces, outsideNetworks }: Principal,
  requested: readonly RequestedAccess[],
): DeniedScope[] {
  const denied = deniedScopes(requested, permissions, ownedNamespaces);
  if (outsideNetworks === undefined) return denied;
  return denied.map(({ name, rule }) => ({
    name,
    rule: rule === 'caller-not-named' ? 'network-not-allowed' : rule,
  }));
}
