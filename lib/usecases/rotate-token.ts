/** Gives a token a new value; the old one works until the grace ends. */
import { PullpassError } from '../domain/errors.ts';
import { toSeconds } from '../domain/time.ts';
import { hasGrace, rotateToken as rotated, type TokenRecord } from '../domain/token-record.ts';
import { type Actor, recordAct } from './actor.ts';
import { findToken } from './manage-tokens.ts';
import { type Issued, type IssuingWrite, issueIdempotently } from './once.ts';
import type { TokenPorts } from './token-ports.ts';
import { newValue } from './token-value.ts';

export interface Rotation {
  /** How long the value so far keeps working. */
  readonly graceSeconds: number;
  /** Ends a grace that still runs, instead of being refused because of it. */
  readonly force: boolean;
}

export interface RotateRequest {
  readonly actor: Actor;
  readonly id: string;
  readonly rotation: Rotation;
  readonly idempotencyKey: string | undefined;
}

/** Answers the record after the rotation and the new value. Throws `rotation-in-progress` while a grace runs. */
export async function rotateToken(ports: TokenPorts, request: RotateRequest): Promise<Issued> {
  const { actor, id, rotation, idempotencyKey } = request;
  const { generation } = await findToken(ports, actor.account, id);
  const issuing = {
    actor,
    key: idempotencyKey,
    payload: JSON.stringify(['rotate-token', id, rotation]),
    tokenId: id,
    generation: generation + 1,
  };
  return issueIdempotently(ports, issuing, async (write, token) =>
    rotate(ports, request, { write, token: token ?? (await findToken(ports, actor.account, id)) }),
  );
}

async function rotate(
  ports: TokenPorts,
  { actor, id, rotation }: RotateRequest,
  { write, token }: { write: IssuingWrite; token: TokenRecord },
): Promise<Issued | undefined> {
  const now = toSeconds(ports.clock());
  if (hasGrace(token, now) && !rotation.force) throw new PullpassError('rotation-in-progress');
  const retrievable = token.derivation !== null;
  const { value, kept } = await newValue(ports, { account: token.account, id, retrievable });
  const record = rotated(token, { ...kept, issuanceId: write.write }, rotation.graceSeconds, now);
  await recordAct(ports, actor, { act: 'rotate-token', target: id });
  return (await ports.tokens.update(token, record, now)) ? { record, value } : undefined;
}
