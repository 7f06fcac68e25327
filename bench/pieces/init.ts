/** P5: a new instance of the login function: its start, its first login over TLS, its next ninety, and the size of its bundle. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundle } from '../../infra/bundle.ts';
import { openAws } from '../support/aws.ts';
import { loginEvent } from '../support/lambda-size.ts';
import { type LoginServers, openLoginServers } from '../support/login-servers.ts';
import { missing, type Row, row } from '../support/row.ts';
import { lacksRuntime, type NewInstance, runNewInstance } from '../support/runtime.ts';
import { startServer } from '../support/server.ts';
import { median } from '../support/statistics.ts';

const ROUNDS = 15;
const ROOT = join(import.meta.dirname, '..', '..');
/** The logins of an instance that are counted: those after the first ten. */
const [BEFORE, COUNTED] = [10, 90];
const DELAY_MS = 1;

export async function* init(): AsyncGenerator<Row> {
  const lacking = lacksRuntime();
  if (lacking === undefined) yield* underTheRuntime();
  else yield missing('P5', "init and first login under Lambda's runtime client", lacking);
  const around = await openLoginServers();
  const { startBytes } = await bundle('login', join(around.directory, 'bundle'));
  const ratios: number[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    const ours = await youngMs(join(around.directory, 'bundle', 'login', 'index.mjs'), around);
    ratios.push(ours / (await youngMs(join(ROOT, 'bench', 'peers', 'floor.ts'), around)));
  }
  await around.close();
  yield row('P5', "CPU of an instance's logins 11 to 100, to those of the floor", {
    value: median(ratios),
    atMost: 2,
  });
  yield row('P5', 'what a start of login reads, minified', {
    value: startBytes / 1000,
    unit: 'KB',
    digits: 1,
    atMost: 85,
  });
}

async function* underTheRuntime(): AsyncGenerator<Row> {
  const { value, world, environment, close } = await openAws(DELAY_MS);
  await bundle('login', world.directory);
  const empty = join(world.directory, 'empty');
  await mkdir(empty);
  await writeFile(join(empty, 'index.mjs'), 'export const handler = async () => ({ statusCode: 200 });');
  const event = loginEvent(value);
  const runs: { ours: NewInstance; empty: NewInstance }[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    runs.push({
      ours: await runNewInstance(join(world.directory, 'login'), event, environment),
      empty: await runNewInstance(empty, event, {}),
    });
  }
  await close();
  const ratio = (what: keyof NewInstance) => median(runs.map(run => run.ours[what] / run.empty[what]));
  const emptyMs = median(runs.map(run => run.empty.init));
  yield row('', "CPU of an empty function's init, under the runtime client", {
    value: emptyMs,
    unit: 'ms',
    digits: 0,
  });
  yield row('P5', "CPU of init, to an empty function's", { value: ratio('init'), atMost: 1.5 });
  yield row('P5', 'CPU of init and first login over TLS, to an empty function and its answer', {
    value: ratio('first'),
    atMost: 2.5,
  });
}

/** Processor time of one login of a young instance. */
async function youngMs(file: string, { environment, value }: LoginServers): Promise<number> {
  const parameters = [file, JSON.stringify(loginEvent(value))];
  const handler = await startServer('handler', { environment, parameters });
  await handler.ask({ operations: BEFORE });
  const { cpuMs } = (await handler.ask({ operations: COUNTED })) as { cpuMs: number };
  await handler.close();
  return cpuMs / COUNTED;
}
