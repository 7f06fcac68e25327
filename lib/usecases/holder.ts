/** The holder of a registry token: authenticated by a value of it or a credential, and who may rotate it. */

import { noCredentials, PullpassError, tooOften, unauthenticated } from '../domain/errors.ts';
import { type Holder, refusalOf, requireRotation } from '../domain/holder.ts';
import type { Credentials } from '../domain/principal.ts';
import { hashRegistryToken, parseRegistryToken } from '../domain/registry-token.ts';
import type { Secret } from '../domain/secret.ts';
import { toSeconds } from '../domain/time.ts';
import { endOfGeneration, judge, judgeGeneration, type UseContext } from '../domain/token-record.ts';
import type { CredentialKeys } from '../ports/keys.ts';
import type { LoginStore } from '../ports/stores.ts';
import type { Clock, RateLimit } from '../ports/system.ts';
import { requireFormat } from './authenticate.ts';
import type { Issued } from './issue-once.ts';
import { type Rotation, rotateToken } from './issue-token.ts';
import type { TokenPorts } from './manage-tokens.ts';
import { DENIAL_OF } from './principal.ts';
import { verifyCredential } from './secret-values.ts';

export interface HolderPorts {
  /** Never touched: to look at a token is no use of it. */
  readonly store: Pick<LoginStore, 'read'>;
  readonly credentialKeys: CredentialKeys;
  readonly clock: Clock;
}

/**
 * Throws `unauthenticated`, in the same words for everything that is not a value or credential of a token that exists;
 * `token-expired`, `value-disabled` or `token-rotated` for one that was right.
 */
export async function authenticateHolder(ports: HolderPorts, credentials: Credentials): Promise<Holder> {
  if (credentials.userName === 'anonymous') throw noCredentials();
  const { userName, secret, format } = credentials;
  if (userName !== 'token') {
    const detail = `The user name ${userName} has no registry token; send the token with the user name token, or as Bearer.`;
    throw unauthenticated(`${userName} is no holder`, 'misplaced', detail);
  }
  requireFormat(credentials);
  const context = { now: toSeconds(ports.clock()), sourceAddress: credentials.sourceAddress };
  return format === 'a credential'
    ? holderOfCredential(ports, secret, context)
    : holderOfValue(ports, secret, context);
}

async function holderOfValue({ store }: HolderPorts, secret: Secret, context: UseContext): Promise<Holder> {
  const address = parseRegistryToken(secret);
  if (address === undefined) throw unauthenticated('token: malformed', 'unknown-secret');
  const { token, removed } = await store.read({ token: address, namespaces: [] });
  const judgement = judge(token, hashRegistryToken(secret), context);
  if (token === undefined) throw refused(address.id, removed ? 'removed' : 'unknown');
  if (judgement.usable) {
    const { generation } = judgement;
    const presented = generation === token.generation ? 'value' : 'previous-value';
    return { presented, token, generation, endsAt: endOfGeneration(token, generation) };
  }
  const { refusal } = judgement;
  if (refusal === 'unknown' || refusal === 'wrong-secret') throw refused(address.id, refusal);
  throw refusalOf(token, token.generation - (refusal === 'superseded' ? 1 : 0), refusal);
}

async function holderOfCredential(ports: HolderPorts, secret: Secret, context: UseContext): Promise<Holder> {
  const { now } = context;
  const credential = await verifyCredential(ports.credentialKeys, secret, now);
  if (credential === undefined) throw unauthenticated('credential: not one of ours', 'unknown-secret');
  const { handle, jti, parent, endsAt } = credential;
  if (endsAt <= now) throw unauthenticated(`credential ${jti}: expired`, 'expired');
  if (parent.kind !== 'token') {
    throw new PullpassError('forbidden', { detail: 'No registry token is behind this credential.' });
  }
  const { id, generation } = parent;
  const query = { token: { handle, id }, credential: { handle, jti }, namespaces: [] };
  const { token, removed, revoked } = await ports.store.read(query);
  if (revoked) throw unauthenticated(`credential ${jti}: ended`, 'ended');
  if (token === undefined) throw refused(id, removed ? 'removed' : 'unknown');
  const judgement = judgeGeneration(token, generation, context);
  if (!judgement.usable) throw refusalOf(token, generation, judgement.refusal);
  const parentEnd = endOfGeneration(token, generation) ?? endsAt;
  return { presented: 'credential', token, generation, endsAt: Math.min(endsAt, parentEnd) };
}

function refused(id: string, why: keyof typeof DENIAL_OF): PullpassError {
  return unauthenticated(`token ${id}: ${why}`, DENIAL_OF[why]);
}

/** How often a holder may ask in a minute, also in vain: a request with an Idempotency-Key writes a record. */
export const OWN_ROTATIONS_PER_MINUTE = 10;

export interface RotationPorts extends TokenPorts {
  /** By token. */
  readonly rotations: RateLimit;
}

export interface OwnRotation {
  readonly holder: Holder;
  readonly rotation: Rotation;
  readonly idempotencyKey: string | undefined;
  readonly requestId: string;
  readonly sourceAddress: string;
}

/** Throws what `requireRotation` throws, and `rotation-in-progress`. A repeated request is answered as one of an administrator is. */
export async function rotateOwnToken(ports: RotationPorts, request: OwnRotation): Promise<Issued> {
  const { holder, rotation, idempotencyKey, requestId, sourceAddress } = request;
  const { account, id } = holder.token;
  const wait = ports.rotations(id, ports.clock());
  if (wait !== undefined) throw tooOften(wait);
  const actor = { account, subject: `token:${id}`, strength: 'strong', requestId, sourceAddress } as const;
  return rotateToken(ports, {
    actor,
    id,
    rotation,
    idempotencyKey,
    require: (token, now) => requireRotation(token, holder, { now, sourceAddress }),
  });
}
