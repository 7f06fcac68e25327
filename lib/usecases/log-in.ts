/** Issues the access token of a login: what was requested and is allowed. */
import type { RequestedAccess } from '../domain/access.ts';
import { accessTokenClaims, expiresInSeconds, JTI_BYTES } from '../domain/access-token.ts';
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

/** Missing rights give a smaller or empty grant, never an error. */
export async function logIn(ports: LoginPorts, request: LoginRequest): Promise<Login> {
  const { service, requested, principal } = request;
  const { subject, permissions, ownedNamespaces, endsAt } = principal;
  const now = toSeconds(ports.clock());
  const allowed = grant(requested, permissions, ownedNamespaces);
  const expiresIn = expiresInSeconds(service.lifetimeSeconds, endsAt, now);
  const jti = Buffer.from(ports.randomBytes(JTI_BYTES)).toString('base64url');
  // A registry has no use for it.
  const parent = service.upstream === undefined ? undefined : principal.tokenParent;
  const issuance = { issuer: ports.issuer, service: service.name, subject, granted: allowed, jti, parent };
  const claims = accessTokenClaims(issuance, expiresIn, now);
  const accessToken = await ports.signer.sign(claims, now);
  const granted = claims.access;
  const cut = allowed.slice(granted.length).map(({ name }) => ({ name, rule: 'token-full' as const }));
  const denied = [...deniedScopes(requested, permissions, ownedNamespaces), ...cut];
  return { accessToken, expiresIn, granted, denied };
}
