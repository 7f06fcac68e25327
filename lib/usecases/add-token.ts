/** Adds a registry token. */
import { PullpassError } from '../domain/errors.ts';
import { toSeconds } from '../domain/time.ts';
import { isExpired, type TokenRecord } from '../domain/token-record.ts';
import { UUID_RANDOM_BYTES, uuidV7 } from '../domain/uuid.ts';
import { type Actor, recordAct } from './actor.ts';
import { type Issued, type IssuingWrite, issueIdempotently } from './once.ts';
import type { TokenPorts } from './token-ports.ts';
import { newValue } from './token-value.ts';

export interface NewToken extends Pick<TokenRecord, 'access' | 'repositories' | 'description'> {
  /** null: it never ends by itself. */
  readonly expiresInSeconds: number | null;
  readonly retrievable: boolean;
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

async function create(
  ports: TokenPorts,
  { actor, token }: AddRequest,
  { tokenId, write, createdAt }: IssuingWrite,
): Promise<Issued | undefined> {
  const { account, subject } = actor;
  const { access, repositories, description, expiresInSeconds, retrievable } = token;
  const { value, kept } = await newValue(ports, { account, id: tokenId, retrievable });
  const record: TokenRecord = {
    account,
    id: tokenId,
    ...kept,
    generation: 1,
    issuanceId: write,
    access,
    repositories,
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
