/**
 * The table's marker on AWS: DynamoDB gives every table an id that no other has, also none that is restored under the same
 * name. A table is the ledger's when it stores its own id; the ledger stores it too, and decides at starts and deployments.
 */
import { PullpassError, unavailable } from '../domain/errors.ts';
import type { TableMarker } from '../ports/ledger.ts';
import type { Key, Table } from '../ports/table.ts';
import * as items from './marker-items.ts';

export interface DynamoTableMarkerOptions {
  /** The table that requests are served from. */
  readonly main: Table;
  /** The ledger's table. */
  readonly ledger: Table;
  /** Answers `DescribeTable` of the main table. */
  readonly describe: () => Promise<unknown>;
}

/** Which table the ledger belongs to. */
const REGISTERED: Key = { pk: 'ledger', sk: 'identity' };

/** Every method throws `unavailable` when DynamoDB does not answer. */
export function dynamoTableMarker({ main, ledger, describe }: DynamoTableMarkerOptions): TableMarker {
  const adopt = async (id: string, nowMs: number) => {
    // First the ledger: a table that stores its own id, and is not the ledger's, is one that was taken out of service.
    await ledger.update(REGISTERED, { set: { id }, setIfAbsent: { since: nowMs } });
    await items.writeMarker(main, { id, usedAt: nowMs });
  };
  return {
    adopt: async nowMs => adopt(await tableId(describe), nowMs),
    matches: async () => {
      const [id, marker] = await Promise.all([tableId(describe), items.readMarker(main)]);
      return marker.id === id;
    },
    initialise: async nowMs => {
      const [id, { id: own, usedAt }, registered] = await Promise.all([
        tableId(describe),
        items.readMarker(main),
        registeredIn(ledger),
      ]);
      const isFirst = registered.id === undefined && own === undefined && (await items.isEmpty(main));
      // A ledger that was lost begins anew beside the table that is in use.
      const isInUse = own === id && registered.id === undefined;
      if (own === id && registered.id === id) return 'matches';
      if (isFirst || isInUse || registered.id === id) {
        await adopt(id, nowMs);
        return 'matches';
      }
      if (own === id) await items.writeMarker(main, { id: undefined, usedAt });
      return 'differs';
    },
    heartbeat: async nowMs => items.touchMarker(main, await tableId(describe), nowMs),
    history: async () => {
      const [{ usedAt }, { since }] = await Promise.all([items.readMarker(main), registeredIn(ledger)]);
      return { usedAt, ledgerSince: since };
    },
    progress: () => items.readProgress(main),
    saveProgress: next => items.writeProgress(main, next),
  };
}

/** The table's id, and where an engine gives none, the time at which it was made: a copy was made later. */
async function tableId(describe: () => Promise<unknown>): Promise<string> {
  const answer = await describe().catch((cause: unknown) => {
    const name = cause instanceof Error ? cause.name : 'unknown error';
    throw unavailable(`ledger: ${name}`, { retryAfterSeconds: 1, cause });
  });
  const { Table } = answer as { readonly Table: Description };
  if ((Table.Replicas?.length ?? 0) > 0 && Table.MultiRegionConsistency !== 'STRONG') throw replicated();
  return Table.TableId ?? `made at ${Table.CreationDateTime}`;
}

/** The members that are read (DynamoDB API, `TableDescription`). */
interface Description {
  readonly TableId?: string;
  readonly CreationDateTime?: number;
  readonly Replicas?: readonly unknown[];
  readonly MultiRegionConsistency?: 'EVENTUAL' | 'STRONG';
}

/** In the other region a removed token would go on working, and two accounts could come to own one namespace. */
function replicated(): PullpassError {
  const detail = 'The table is replicated with eventual consistency; a deployment has one writing region.';
  return new PullpassError('unavailable', { detail, reason: 'a global table', retryAfterSeconds: 60 });
}

async function registeredIn(ledger: Table): Promise<{ id: string | undefined; since: number | undefined }> {
  const item = await ledger.get(REGISTERED);
  return { id: items.textOf(item?.id), since: items.numberOf(item?.since) };
}
