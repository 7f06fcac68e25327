/** Issues values: adds a token, rotates one, each at most once per Idempotency-Key. */

import { hash } from 'node:crypto';
import { PullpassError } from '../domain/errors.ts';
import { decideReplay, type IdempotencyRecord } from '../domain/idempotency.ts';
import type { Secret } from '../domain/secret.ts';
import { toSeconds } from '../domain/time.ts';
import { hasGrace, isExpired, rotateToken as rotated, type TokenRecord } from '../domain/token-record.ts';
import { UUID_RANDOM_BYTES, uuidV7 } from '../domain/uuid.ts';
import { type Actor, recordAct } from './audit.ts';
import { findToken, newValue, rederiveValue, type TokenPorts } from './manage-tokens.ts';
import { retryOnConflict } from './retry.ts';

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

/** A token and the value that was just issued for it. */
export interface Issued {
  readonly record: TokenRecord;
  readonly value: Secret;
}

/** What identifies the write of one issuing request. */
export type IssuingWrite = Pick<IdempotencyRecord, 'tokenId' | 'write' | 'createdAt'>;

export interface IssuingRequest {
  readonly actor: Actor;
  /** The caller's `Idempotency-Key`; undefined: the request is carried out as often as it comes. */
  readonly key: string | undefined;
  /** Everything that is asked for, in one spelling. */
  readonly payload: string;
  readonly tokenId: string;
  /** The generation that the request makes. */
  readonly generation: number;
}

/**
 * Issues the value; undefined when another writer was faster. A token that is handed in was just read and is the
 * only state that the act may build on: whoever changed it since was faster.
 */
export type Act = (write: IssuingWrite, token: TokenRecord | undefined) => Promise<Issued | undefined>;

const WRITE_BYTES = 16;

/**
 * Without a key, acts. With one: the record of the request is stored as pending, the act carried out, the record
 * marked as done. A repetition finds the record, and from it and the token decides what is left to do. It never
 * carries out what is done, and what it shows counts as a retrieval of the value.
 */
export async function issueIdempotently(
  ports: TokenPorts,
  request: IssuingRequest,
  act: Act,
): Promise<Issued> {
  const record = newRecord(ports, request);
  if (request.key === undefined) return retryOnConflict(() => act(record, undefined));
  const { actor } = request;
  const first = await ports.idempotency.begin(actor.account, record, toSeconds(ports.clock()));
  if (first.payload !== record.payload) throw new PullpassError('idempotency-mismatch');
  const issued = await retryOnConflict(() => executeOrReplay(ports, { actor, first, act }));
  await ports.idempotency.finish(actor.account, first);
  return issued;
}

interface Step {
  readonly actor: Actor;
  readonly first: IdempotencyRecord;
  readonly act: Act;
}

async function executeOrReplay(ports: TokenPorts, { actor, first, act }: Step): Promise<Issued | undefined> {
  const now = toSeconds(ports.clock());
  const token = await ports.tokens.get(actor.account, first.tokenId, now);
  const decision = decideReplay(first, token, now);
  if (decision === 'execute') return act(first, token);
  const mayRead = ports.valueRetrieval && actor.strength === 'strong';
  if (decision === 'reject' || token === undefined || !mayRead) {
    throw new PullpassError('idempotency-replayed', { id: first.tokenId });
  }
  await recordAct(ports, actor, { act: 'retrieve-value', target: token.id });
  return { record: token, value: await rederiveValue(ports, token) };
}

function newRecord(ports: TokenPorts, request: IssuingRequest): IdempotencyRecord {
  const { subject } = request.actor;
  return {
    key: hash('sha256', JSON.stringify([subject, request.key ?? ''])),
    payload: hash('sha256', request.payload),
    tokenId: request.tokenId,
    generation: request.generation,
    write: Buffer.from(ports.randomBytes(WRITE_BYTES)).toString('hex'),
    state: 'pending',
    createdAt: toSeconds(ports.clock()),
  };
}

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
