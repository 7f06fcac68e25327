/** Ensures that an account has one token of a name: adds it, or says what differs from what is wanted, and changes it if asked to. */

import { TOKEN_LIFE_SECONDS } from '../domain/account-rules.ts';
import { invalidBody, PullpassError } from '../domain/errors.ts';
import type { IdempotencyRecord } from '../domain/idempotency.ts';
import { type Account, UUID_RANDOM_BYTES, uuidV7 } from '../domain/identifiers.ts';
import type { Secret } from '../domain/secret.ts';
import { toSeconds } from '../domain/time.ts';
import { changeTo, differences, type WantedMember, type WantedToken } from '../domain/token-differences.ts';
import { isBeingAdded, isNew } from '../domain/token-name.ts';
import { isUsable, patchToken, type TokenRecord } from '../domain/token-record.ts';
import { requireWithin, rulesOf } from './account-rules.ts';
import { type Actor, retryOnConflict } from './acts.ts';
import { beginRequest, shownAgain } from './issue-once.ts';
import { allowed, createToken, type NewToken, settled } from './issue-token.ts';
import { type TokenPorts, writeChange } from './manage-tokens.ts';

export interface EnsurePorts extends TokenPorts {
  /** Waits so many milliseconds. */
  readonly pause: (ms: number) => Promise<unknown>;
}

export interface EnsureRequest {
  readonly actor: Actor;
  readonly name: string;
  /** What the caller names. */
  readonly wanted: WantedToken;
  /** The same as a new token, with the defaults of what it does not name. */
  readonly token: NewToken;
  /** Whether what differs is changed. */
  readonly apply: boolean;
  readonly idempotencyKey: string | undefined;
}

export interface Ensured {
  readonly record: TokenRecord;
  /** Of a token that was added by this request; undefined: there was one. */
  readonly value: Secret | undefined;
  /** What was not as wanted. */
  readonly differences: readonly WantedMember[];
}

/** Who has taken a name is waited for so often, before others add the token for it. */
const LOOKS = 10;
const LOOK_MS = 50;

/**
 * However many ask at once, there is one token in the end, and one of them gets its value. A repetition with the same key gets the
 * value again, as at `addToken`; it never brings a removed token back.
 */
export async function ensureToken(ports: EnsurePorts, request: EnsureRequest): Promise<Ensured> {
  const { actor, name, wanted, token, apply, idempotencyKey: key } = request;
  const payload = JSON.stringify(['ensure-token', name, wanted, token, apply]);
  const tokenId = uuidV7(ports.clock(), ports.randomBytes(UUID_RANDOM_BYTES));
  const first = await beginRequest(ports, { actor, key, payload, tokenId, generation: 1 });
  const ensured = await retryOnConflict(() => attempt(ports, request, first));
  if (key !== undefined) await ports.idempotency.finish(actor.account, first).catch(() => undefined);
  return ensured;
}

/** Undefined: another writer was faster. */
async function attempt(
  ports: EnsurePorts,
  request: EnsureRequest,
  first: IdempotencyRecord,
): Promise<Ensured | undefined> {
  const { account } = request.actor;
  const id = await ports.names.idOf(account, request.name);
  const found = id === undefined ? undefined : await look(ports, account, id);
  if (found !== undefined) return compared(ports, request, { first, found });
  // Before a name is taken for a token that cannot be added.
  await allowed(ports, account, request.token);
  // It is this request's own; or who has taken the name has crashed, or is slow: the token is added in its place, under the same id.
  const joined =
    id !== undefined && (id === first.tokenId || isBeingAdded(id, ports.clock()))
      ? await add(ports, request, { first, id })
      : undefined;
  if (joined !== undefined) return joined;
  const taken = await takeName(ports, request, { first, before: id });
  return taken === undefined ? undefined : add(ports, request, { first, id: taken });
}

/** The token; it is waited for while another caller that has taken its name may be about to add it. */
async function look(ports: EnsurePorts, account: Account, id: string): Promise<TokenRecord | undefined> {
  const { tokens, clock, pause } = ports;
  for (let looks = 0; ; looks++) {
    const token = await tokens.get(account, id, toSeconds(clock()));
    if (token !== undefined || looks === LOOKS || !isNew(id, clock())) return token;
    await pause(LOOK_MS);
  }
}

/** A new id that has the name; undefined: the token is there by now, or someone else has taken the name. */
async function takeName(
  { names, tokens, clock, randomBytes }: EnsurePorts,
  { actor: { account }, name, token }: EnsureRequest,
  { first, before }: { readonly first: IdempotencyRecord; readonly before: string | undefined },
): Promise<string | undefined> {
  if (before !== undefined) {
    const now = toSeconds(clock());
    // A caller that is about to add the token under the id that loses the name will find that it cannot.
    await tokens.addTombstone(account, before, now);
    if ((await tokens.get(account, before, now)) !== undefined) return undefined;
  }
  const isSpent = before === first.tokenId;
  const id = isSpent ? uuidV7(clock(), randomBytes(UUID_RANDOM_BYTES)) : first.tokenId;
  const { expiresInSeconds: life = TOKEN_LIFE_SECONDS.default } = token;
  const expiresAt = life === null ? null : toSeconds(clock()) + life;
  return (await names.give(account, name, { before, id, expiresAt })) ? id : undefined;
}

interface Adding {
  readonly first: IdempotencyRecord;
  readonly id: string;
}

async function add(
  ports: EnsurePorts,
  { actor, name, token, idempotencyKey }: EnsureRequest,
  { first, id }: Adding,
): Promise<Ensured | undefined> {
  const now = toSeconds(ports.clock());
  // Read again once the id is certain: a token that this request added, and that was removed since, was marked before.
  const isDone = async () => (await ports.idempotency.begin(actor.account, first, now)).state === 'done';
  if (idempotencyKey !== undefined && (await isDone())) {
    throw new PullpassError('idempotency-replayed', { id: first.tokenId });
  }
  const issued = await createToken(
    ports,
    { actor, token: { ...token, name } },
    { tokenId: id, write: first.write, createdAt: now },
  );
  return issued && { ...issued, differences: [] };
}

interface Comparing {
  readonly first: IdempotencyRecord;
  readonly found: TokenRecord;
}

async function compared(
  ports: EnsurePorts,
  { actor, wanted, token, apply }: EnsureRequest,
  { first, found }: Comparing,
): Promise<Ensured | undefined> {
  const now = toSeconds(ports.clock());
  if (found.issuanceId === first.write && isUsable(found, now) && found.derivation !== null) {
    const value = await shownAgain(ports, actor, found);
    if (value !== undefined) return { record: found, value, differences: [] };
  }
  const differing = differences(found, wanted);
  if (!apply || differing.length === 0) return { record: found, value: undefined, differences: differing };
  const rules = await rulesOf(ports, actor.account);
  const life = settled(token, rules).expiresInSeconds;
  const { patch, problems } = changeTo(found, wanted, { life, now });
  if (problems.length > 0) throw invalidBody(problems);
  const { expiresAt, owner, networks } = patch;
  const expiresInSeconds = typeof expiresAt === 'number' ? expiresAt - now : expiresAt;
  requireWithin({ expiresInSeconds, owner, networks }, rules);
  const after = patchToken(found, patch, { now, by: actor.subject });
  const record = await writeChange(ports, actor, { before: found, after, now });
  return record && { record, value: undefined, differences: differing };
}
