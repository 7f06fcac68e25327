/** The marker that ties a table to its ledger: a copy of the table never matches until the ledger was replayed into it. */

import type { TableMarker } from '../ports/ledger.ts';
import type { RandomBytes } from '../ports/system.ts';
import { compare, type Key, type Table, type Value } from '../ports/table.ts';
import type { Identify } from './attestation.ts';
import { readRegister, writeRegister } from './files.ts';

export interface DynamoTableMarkerOptions {
  /** The table that requests are served from. */
  readonly main: Table;
  /** The ledger's table. */
  readonly ledger: Table;
  /** Its name, which no other stage's ledger has. */
  readonly ledgerName: string;
  /** Answers the id of the main table. */
  readonly identify: Identify;
}

/** Which table the ledger belongs to. */
const REGISTERED: Key = { pk: 'ledger', sk: 'identity' };

/** Every method throws `unavailable` when DynamoDB does not answer. */
export function dynamoTableMarker({
  main,
  ledger,
  ledgerName,
  identify,
}: DynamoTableMarkerOptions): TableMarker {
  /** A removal would be written to one of two ledgers, and undone by a restore with the other. */
  const isOthers = (marker: Marker) => marker.ledger !== undefined && marker.ledger !== ledgerName;
  const adopt = async (id: string, nowMs: number) => {
    // First the ledger: a table that stores its own id, and is not the ledger's, is one that was taken out of service.
    await ledger.update(REGISTERED, { set: { id }, setIfAbsent: { since: nowMs } });
    await writeMarker(main, { id, usedAt: nowMs, ledger: ledgerName });
  };
  return {
    adopt: async nowMs => adopt(await identify(), nowMs),
    matches: async () => {
      const [id, marker] = await Promise.all([identify(), readMarker(main)]);
      return marker.id === id && !isOthers(marker);
    },
    initialise: async nowMs => {
      const [id, marker, registered] = await Promise.all([
        identify(),
        readMarker(main),
        registeredIn(ledger),
      ]);
      const { id: own, usedAt } = marker;
      if (own === id && isOthers(marker)) return 'differs';
      const isFirst = registered.id === undefined && own === undefined && (await isEmpty(main));
      // A ledger that was lost begins anew beside the table that is in use.
      const isInUse = own === id && registered.id === undefined;
      if (own === id && registered.id === id) {
        // As an earlier version has left it.
        if (marker.ledger === undefined) await writeMarker(main, { id, usedAt, ledger: ledgerName });
        return 'matches';
      }
      if (isFirst || isInUse || registered.id === id) {
        await adopt(id, nowMs);
        return 'matches';
      }
      if (own === id) await writeMarker(main, { id: undefined, usedAt });
      return 'differs';
    },
    heartbeat: async nowMs => touchMarker(main, await identify(), nowMs),
    history: async () => {
      const [{ usedAt }, { since }] = await Promise.all([readMarker(main), registeredIn(ledger)]);
      return { usedAt, ledgerSince: since };
    },
    progress: () => readProgress(main),
    saveProgress: next => writeProgress(main, next),
  };
}

async function registeredIn(ledger: Table): Promise<{ id: string | undefined; since: number | undefined }> {
  const item = await ledger.get(REGISTERED);
  return { id: textOf(item?.id), since: numberOf(item?.since) };
}

export interface FileTableMarkerOptions {
  readonly table: Table;
  /** The ledger's directory. */
  readonly directory: string;
  readonly randomBytes: RandomBytes;
}

export interface FileTableMarker extends TableMarker {
  /** At the end of the process, which does nothing more to the table. */
  leave(nowMs: number): Promise<void>;
}

const NAME_BYTES = 16;

/** Every method throws when the table or the directory does not answer. */
export function fileTableMarker({ table, directory, randomBytes }: FileTableMarkerOptions): FileTableMarker {
  const look = async () => {
    const [register, { id }] = await Promise.all([readRegister(directory), readMarker(table)]);
    return { register, id, isKnown: register?.names.includes(id ?? null) === true };
  };
  /** While the table is written both names are valid: whenever the process ends, the table has one of them. */
  const rename = async (nowMs: number, working: boolean) => {
    const { register, id } = await look();
    const name = Buffer.from(randomBytes(NAME_BYTES)).toString('base64url');
    const before = register ?? { since: nowMs, working: false, days: [] };
    await writeRegister(directory, { ...before, names: [id ?? null, name] });
    await writeMarker(table, { id: name, usedAt: nowMs });
    await writeRegister(directory, { ...before, names: [name], working });
  };
  return {
    matches: async () => {
      const { id, isKnown } = await look();
      return id !== undefined && isKnown;
    },
    initialise: async nowMs => {
      const { register, id, isKnown } = await look();
      const isFirst = register === undefined && id === undefined && (await isEmpty(table));
      if (!isFirst && !isKnown) return 'differs';
      if (register?.working === true) return 'uncertain';
      await rename(nowMs, true);
      return 'matches';
    },
    adopt: nowMs => rename(nowMs, true),
    leave: nowMs => rename(nowMs, false),
    heartbeat: async nowMs => {
      const { id, isKnown } = await look();
      if (id !== undefined && isKnown) await touchMarker(table, id, nowMs);
    },
    history: async () => {
      const [register, { usedAt }] = await Promise.all([readRegister(directory), readMarker(table)]);
      return { usedAt, ledgerSince: register?.since };
    },
    progress: () => readProgress(table),
    saveProgress: next => writeProgress(table, next),
  };
}

/** What a table says it is; `id` undefined: nothing. */
interface Marker {
  readonly id: string | undefined;
  /** Milliseconds since 1970. */
  readonly usedAt: number | undefined;
  /** On AWS, the name of the ledger that it belongs to. */
  readonly ledger?: string | undefined;
}

const MARKER: Key = { pk: 'table', sk: 'identity' };

const PROGRESS: Key = { pk: 'table', sk: 'replay' };

async function readMarker(table: Table): Promise<Marker> {
  const item = await table.get(MARKER);
  return { id: textOf(item?.id), usedAt: numberOf(item?.usedAt), ledger: textOf(item?.ledger) };
}

/** Without an id the table differs from every one that the ledger knows. */
async function writeMarker(table: Table, { id, usedAt, ledger }: Marker): Promise<void> {
  const known = { ...(id === undefined ? {} : { id }), ...(usedAt === undefined ? {} : { usedAt }) };
  await table.put({ ...MARKER, ...known, ...(ledger === undefined ? {} : { ledger }) });
}

/** Stores that the table is in use, unless its marker has changed meanwhile. */
async function touchMarker(table: Table, id: string, nowMs: number): Promise<void> {
  await table.update(MARKER, { set: { usedAt: nowMs } }, compare('id', '=', id));
}

async function isEmpty(table: Table): Promise<boolean> {
  return (await table.scan({ limit: 1 })).items.length === 0;
}

async function readProgress(table: Table): Promise<string | undefined> {
  return textOf((await table.get(PROGRESS))?.next);
}

async function writeProgress(table: Table, next: string | undefined): Promise<void> {
  await (next === undefined ? table.delete(PROGRESS) : table.put({ ...PROGRESS, next }));
}

function textOf(value: Value | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function numberOf(value: Value | undefined): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
