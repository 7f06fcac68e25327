/** What is damaged in a store, in keys and in a ledger: each is read whole, and nothing is changed. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { credentialKeys } from '../lib/derivation/credential-keys.ts';
import { fileKeySource, readKeyFile } from '../lib/derivation/key-source.ts';
import { messageOf, PullpassError } from '../lib/domain/errors.ts';
import type { Service } from '../lib/domain/service.ts';
import { toSeconds } from '../lib/domain/time.ts';
import { checkLedger, missingDays } from '../lib/ledger/file-ledger.ts';
import { readRegister, registerPath } from '../lib/ledger/files.ts';
import type { Item } from '../lib/ports/table.ts';
import { directoryName, fileKeyStore, type KeyFile } from '../lib/signing/key-store.ts';
import { keyPublication } from '../lib/signing/publication.ts';
import { cachedRings } from '../lib/signing/ring.ts';
import { hasRoot } from '../lib/signing/root.ts';
import { fromRulesItem } from '../lib/store/account-rules-store.ts';
import { fromAuditItem } from '../lib/store/audit-store.ts';
import { fromRequestItem } from '../lib/store/expiring-stores.ts';
import { isTombstone } from '../lib/store/items.ts';
import { fromClaimItem } from '../lib/store/namespace-store.ts';
import { fromOutboxItem } from '../lib/store/outbox-store.ts';
import { fromRefusalItem } from '../lib/store/refusal-store.ts';
import { POLICY, TRUST } from '../lib/store/rule-store.ts';
import { isInUse, isReadOnly } from '../lib/store/sqlite-database.ts';
import { openSqliteTable, type SqliteTable } from '../lib/store/sqlite-table.ts';
import { fromTokenItem } from '../lib/store/token-items.ts';
import { fromNameItem } from '../lib/store/token-store.ts';
import { fromCounterItem } from '../lib/store/usage-store.ts';
import type { DataDirectory } from './data-directory.ts';

export interface Finding {
  /** What was read, in words; '': nothing to say. */
  readonly seen: string;
  /** A line for each thing that is damaged, with its file. */
  readonly damage: readonly string[];
}

/** Throws when a process has the store open. A store that is missing is the manifest's to report. */
export async function findStoreDamage(path: string): Promise<Finding> {
  if (!existsSync(path)) return { seen: '', damage: [] };
  const log = `${path}-wal`;
  const hasLog = existsSync(log);
  const table = openStore(path);
  if (typeof table === 'string') return { seen: '', damage: [table] };
  try {
    const damage: string[] = [];
    const failure = await problemOf(() => damage.push(...table.findDamage()), path);
    if (damage.length + failure.length > 0) {
      return { seen: '', damage: [...failure, ...damage.map(line => named(line, path))] };
    }
    let items = 0;
    const malformed: string[] = [];
    for (let after: { pk: string; sk: string } | undefined, isLast = false; !isLast; ) {
      const page = await table.scan({ after });
      items += page.items.length;
      for (const item of page.items) malformed.push(...(await problemOf(() => parseItem(item), path)));
      after = page.next;
      isLast = after === undefined;
    }
    return { seen: `${items} items`, damage: malformed };
  } finally {
    table.close();
    // SQLite has moved the log into the database and deleted it; the next start would miss it.
    if (hasLog) writeFileSync(log, '', { flag: 'a', mode: 0o600 });
  }
}

/** The store, or what is wrong with it. Throws when a process has it open, and where nothing can be written. */
function openStore(path: string): SqliteTable | string {
  try {
    return openSqliteTable(path);
  } catch (error) {
    if (isInUse(error)) throw error;
    if (isReadOnly(path))
      throw new Error(`${causeOf(error)} Verify a copy of it: PULLPASS_DATA names where.`);
    return causeOf(error);
  }
}

/** As the stores read them: what they would refuse is found before. */
function parseItem(item: Item): void {
  if (!isTombstone(item)) PARSERS.find(({ keys }) => keys.test(`${item.pk} ${item.sk}`))?.parse(item);
}

/** What reads the items of each kind, by partition and sort key. Of the other kinds only the keys and the end are read. */
const PARSERS: readonly { readonly keys: RegExp; readonly parse: (item: Item) => unknown }[] = [
  { keys: /^account#\S+ token#/, parse: fromTokenItem },
  { keys: /^account#\S+ policy#/, parse: POLICY.fromItem },
  { keys: /^account#\S+ trust#/, parse: TRUST.fromItem },
  { keys: /^account#\S+ rules$/, parse: fromRulesItem },
  { keys: /^account#\S+ name#/, parse: item => fromNameItem(item) },
  { keys: /^account#\S+ request#/, parse: item => fromRequestItem(item) },
  { keys: /^account#\S+ audit#/, parse: fromAuditItem },
  { keys: /^namespace#\S+ claim$/, parse: fromClaimItem },
  { keys: /^refused#/, parse: fromRefusalItem },
  { keys: /^usage#\S+ \d/, parse: fromCounterItem },
  { keys: /^notices /, parse: fromOutboxItem },
];

export async function findKeyDamage(
  directory: Pick<DataDirectory, 'credentialKey' | 'derivationKey' | 'keys'>,
  services: readonly Service[],
): Promise<Finding> {
  const now = toSeconds(Date.now());
  const store = fileKeyStore(directory.keys);
  const of = (service: Service, file: KeyFile) => join(directory.keys, directoryName(service.name), file);
  const damage = await Promise.all([
    problemOf(() => readKeyFile(directory.derivationKey), directory.derivationKey),
    problemOf(
      () => credentialKeys(fileKeySource(directory.credentialKey)).current(now),
      directory.credentialKey,
    ),
    ...services.flatMap(service => [
      problemOf(() => cachedRings(store)(service, now), of(service, 'ring.json')),
      problemOf(() => keyPublication([service], store).jwks(service.name, now), of(service, 'public.json')),
      problemOf(
        () => hasRoot({ read: file => store.read(service.name, file) }, service.name),
        of(service, 'root.json'),
      ),
    ]),
  ]);
  return { seen: `the keys of ${services.map(({ name }) => name).join(' and ')}`, damage: damage.flat() };
}

/** `store`: after a sudden end its log must be there. */
export async function findLedgerDamage(directory: string, store: string): Promise<Finding> {
  const gone: string[] = [];
  const damaged = await problemOf(async () => {
    const register = await readRegister(directory);
    if (register?.working === true && !existsSync(`${store}-wal`)) gone.push(`${store}-wal is gone`);
    for (const path of await missingDays(directory, Date.now())) gone.push(`${path} is gone`);
  }, registerPath(directory));
  const { entries, problems } = await checkLedger(directory);
  return { seen: `${entries} ledger entries`, damage: [...damaged, ...gone, ...problems] };
}

/** What is wrong with a file, by its path; an empty list: nothing. */
async function problemOf(check: () => unknown, path: string): Promise<string[]> {
  try {
    await check();
    return [];
  } catch (error) {
    return [named(causeOf(error), path)];
  }
}

function named(message: string, path: string): string {
  return message.includes(path) ? message : `${path}: ${message}`;
}

/** What is underneath says more than that something is unavailable. */
function causeOf(error: unknown): string {
  const isUnavailable = error instanceof PullpassError && error.code === 'unavailable';
  return messageOf(isUnavailable ? (error.cause ?? error) : error);
}
