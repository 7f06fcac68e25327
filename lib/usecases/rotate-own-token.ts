/** Rotates a token for who holds its value: what it allows, and until when, stays as it is. */

import { tooOften } from '../domain/errors.ts';
import { type Holder, requireRotation } from '../domain/holder.ts';
import type { RateLimit } from '../ports/system.ts';
import type { Issued } from './issue-once.ts';
import { type Rotation, rotateToken } from './issue-token.ts';
import type { TokenPorts } from './manage-tokens.ts';

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
