/** Issues the values of registry tokens: adds a token or rotates one, at most once for each Idempotency-Key. */

import { type AccountRules, defaultsOf, WIDEST } from '../domain/account-rules.ts';
import { PullpassError } from '../domain/errors.ts';
import { type Account, UUID_RANDOM_BYTES, uuidV7 } from '../domain/identifiers.ts';
import { toSeconds } from '../domain/time.ts';
import { hasGrace, isExpired, rotateToken as rotated, type TokenRecord } from '../domain/token-record.ts';
import { type RulesPorts, requireWithin, rulesOf } from './account-rules.ts';
import { type Actor, finishRequest, recordAct } from './acts.ts';
import { type Issued, type IssuingWrite, issueIdempotently } from './issue-once.ts';
import { findToken, type TokenPorts } from './manage-tokens.ts';
import { newValue } from './secret-values.ts';

export interface NewToken
  extends Pick<TokenRecord, 'access' | 'repositories' | 'description'>,
    Partial<Pick<TokenRecord, 'labels' | 'name' | 'networks' | 'owner' | 'selfRotate'>> {
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
  return issueIdempotently(ports, issuing, async write => {
    const issued = await createToken(ports, request, write);
    if (issued === undefined) await requirePresent(ports, actor, write);
    return issued;
  });
}

/** An id that is taken by nothing is that of a token which the first attempt added, and which is gone. */
async function requirePresent(
  ports: TokenPorts,
  { account }: Actor,
  { tokenId }: IssuingWrite,
): Promise<void> {
  const token = await ports.tokens.get(account, tokenId, toSeconds(ports.clock()));
  if (token === undefined) throw new PullpassError('idempotency-replayed', { id: tokenId });
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

/** Adds the token under the id of the write; undefined: the id is taken, also by a token that is gone. */
export async function createToken(
  ports: TokenPorts,
  { actor, token }: Pick<AddRequest, 'actor' | 'token'>,
  { tokenId, write, createdAt }: IssuingWrite,
): Promise<Issued | undefined> {
  const { account, subject } = actor;
  const { access, repositories, description, pullsPerDay } = token;
  const { name = null, networks = null, selfRotate = false, labels = {}, owner = null } = token;
  const { expiresInSeconds, retrievable } = await allowed(ports, account, token);
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
    name,
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
  return (await ports.tokens.add(record)) ? { record, value } : undefined;
}

/** What a new token is of what the request leaves to the rules. Throws `invalid-request` where they forbid it. */
export async function allowed(
  ports: RulesPorts,
  account: Account,
  token: NewToken,
): Promise<ReturnType<typeof settled>> {
  const { owner = null, networks = null } = token;
  const rules = await rulesOf(ports, account);
  const facts = settled(token, rules);
  requireWithin({ ...facts, owner, networks }, rules);
  return facts;
}

/** What the request leaves to the rules. */
export function settled({ expiresInSeconds, retrievable }: NewToken, rules: AccountRules) {
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
