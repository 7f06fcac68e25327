/** The local process: the deployed functions, their store, keys and schedules, and an IAM to try them with. */
import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { ConfigurationError, readConfig } from '../lib/config/config.ts';
import { createKeyFile } from '../lib/derivation/key-file.ts';
import { HOUR_SECONDS, MINUTE_SECONDS } from '../lib/domain/time.ts';
import { replaceFile } from '../lib/files/atomic-file.ts';
import { forgetOldDays } from '../lib/ledger/file-ledger.ts';
import { createDynamoClient } from '../lib/store/client.ts';
import { type DataDirectory, openDataDirectory } from './data-directory.ts';
import { type DevelopmentIam, developmentIam } from './development-iam/development-iam.ts';
import { startEngine } from './engine.ts';
import {
  engineVariables,
  FOREIGN_VARIABLES,
  functionVariables,
  type LocalSettings,
  localSettings,
} from './environment.ts';
import { loadFunctions } from './functions.ts';
import { type Gateway, type Invoke, startGateway } from './gateway.ts';
import { rotateKeys } from './key-keeper.ts';
import { openLedger, type RestoreOptions, readRestoreOptions } from './ledger.ts';
import { ensureTable } from './table.ts';
import { startTimers } from './timer.ts';
import { welcome } from './welcome.ts';

const KEYS_EVERY_MS = MINUTE_SECONDS * 1000;
const CLEANUP_EVERY_MS = 10 * MINUTE_SECONDS * 1000;
const LEDGER_EVERY_MS = HOUR_SECONDS * 1000;

/** Starts everything, and ends it cleanly on SIGTERM and SIGINT. A failed start says why and exits with 1. */
export async function main(words: readonly string[]): Promise<void> {
  process.umask(0o077);
  try {
    const restoring = readRestoreOptions(words);
    const settings = localSettings(process.env);
    const stop = await start(settings, restoring);
    let stopping = false;
    const stopOnce = () => {
      if (!stopping) void stop();
      stopping = true;
    };
    // Who signals the whole group (Ctrl-C, systemd) signals twice: npm passes on what it gets.
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, stopOnce);
  } catch (error) {
    console.error(error instanceof ConfigurationError ? error.message : explain(error));
    process.exit(1);
  }
}

async function start(settings: LocalSettings, restoring: RestoreOptions): Promise<() => Promise<void>> {
  const directory = await openDataDirectory(settings.data);
  await mkdir(directory.keys, { recursive: true });
  const engine = await startEngine({ path: directory.store });
  setEnvironment(engineVariables(engine), functionVariables(settings, directory));
  await prepareTable();
  const leave = await openLedger(settings.ledger, restoring);
  await createKeyFile(directory.derivationKey, randomBytes);
  const keepAll = () =>
    rotateKeys({ ...settings, publicUrl: settings.url, directory, clock: Date.now, randomBytes });
  await keepAll();
  const iam = settings.developmentIam ? await openDevelopmentIam(settings, directory) : undefined;
  const functions = await loadFunctions();
  const gateway = await startGateway(withDevelopmentIam(functions.invoke, iam), settings);
  const stopTimers = startTimers(
    [
      { name: 'keys', everyMs: KEYS_EVERY_MS, work: keepAll },
      { name: 'cleanup', everyMs: CLEANUP_EVERY_MS, work: functions.cleanUp },
      { name: 'ledger', everyMs: LEDGER_EVERY_MS, work: () => forgetOldDays(settings.ledger, Date.now()) },
    ],
    (name, error) => console.error(`${name}: ${explain(error)}`),
  );
  console.log(welcome(settings, directory));
  const closeStore = async () => {
    await leave();
    await engine.close();
  };
  return () => stopAll(gateway, closeStore, stopTimers);
}

/** The engine's variables replace what is there; the functions' only fill what the operator has left open. */
function setEnvironment(engine: Record<string, string>, functions: Record<string, string>): void {
  for (const variable of FOREIGN_VARIABLES) delete process.env[variable];
  Object.assign(process.env, { ...functions, ...process.env, ...engine });
}

async function prepareTable(): Promise<void> {
  const client = createDynamoClient();
  await ensureTable(client, readConfig(['table']).table);
  client.destroy();
}

async function openDevelopmentIam(
  settings: LocalSettings,
  directory: DataDirectory,
): Promise<DevelopmentIam> {
  const iam = await developmentIam({
    directory: directory.iam,
    publicUrl: settings.url,
    internalUrl: `http://${settings.host.includes(':') ? `[${settings.host}]` : settings.host}:${settings.port}`,
    administratorKeyFile: directory.administratorKey,
    now: Date.now,
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
