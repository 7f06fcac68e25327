/** Issues the values of registry tokens: adds a token or rotates one, at most once for each Idempotency-Key. */

import { hash } from 'node:crypto';
import { type AccountRules, defaultsOf, WIDEST } from '../domain/account-rules.ts';
import { PullpassError } from '../domain/errors.ts';
import { decideReplay, formatIssuanceId, type IdempotencyRecord } from '../domain/idempotency.ts';
import { UUID_RANDOM_BYTES, uuidV7 } from '../domain/identifiers.ts';
import type { Secret } from '../domain/secret.ts';
import { toSeconds } from '../domain/time.ts';
import { hasGrace, isExpired, rotateToken as rotated, type TokenRecord } from '../domain/token-record.ts';
import { requireWithin, rulesOf } from './account-rules.ts';
import { type Actor, finishRequest, recordAct, retryOnConflict } from './acts.ts';
import { findToken, type TokenPorts } from './manage-tokens.ts';
import { newValue, rederiveValue } from './secret-values.ts';

export interface NewToken
  extends Pick<TokenRecord, 'access' | 'repositories' | 'description'>,
    Partial<Pick<TokenRecord, 'labels' | 'networks' | 'owner' | 'selfRotate'>> {
  /** null: it never ends by itself; undefined: a day, or less by the rules of the account. */
  readonly expiresInSeconds: number | null | undefined;
  /** Undefined: if the rules of the account allow it. */
  readonly retrievable: boolean | undefined;
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
    payload: JSON.stringify(['add-token', { ...token, ...settled(token, WIDEST) }]),
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
  /** Throws where this actor may not rotate the token as it is now; absent: the actor may. */
  readonly require?: (token: TokenRecord, now: number) => void;
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
  const { access, repositories, description, pullsPerDay } = token;
  const { networks = null, selfRotate = false, labels = {}, owner = null } = token;
  const rules = await rulesOf(ports, account);
  const { expiresInSeconds, retrievable } = settled(token, rules);
  requireWithin({ expiresInSeconds, retrievable, owner, networks }, rules);
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
    networks,
    selfRotate,
    name: null,
    description,
    labels,
    owner,
    createdAt,
    createdBy: subject,
    valueIssuedAt: createdAt,
    expiresAt: expiresInSeconds === null ? null : createdAt + expiresInSeconds,
    disabled: null,
    lastUsedAt: null,
    lastUse: null,
    previous: null,
    previousUse: null,
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

/** What the request leaves to the rules. */
function settled({ expiresInSeconds, retrievable }: NewToken, rules: AccountRules) {
  const defaults = defaultsOf(rules);
  return {
    retrievable: retrievable ?? defaults.retrievable,
    expiresInSeconds: expiresInSeconds === undefined ? defaults.expiresInSeconds : expiresInSeconds,
  };
}

async function rotate(
  ports: TokenPorts,
  { actor, id, rotation, require }: RotateRequest,
  { write, token }: { write: IssuingWrite; token: TokenRecord },
): Promise<Issued | undefined> {
  const now = toSeconds(ports.clock());
  require?.(token, now);
  if (hasGrace(token, now) && !rotation.force) throw new PullpassError('rotation-in-progress');
  // A new value follows the rules as they are now.
  const retrievable = token.derivation !== null && (await rulesOf(ports, actor.account)).retrievable;
  const { value, stored } = await newValue(ports, { account: token.account, id, retrievable });
  const record = rotated(
    token,
    { ...stored, issuanceId: write.write },
    { graceSeconds: rotation.graceSeconds, now },
  );
  await recordAct(ports, actor, { act: 'rotate-token', target: id });
  await finishRequest(ports, token);
  return (await ports.tokens.update(token, record, now)) ? { record, value } : undefined;
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
async function issueIdempotently(ports: TokenPorts, request: IssuingRequest, act: Act): Promise<Issued> {
  const record = newRecord(ports, request);
  if (request.key === undefined) return retryOnConflict(() => act(record, undefined));
  const { actor } = request;
  const first = await ports.idempotency.begin(actor.account, record, toSeconds(ports.clock()));
  if (first.payload !== record.payload) throw new PullpassError('idempotency-mismatch');
  const issued = await retryOnConflict(() => executeOrReplay(ports, { actor, first, act }));
  // The value is issued, also if this fails: a repetition finds the token, and what ends the token finishes the request.
  await ports.idempotency.finish(actor.account, first).catch(() => undefined);
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
