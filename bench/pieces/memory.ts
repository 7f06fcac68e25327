/** P9: resident memory over many logins, with the options of `npm start`, beside an HTTP hello with none. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from '../support/load.ts';
import { openLoginServers } from '../support/login-servers.ts';
import { residentMb } from '../support/proc.ts';
import { get } from '../support/requests.ts';
import { type Row, row } from '../support/row.ts';
import { type Server, startServer } from '../support/server.ts';

const STAGES = [1_000, 10_000, 40_000];
const MILLION = [100_000, 1_000_000];
const MOST_MS = 1_700_000;
/** What `npm start` gives Node: without bounds of its heap, it collects what is not used any more as late as it likes. */
const NODE_OPTIONS = nodeOptionsOf(
  JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')).scripts.start,
);
const MB = { unit: 'MB', digits: 0 } as const;

export async function* memory(): AsyncGenerator<Row> {
  const around = await openLoginServers();
  const [hello = Number.NaN] = (await growth(await startServer('hello'), get('/'), STAGES)).slice(-1);
  const login = await growth(await around.start('login', NODE_OPTIONS), around.request, STAGES);
  await around.close();
  const [after1k = Number.NaN, after10k = Number.NaN, last = Number.NaN] = login;
  yield row('', 'memory after 1 000 logins', { value: after1k, ...MB });
  yield row('', 'memory of an HTTP hello after 40 000 requests', { value: hello, ...MB });
  yield row('P9', `memory after 40 000 logins, ${last.toFixed(0)} MB, to hello × 1.3 + 20 MB`, {
    value: last / (hello * 1.3 + 20),
    atMost: 1,
  });
  yield row('P9', 'memory after 40 000 logins to that after 10 000', { value: last / after10k, atMost: 1.1 });
}

/** The same over a million logins, which takes minutes. */
export async function* flat(): AsyncGenerator<Row> {
  const around = await openLoginServers();
  const login = await growth(await around.start('login', NODE_OPTIONS), around.request, MILLION);
  await around.close();
  const [early = Number.NaN, late = Number.NaN] = login;
  yield row('', 'memory after 100 000 logins', { value: early, ...MB });
  yield row('P9', 'memory after 1 000 000 logins to that after 100 000', {
    value: late / early,
    atMost: 1.1,
  });
}

/** Megabytes after each stage. */
async function growth(server: Server, request: string, stages: readonly number[]): Promise<number[]> {
  const figures: number[] = [];
  let done = 0;
  for (const stage of stages) {
    const options = { port: server.port, requests: [request], forMs: MOST_MS, operations: stage - done };
    done += (await load(options)).operations;
    if (done < stage) throw new Error(`only ${done} of ${stage} requests in time`);
    figures.push(residentMb(server.pid));
  }
  await server.close();
  return figures;
}

function nodeOptionsOf(command: string): string {
  return command.match(/--\S+/g)?.join(' ') ?? '';
}
