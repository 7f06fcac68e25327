/** A login: a secret in, an access token out that allows what was asked for and is allowed. */

import type { RequestedAccess } from '../domain/access.ts';
import { accessTokenClaims, expiresInSeconds, JTI_BYTES } from '../domain/access-token.ts';
import type { Account } from '../domain/account.ts';
import { type DeniedScope, deniedScopes, type GrantedAccess, grant, namespacesOf } from '../domain/grant.ts';
import { isHeldBy } from '../domain/namespace.ts';
import type { Service } from '../domain/service.ts';
import { toSeconds } from '../domain/time.ts';
import type { AccessTokenSigner } from '../ports/keys.ts';
import type { Clock, RandomBytes } from '../ports/system.ts';
import type { Caller, PrincipalPorts } from './principal.ts';
import { resolvePrincipal } from './resolve-principal.ts';

export interface LoginPorts extends PrincipalPorts {
  readonly signer: AccessTokenSigner;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  /** `PULLPASS_URL`: the `iss` of access tokens. */
  readonly issuer: string;
}

export interface LoginRequest {
  readonly caller: Caller;
  readonly service: Service;
  readonly requested: readonly RequestedAccess[];
}

export interface Login {
  readonly accessToken: string;
  readonly expiresIn: number;
  readonly granted: readonly GrantedAccess[];
  readonly shortfalls: readonly DeniedScope[];
  /** For the audit log: `token:<id>`, or the subject; empty when anonymous. */
  readonly subject: string;
  readonly account: Account | undefined;
  /** The name of the credential that was presented. */
  readonly credential: string | undefined;
}

/** Logs in. Lacking rights give a smaller or empty grant; only a bad secret is an error, `unauthenticated`. */
export async function logIn(ports: LoginPorts, request: LoginRequest): Promise<Login> {
  const now = toSeconds(ports.clock());
  const { service, requested } = request;
  const occasion = { service: service.name, namespaces: namespacesOf(requested), now };
  const standing = await resolvePrincipal(ports, request.caller, occasion);
  const { subject, account, permissions, claims, endsAt } = standing;
  const held = claims.filter(claim => account !== undefined && isHeldBy(claim, account));
  const owned = new Set(held.map(({ name }) => name));
  const granted = grant(requested, permissions, owned);
  const expiresIn = expiresInSeconds(service.lifetimeSeconds, endsAt, now);
  const jti = Buffer.from(ports.randomBytes(JTI_BYTES)).toString('base64url');
  const issuance = { issuer: ports.issuer, service: service.name, subject, granted, jti };
  const accessToken = await ports.signer.sign(accessTokenClaims(issuance, expiresIn, now), now);
  const missing = deniedScopes(requested, permissions, owned);
  return {
    accessToken,
    expiresIn,
    granted,
    shortfalls: missing,
    subject,
    account,
    credential: standing.credential,
  };
}
