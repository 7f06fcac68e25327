/**
 * Which table it is that the functions serve from, as the control plane of DynamoDB says. Logins must not wait for a control plane, so the
 * keys function asks it by a schedule and at each deployment, and stores the answer in the ledger; all others read it there.
 */
import { isYounger, type Moment, momentAt } from '../cache/refreshing.ts';
import { PullpassError, unavailable } from '../domain/errors.ts';
import { HOUR_SECONDS, MINUTE_SECONDS } from '../domain/time.ts';
import type { Clock } from '../ports/system.ts';
import { absent, any, compare, type Item, type Key, type Table } from '../ports/table.ts';

/** Answers the id of a table, which no other table ever has. Throws `unavailable` when it is not known, or must not be served from. */
export type Identify = () => Promise<string>;

/** Answers `DescribeTable` of a table. */
export type Describe = () => Promise<unknown>;

/** An older answer is not used: the table may have been replaced since. */
export const ATTESTED_MS = 6 * HOUR_SECONDS * 1000;

/** A clock that was further ahead must neither be believed until then, nor keep others from attesting. */
const CLOCK_SLACK_MS = 5 * MINUTE_SECONDS * 1000;

/** What the control plane said. */
interface Described {
  /** Absent: there is no such table. */
  readonly id: string | undefined;
  readonly isReplicated: boolean;
}

interface Attestation extends Described {
  /** When the control plane was asked, in milliseconds since 1970. */
  readonly at: number;
}

/** The identity by the control plane itself: for those that are started by a schedule, a deployment or an operator. */
export function describedIdentity(describe: Describe): Identify {
  return async () => idOf(await ask(describe));
}

export interface AttestationOptions {
  /** The ledger's table. */
  readonly ledger: Table;
  /** The name of the table that is served from. */
  readonly name: string;
  readonly clock: Clock;
}

/**
 * The identity by the attestation in the ledger. While the ledger does not answer, the last one that was read counts. One that is older
 * than six hours does not, nor one of the future, which a clock that was ahead has made; and neither does a missing one: a restored
 * table has none before its first deployment.
 */
export function attestedIdentity({ ledger, name, clock }: AttestationOptions): Identify {
  let last: { readonly found: Attestation | undefined; readonly read: Moment } | undefined;
  return async () => {
    const nowMs = clock();
    const remember = (item: Item | undefined) => {
      last = { found: attestationIn(item), read: momentAt(nowMs) };
      return last.found;
    };
    const found = await ledger.get(keyOf(name)).then(remember, (error: unknown) => {
      if (last === undefined || !isYounger(last.read, ATTESTED_MS, nowMs)) throw error;
      return last.found;
    });
    if (found === undefined) throw notAttested(`the table ${name} was never attested`);
    const age = nowMs - found.at;
    if (age >= ATTESTED_MS || age < -CLOCK_SLACK_MS)
      throw notAttested(`the table ${name} was last attested at ${new Date(found.at).toISOString()}`);
    return idOf(found);
  };
}

/**
 * Asks the control plane, and stores its answer, unless there is a later one. That there is no such table, or that it has replicas, is
 * an answer too. Throws `unavailable` when either does not answer.
 */
export async function attestTable(
  { ledger, name, clock }: AttestationOptions,
  describe: Describe,
): Promise<void> {
  const at = clock();
  const { id, isReplicated } = await ask(describe);
  const change = {
    set: { at, replicated: isReplicated ? 1 : 0, ...(id === undefined ? {} : { id }) },
    ...(id === undefined ? { remove: ['id'] } : {}),
  };
  const isLatest = any(absent('at'), compare('at', '<', at), compare('at', '>', at + CLOCK_SLACK_MS));
  await ledger.update(keyOf(name), change, isLatest);
}

/** By the table's name: a function that serves from another table has an attestation of its own. */
function keyOf(name: string): Key {
  return { pk: 'ledger', sk: `attested#${name}` };
}

function attestationIn(item: Item | undefined): Attestation | undefined {
  if (typeof item?.at !== 'number') return undefined;
  const { at, id, replicated } = item;
  return { at, id: typeof id === 'string' ? id : undefined, isReplicated: replicated === 1 };
}

function idOf({ id, isReplicated }: Described): string {
  if (isReplicated) throw replicated();
  if (id === undefined) throw notAttested('there is no such table');
  return id;
}

/** The members that are read (DynamoDB API, `TableDescription`). */
interface Description {
  readonly TableId?: string;
  readonly CreationDateTime?: number;
  readonly Replicas?: readonly unknown[];
  readonly MultiRegionConsistency?: 'EVENTUAL' | 'STRONG';
}

/** The table's id, and where an engine gives none, the time at which it was made: a copy was made later. */
async function ask(describe: Describe): Promise<Described> {
  try {
    const { Table } = (await describe()) as { readonly Table: Description };
    const isReplicated = (Table.Replicas?.length ?? 0) > 0 && Table.MultiRegionConsistency !== 'STRONG';
    return { id: Table.TableId ?? `made at ${Table.CreationDateTime}`, isReplicated };
  } catch (cause) {
    const name = cause instanceof Error ? cause.name : 'unknown error';
    if (name === 'ResourceNotFoundException') return { id: undefined, isReplicated: false };
    throw unavailable(`ledger: ${name}`, { retryAfterSeconds: 1, cause });
  }
}

function notAttested(reason: string): PullpassError {
  return unavailable(reason, { retryAfterSeconds: 60 });
}

/** In the other region a removed token would go on working, and two accounts could come to own one namespace. */
function replicated(): PullpassError {
  const detail = 'The table is replicated with eventual consistency; a deployment has one writing region.';
  return new PullpassError('unavailable', { detail, reason: 'a global table', retryAfterSeconds: 60 });
}
