/** Issues the values of registry tokens: adds a token, or rotates one. */
import { PullpassError } from '../domain/errors.ts';
import { UUID_RANDOM_BYTES, uuidV7 } from '../domain/identifiers.ts';
import { toSeconds } from '../domain/time.ts';
import { hasGrace, isExpired, rotateToken as rotated, type TokenRecord } from '../domain/token-record.ts';
import { type Actor, finishRequest, recordAct } from './acts.ts';
import { type Issued, type IssuingWrite, issueIdempotently } from './idempotency.ts';
import { findToken, type TokenPorts } from './manage-tokens.ts';
import { newValue } from './secret-values.ts';

export interface NewToken extends Pick<TokenRecord, 'access' | 'repositories' | 'description'> {
  /** null: it never ends by itself. */
  readonly expiresInSeconds: number | null;
  readonly retrievable: boolean;
  /** Absent: any number. */
  readonly pullsPerDay?: number | undefined;
}

export interface AddRequest {
  readonly actor: Actor;
  readonly token: NewToken;
  readonly idempotencyKey: string | undefined;
}

/** Answers the new record and its value. A repetition with the same key never adds a second one. */
export async function addToken(ports: TokenPorts, request: AddRequest): Promise<Issued> {
  const { actor, token, idempotencyKey } = request;
  const issuing = {
    actor,
    key: idempotencyKey,
    payload: JSON.stringify(['add-token', token]),
    tokenId: uuidV7(ports.clock(), ports.randomBytes(UUID_RANDOM_BYTES)),
    generation: 1,
  };
  return issueIdempotently(ports, issuing, write => create(ports, request, write));
}

export interface Rotation {
  /** How long the previous value still works. */
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

async function create(
  ports: TokenPorts,
  { actor, token }: AddRequest,
  { tokenId, write, createdAt }: IssuingWrite,
): Promise<Issued | undefined> {
  const { account, subject } = actor;
  const { access, repositories, description, expiresInSeconds, retrievable, pullsPerDay } = token;
  const { value, stored } = await newValue(ports, { account, id: tokenId, retrievable });
  const record: TokenRecord = {
    account,
    id: tokenId,
    ...stored,
    generation: 1,
    issuanceId: write,
    access,
    repositories,
    pullsPerDay: pullsPerDay ?? null,
    description,
    createdAt,
    createdBy: subject,
    expiresAt: expiresInSeconds === null ? null : createdAt + expiresInSeconds,
    disabled: null,
    lastUsedAt: null,
    previous: null,
    version: 1,
  };
  const now = toSeconds(ports.clock());
  if (isExpired(record, now)) throw new PullpassError('idempotency-replayed', { id: tokenId });
  await recordAct(ports, actor, { act: 'add-token', target: tokenId });
  if (await ports.tokens.add(record)) return { record, value };
  // An id that is taken by nothing is that of a token which the first attempt added, and which is gone.
  if ((await ports.tokens.get(account, tokenId, now)) === undefined) {
    throw new PullpassError('idempotency-replayed', { id: tokenId });
  }
  return undefined;
}

async function rotate(
  ports: TokenPorts,
  { actor, id, rotation }: RotateRequest,
  { write, token }: { write: IssuingWrite; token: TokenRecord },
): Promise<Issued | undefined> {
  const now = toSeconds(ports.clock());
  if (hasGrace(token, now) && !rotation.force) throw new PullpassError('rotation-in-progress');
  const retrievable = token.derivation !== null;
  const { value, stored } = await newValue(ports, { account: token.account, id, retrievable });
  const record = rotated(token, { ...stored, issuanceId: write.write }, rotation.graceSeconds, now);
  await recordAct(ports, actor, { act: 'rotate-token', target: id });
  await finishRequest(ports, token);
  return (await ports.tokens.update(token, record, now)) ? { record, value } : undefined;
}
