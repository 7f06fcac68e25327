/** The local process: the deployed functions, their store, keys and schedules, and an IAM to try them with. */
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import type { World } from '../lib/compose/parts.ts';
import { processWorld } from '../lib/compose/world.ts';
import { ConfigurationError } from '../lib/config/config.ts';
import { createKeyFile, readKeyFile } from '../lib/derivation/key-source.ts';
import { unavailable } from '../lib/domain/errors.ts';
import { HOUR_SECONDS, MINUTE_SECONDS } from '../lib/domain/time.ts';
import { replaceFile } from '../lib/files/atomic-file.ts';
import { deleteOldDays, fileLedger } from '../lib/ledger/file-ledger.ts';
import { openSqliteTable, type SqliteTable } from '../lib/store/sqlite-table.ts';
import { type DataDirectory, openDataDirectory } from './data-directory.ts';
import { type DevelopmentIam, developmentIam } from './development-iam/development-iam.ts';
import { functionEnvironment, type LocalSettings, localSettings } from './environment.ts';
import { createFunctions } from './functions.ts';
import { type Gateway, type Invoke, startGateway } from './gateway.ts';
import { rotateKeys } from './key-keeper.ts';
import { openLedger } from './ledger.ts';
import { descriptorLimit, IAM_LIMITS, limitsWithin } from './limits.ts';
import { checkManifest, isNeeded, recordManifest } from './manifest.ts';
import { HELP, type RestoreOptions, readOptions, UsageError } from './options.ts';
import { takeOver } from './takeover.ts';
import { startTimers } from './timer.ts';
import { welcome } from './welcome.ts';

const KEYS_EVERY_MS = MINUTE_SECONDS * 1000;
const CLEANUP_EVERY_MS = 10 * MINUTE_SECONDS * 1000;
const NOTICES_EVERY_MS = 15_000;
const LEDGER_EVERY_MS = HOUR_SECONDS * 1000;

/** What is answered from the start until everything is ready, which takes longer after a sudden end. */
const STARTING = unavailable('starting', { retryAfterSeconds: 1 });

/** Starts everything, and ends it cleanly on SIGTERM and SIGINT. A failed start says why and exits with 1, or 2 for unknown words. */
export async function main(words: readonly string[]): Promise<void> {
  process.umask(0o077);
  try {
    const options = readOptions(words);
    if (options.help) return console.log(HELP);
    const stop = await start(processWorld(), options);
    let stopping = false;
    const stopOnce = () => {
      if (!stopping) void stop();
      stopping = true;
    };
    // Who signals the whole group (Ctrl-C, systemd) signals twice: npm passes on what it gets.
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, stopOnce);
  } catch (error) {
    console.error(error instanceof ConfigurationError ? error.message : explain(error));
    process.exit(error instanceof UsageError ? 2 : 1);
  }
}

async function start(system: World, restoring: RestoreOptions): Promise<() => Promise<void>> {
  const settings = localSettings(system.environment);
  const directory = await openDataDirectory(settings.data);
  await checkManifest(directory.root, path => isNeeded(path, settings));
  // Not the store, which a start on a port that is taken has made.
  const first = !existsSync(directory.administratorKey);
  await mkdir(directory.keys, { recursive: true });
  const hasLog = existsSync(`${directory.store}-wal`);
  const table = await openStore(directory, settings.table);
  const environment = functionEnvironment(system.environment, settings, directory);
  const world = {
    ...system,
    streams: true,
    table,
    iamLimits: IAM_LIMITS,
    ledger: fileLedger(settings.ledger),
    environment,
  };
  const { clock, randomBytes } = world;
  let invoke: Invoke = () => Promise.reject(STARTING);
  const gateway = await startGateway((...request) => invoke(...request), {
    ...settings,
    limits: limitsWithin(descriptorLimit()),
  });
  const leave = await openLedger(world, { directory: settings.ledger, hasLog }, restoring);
  await createKeyFile(directory.derivationKey, randomBytes);
  // Read here too, because it is needed only once a value is derived: a damaged one is refused before.
  readKeyFile(directory.derivationKey);
  const keepAll = () => rotateKeys({ ...settings, publicUrl: settings.url, directory, clock, randomBytes });
  await keepAll();
  const iam = settings.developmentIam ? await openDevelopmentIam(world, settings, directory) : undefined;
  const functions = createFunctions(world);
  await recordManifest(directory.root);
  invoke = withDevelopmentIam(functions.invoke, iam);
  const stopTimers = startTimers(
    [
      { name: 'keys', everyMs: KEYS_EVERY_MS, work: keepAll },
      { name: 'cleanup', everyMs: CLEANUP_EVERY_MS, work: functions.cleanUp },
      { name: 'notices', everyMs: NOTICES_EVERY_MS, work: functions.sendNotices },
      { name: 'ledger', everyMs: LEDGER_EVERY_MS, work: () => deleteOldDays(settings.ledger, clock()) },
    ],
    (name, error) => console.error(`${name}: ${explain(error)}`),
  );
  console.log(welcome({ settings, directory, first, platform: process.platform }));
  const closeStore = async () => {
    await leave();
    table.close();
  };
  return () => stopAll(gateway, closeStore, stopTimers);
}

/** Opens the store; one of the first version is taken over before. */
async function openStore({ store, firstVersionStore }: DataDirectory, table: string): Promise<SqliteTable> {
  const outcome = await takeOver({ from: firstVersionStore, to: store, table });
  if (outcome === 'taken-over') {
    console.log(`The store of the first version was taken over. Its backup: ${firstVersionStore}-v1-backup`);
  }
  return openSqliteTable(store);
}

async function openDevelopmentIam(
  { clock, randomBytes }: World,
  settings: LocalSettings,
  directory: DataDirectory,
): Promise<DevelopmentIam> {
  const iam = await developmentIam({
    directory: directory.iam,
    publicUrl: settings.url,
    internalUrl: `http://${settings.host.includes(':') ? `[${settings.host}]` : settings.host}:${settings.port}`,
    administratorKeyFile: directory.administratorKey,
    now: clock,
    randomBytes,
  });
  await replaceFile(directory.issuers, JSON.stringify([iam.issuer], null, 2), 0o600);
  return iam;
}

function withDevelopmentIam(invoke: Invoke, iam: DevelopmentIam | undefined): Invoke {
  if (iam === undefined) return invoke;
  return (event, context) =>
    event.rawPath.startsWith('/iam/') ? iam.handler(event) : invoke(event, context);
}

async function stopAll(
  gateway: Gateway,
  closeStore: () => Promise<void>,
  stopTimers: () => void,
): Promise<void> {
  stopTimers();
  await gateway.close();
  await closeStore();
  process.exit(0);
}

function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const taken = 'code' in error && error.code === 'EADDRINUSE';
  return taken ? 'The port is taken; choose another with PORT.' : error.message;
}
