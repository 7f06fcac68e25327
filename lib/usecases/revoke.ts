/** Revokes a secret by possession (RFC 7009). */

import { tooOften } from '../domain/errors.ts';
import type { Account } from '../domain/identifiers.ts';
import { hashRegistryToken, parseRegistryToken } from '../domain/registry-token.ts';
import { type Secret, secretFormatOf } from '../domain/secret.ts';
import { toSeconds } from '../domain/time.ts';
import { revokeToken } from '../domain/token-record.ts';
import type { AuditStore } from '../ports/audit.ts';
import type { CredentialKeys } from '../ports/keys.ts';
import type { LoginStore, RevokedCredentialStore, TokenStore } from '../ports/stores.ts';
import type { Clock, RateLimit } from '../ports/system.ts';
import { recordAct, retryOnConflict } from './acts.ts';
import { verifyCredential } from './secret-values.ts';

/** How many credentials of one parent may be revoked in a minute: each writes two records. */
export const REVOCATIONS_PER_MINUTE = 300;

export interface RevokePorts {
  /** By parent. */
  readonly revocations: RateLimit;
  readonly store: Pick<LoginStore, 'read'>;
  readonly tokens: Pick<TokenStore, 'update'>;
  readonly revokedCredentials: RevokedCredentialStore;
  readonly credentialKeys: CredentialKeys;
  readonly audit: AuditStore;
  readonly clock: Clock;
}

export interface RevokeRequest {
  readonly secret: Secret;
  readonly requestId: string;
  readonly sourceAddress: string;
}

/** What was revoked, for the log. The caller does not learn it. */
export type Revoked =
  | { readonly kind: 'token'; readonly id: string; readonly account: Account }
  | { readonly kind: 'credential'; readonly jti: string }
  | { readonly kind: 'nothing' };

const NOTHING: Revoked = { kind: 'nothing' };

/**
 * Disables a registry token, ends the grace of a previous value, or revokes one credential; anything else is ignored.
 * Throws what the store throws, and `rate-limited`: the secret may still be good then, and the caller must not believe
 * otherwise.
 */
export async function revoke(ports: RevokePorts, request: RevokeRequest): Promise<Revoked> {
  const isCredential = secretFormatOf(request.secret) === 'a credential';
  return isCredential ? revokeCredential(ports, request) : disableToken(ports, request);
}

/** A repetition adds no second audit record. */
async function revokeCredential(
  { credentialKeys, store, revokedCredentials, audit, clock, revocations }: RevokePorts,
  { secret, requestId, sourceAddress }: RevokeRequest,
): Promise<Revoked> {
  const now = toSeconds(clock());
  const credential = await verifyCredential(credentialKeys, secret, now);
  if (credential === undefined || credential.endsAt <= now) return NOTHING;
  const { handle, jti, endsAt, parent } = credential;
  const wait = revocations(`${handle} ${JSON.stringify(parent)}`, clock());
  if (wait !== undefined) throw tooOften(wait);
  if ((await store.read({ credential: { handle, jti }, namespaces: [] })).revoked) return NOTHING;
  const subject = `credential:${jti}` as const;
  const act = { act: 'end-credential', target: jti } as const;
  await audit.record({ handle, subject, ...act, requestId, sourceAddress }, clock());
  await revokedCredentials.revoke({ handle, jti }, endsAt);
  return { kind: 'credential', jti };
}

async function disableToken(ports: RevokePorts, request: RevokeRequest): Promise<Revoked> {
  const address = parseRegistryToken(request.secret);
  if (address === undefined) return NOTHING;
  return retryOnConflict(async () => {
    const { token } = await ports.store.read({ token: address, namespaces: [] });
    const now = toSeconds(ports.clock());
    const subject = `token:${address.id}` as const;
    const after = revokeToken(token, hashRegistryToken(request.secret), { now, by: subject });
    if (token === undefined || after === undefined) return NOTHING;
    const { account, id } = token;
    const { requestId, sourceAddress } = request;
    const actor = { account, subject, strength: 'strong', requestId, sourceAddress } as const;
    await recordAct(ports, actor, { act: 'revoke-token', target: id });
    return (await ports.tokens.update(token, after, now)) ? { kind: 'token', id, account } : undefined;
  });
}
