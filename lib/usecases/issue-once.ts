/** Issues a value at most once for each Idempotency-Key, and shows it again to who repeats the request. */

import { hash } from 'node:crypto';
import { PullpassError } from '../domain/errors.ts';
import { decideReplay, formatIssuanceId, type IdempotencyRecord } from '../domain/idempotency.ts';
import type { Secret } from '../domain/secret.ts';
import { toSeconds } from '../domain/time.ts';
import type { TokenRecord } from '../domain/token-record.ts';
import { type Actor, recordAct, retryOnConflict } from './acts.ts';
import type { TokenPorts } from './manage-tokens.ts';
import { rederiveValue } from './secret-values.ts';

/** A token and the value that was just issued for it. */
export interface Issued {
  readonly record: TokenRecord;
  readonly value: Secret;
}

/** What identifies the write of one issuing request. */
export type IssuingWrite = Pick<IdempotencyRecord, 'tokenId' | 'write' | 'createdAt'>;

export interface IssuingRequest {
  readonly actor: Actor;
  /** The caller's `Idempotency-Key`; undefined: every repetition is executed. */
  readonly key: string | undefined;
  /** Everything that is asked for, in one spelling. */
  readonly payload: string;
  readonly tokenId: string;
  /** The generation that the request makes. */
  readonly generation: number;
}

/**
 * Issues the value; undefined when another writer was faster. A token that is handed in was just read and is the
 * only state that the act may build on.
 */
export type Act = (write: IssuingWrite, token: TokenRecord | undefined) => Promise<Issued | undefined>;

const WRITE_BYTES = 16;

/**
 * Without a key, executes the act. With one, stores the request as pending, executes the act, and marks the request as
 * done. A repetition finds the request and decides from it and the token: it never executes twice, and a value that it
 * replays counts as a retrieval.
 */
export async function issueIdempotently(
  ports: TokenPorts,
  request: IssuingRequest,
  act: Act,
): Promise<Issued> {
  const { actor, key } = request;
  const first = await beginRequest(ports, request);
  if (key === undefined) return retryOnConflict(() => act(first, undefined));
  // The id of a token to add is of this request, so it is that of none yet; a repetition that was faster makes the act fail.
  const isFirst = request.generation === 1 && first.tokenId === request.tokenId;
  const added = isFirst ? await act(first, undefined) : undefined;
  const issued = added ?? (await retryOnConflict(() => executeOrReplay(ports, { actor, first, act })));
  // The value is issued, also if this fails: a repetition finds the token, and what ends the token finishes the request.
  await ports.idempotency.finish(actor.account, first).catch(() => undefined);
  return issued;
}

/** The record of the request, or that of the first with its key. Throws `idempotency-mismatch` for another one with that key. */
export async function beginRequest(ports: TokenPorts, request: IssuingRequest): Promise<IdempotencyRecord> {
  const record = newRecord(ports, request);
  if (request.key === undefined) return record;
  const first = await ports.idempotency.begin(request.actor.account, record, toSeconds(ports.clock()));
  if (first.payload !== record.payload) throw new PullpassError('idempotency-mismatch');
  return first;
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
  const value =
    decision === 'reject' || token === undefined ? undefined : await shownAgain(ports, actor, token);
  if (token === undefined || value === undefined) {
    throw new PullpassError('idempotency-replayed', { id: first.tokenId });
  }
  return { record: token, value };
}

/** The value of a usable and retrievable token for who repeats the request that issued it; undefined: it may not be shown. */
export async function shownAgain(
  ports: TokenPorts,
  actor: Actor,
  token: TokenRecord,
): Promise<Secret | undefined> {
  if (!ports.valueRetrieval || actor.strength !== 'strong') return undefined;
  await recordAct(ports, actor, { act: 'retrieve-value', target: token.id });
  return rederiveValue(ports, token);
}

function newRecord(ports: TokenPorts, request: IssuingRequest): IdempotencyRecord {
  const { subject } = request.actor;
  const key = hash('sha256', JSON.stringify([subject, request.key ?? '']));
  const random = Buffer.from(ports.randomBytes(WRITE_BYTES)).toString('hex');
  return {
    key,
    payload: hash('sha256', request.payload),
    tokenId: request.tokenId,
    generation: request.generation,
    write: formatIssuanceId(random, request.key === undefined ? undefined : key),
    state: 'pending',
    createdAt: toSeconds(ports.clock()),
  };
}
