/**
 * The identity of the table on AWS: DynamoDB gives every table an id that no other has, also none that is restored under
 * the same name. A table is the ledger's when it holds its own id; the ledger holds it too, for the moments that count.
 */

import { PullpassError } from '../domain/errors.ts';
import type { TableMarker } from '../ports/ledger.ts';
import { orUnavailable } from './answered.ts';
import * as items from './table-items.ts';
import type { TableAt } from './table-ledger.ts';

/** The table that is served from, and the ledger's. */
export interface TwoTables {
  readonly main: TableAt;
  readonly ledger: TableAt;
}

const ENTERED = { pk: { S: 'ledger' }, sk: { S: 'identity' } } as const;

/** Every method throws `unavailable` when DynamoDB does not answer. */
export function dynamoTableMarker({ main, ledger }: TwoTables): TableMarker {
  const adopt = async (nowMs: number) => {
    const id = await physicalId(main);
    // First the ledger: a table that has its own id, and is not the ledger's, is one that was taken out of service.
    await enter(ledger, id, nowMs);
    await items.writeWord(main, { id, usedAt: nowMs });
  };
  return {
    adopt,
    matches: async () => {
      const [id, word] = await Promise.all([physicalId(main), items.readWord(main)]);
      return word.id === id;
    },
    initialise: async nowMs => {
      const [id, { id: own, usedAt }, entered] = await Promise.all([
        physicalId(main),
        items.readWord(main),
        enteredIn(ledger),
      ]);
      const isFirst = entered.id === undefined && own === undefined && (await items.isEmpty(main));
      // A ledger that was lost begins anew beside the table that is in use.
      const isInUse = own === id && entered.id === undefined;
      if (own === id && entered.id === id) return 'ours';
      if (isFirst || isInUse || entered.id === id) {
        await adopt(nowMs);
        return 'ours';
      }
      if (own === id) await items.writeWord(main, { id: undefined, usedAt });
      return 'foreign';
    },
    heartbeat: async nowMs => items.noteUse(main, await physicalId(main), nowMs),
    history: async () => {
      const [{ usedAt }, { since }] = await Promise.all([items.readWord(main), enteredIn(ledger)]);
      return { usedAt, ledgerSince: since };
    },
    progress: () => items.readProgress(main),
    saveProgress: next => items.writeProgress(main, next),
  };
}

/** The table's id, and where an engine gives none, the time at which it was made: a copy was made later. */
async function physicalId({ call, table }: TableAt): Promise<string> {
  const answer = await orUnavailable(call('DescribeTable', { TableName: table }));
  const { Table } = answer as { readonly Table: Description };
  if ((Table.Replicas?.length ?? 0) > 0 && Table.MultiRegionConsistency !== 'STRONG') throw replicated();
  return Table.TableId ?? `made at ${Table.CreationDateTime}`;
}

/** As far as it is looked at (DynamoDB API, `TableDescription`). */
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

async function enteredIn(ledger: TableAt): Promise<{ id: string | undefined; since: number | undefined }> {
  const item = await items.getItem(ledger, ENTERED);
  return { id: item?.id?.S, since: item?.since?.N === undefined ? undefined : Number(item.since.N) };
}

async function enter({ call, table }: TableAt, id: string, nowMs: number): Promise<void> {
  const input = {
    TableName: table,
    Key: ENTERED,
    UpdateExpression: 'SET id = :id, since = if_not_exists(since, :now)',
    ExpressionAttributeValues: { ':id': { S: id }, ':now': { N: String(nowMs) } },
  };
  await orUnavailable(call('UpdateItem', input));
}
