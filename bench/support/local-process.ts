/** `npm start` on a data directory of its own, with as many tokens in its store as wanted. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Account } from '../../lib/domain/identifiers.ts';
import type { Item } from '../../lib/ports/table.ts';
import { openSqliteTable } from '../../lib/store/sqlite-table.ts';
import { openDataDirectory } from '../../local/data-directory.ts';
import { freePort } from '../../test/e2e/support/ports.ts';
import { onCore } from './cores.ts';
import { answering } from './ports.ts';
import { SERVICE } from './requests.ts';
import { claimItem, fillingItem, tokenItem } from './world.ts';

const ROOT = join(import.meta.dirname, '..', '..');
/** So many tokens log in, spread over the whole store. */
const KNOWN = 200;

export interface LocalProcess {
  readonly pid: number;
  readonly port: number;
  readonly readyMs: number;
  close(): Promise<void>;
}

/** So many are written in one transaction. */
const BATCH = 10_000;

/** Has the process make a data directory, and puts tokens of one account and its claim of `team-a` into it: the values of some. */
export async function fill(path: string, account: Account, count: number): Promise<string[]> {
  await (await startLocal(path)).close();
  const store = openSqliteTable((await openDataDirectory(path)).store);
  const values: string[] = [];
  store.putAll([claimItem(account)]);
  for (const items of batches(account, count, values)) store.putAll(items);
  store.close();
  return values;
}

/** Items of tokens; the values of those that are known come into `values`. */
export function* batches(account: Account, count: number, values: string[]): Generator<Item[]> {
  const step = Math.ceil(count / KNOWN);
  const itemAt = (index: number) => {
    if (index % step !== 0) return fillingItem(account);
    const { value, item } = tokenItem(account);
    values.push(value);
    return item;
  };
  for (let at = 0; at < count; at += BATCH) {
    yield Array.from({ length: Math.min(BATCH, count - at) }, (_, i) => itemAt(at + i));
  }
}

/** Starts the process by `command` (absent: without npm), with variables that name its services, and waits until it is healthy. */
export async function startLocal(
  data: string,
  command: readonly string[] = startCommand(),
  services: Readonly<Record<string, string>> = { PULLPASS_SERVICE: SERVICE },
): Promise<LocalProcess> {
  const port = await freePort();
  const [file, parameters] = onCore('measured', command);
  const begun = performance.now();
  const child = spawn(file, parameters, {
    cwd: ROOT,
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      PORT: String(port),
      PULLPASS_DATA: data,
      ...services,
    },
    stdio: ['ignore', 'ignore', 'inherit'],
    detached: true,
  });
  const stop = () => killGroup(child);
  process.once('exit', stop);
  await answering(`http://127.0.0.1:${port}/health`, ({ ok }) => ok);
  return {
    pid: child.pid ?? 0,
    port,
    readyMs: performance.now() - begun,
    close: async () => {
      process.off('exit', stop);
      stop();
      await once(child, 'exit');
    },
  };
}

/** An IAM access token of the development administrator. */
export async function administratorToken({ port }: LocalProcess, data: string): Promise<string> {
  const apikey = (await readFile(join(data, 'administrator.apikey'), 'utf8')).trim();
  const answer = await fetch(`http://127.0.0.1:${port}/iam/identity/token`, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'urn:ibm:params:oauth:grant-type:apikey', apikey }),
  });
  const { access_token: token } = (await answer.json()) as { access_token: string };
  return token;
}

/** What `npm start` comes to, so that the process that is measured is this one's child. */
function startCommand(): string[] {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    scripts: { start: string };
  };
  const [, parameters = ''] = scripts.start.split(/\bnode /);
  return [process.execPath, ...parameters.split(' ')];
}

/** npm does not always pass signals on, so its children get them too. */
function killGroup({ pid }: ChildProcess): void {
  if (pid !== undefined) process.kill(-pid, 'SIGTERM');
}
