/** P9: resident memory over many logins, beside an HTTP hello. */
import { load } from '../support/load.ts';
import { openLoginServers } from '../support/login-servers.ts';
import { residentMb } from '../support/proc.ts';
import { get } from '../support/requests.ts';
import { type Row, row } from '../support/row.ts';
import { type Server, startServer } from '../support/server.ts';

const STAGES = [1_000, 10_000, 100_000];
const MOST_MS = 120_000;

export async function memory(): Promise<Row[]> {
  const around = await openLoginServers();
  const hello = await growth(await startServer('hello'), get('/'));
  const login = await growth(await around.start('login'), around.request);
  await around.close();
  const [, after10k = Number.NaN, last = Number.NaN] = login;
  const helloLast = hello.at(-1) ?? Number.NaN;
  return [
    ...STAGES.map((stage, i) =>
      row('', `memory after ${stage} logins`, { value: login[i] ?? Number.NaN, unit: 'MB', digits: 0 }),
    ),
    row('', 'memory of an HTTP hello after as many', { value: helloLast, unit: 'MB', digits: 0 }),
    row('P9', 'memory after 100 000 logins, to hello × 1.3 + 20 MB', {
      value: last / (helloLast * 1.3 + 20),
      atMost: 1,
    }),
    row('P9', 'memory after 100 000 logins to that after 10 000', { value: last / after10k, atMost: 1.1 }),
  ];
}

/** Megabytes after each stage. */
async function growth(server: Server, request: string): Promise<number[]> {
  const figures: number[] = [];
  let done = 0;
  for (const stage of STAGES) {
    const options = { port: server.port, requests: [request], forMs: MOST_MS, operations: stage - done };
    done += (await load(options)).operations;
    if (done < stage) throw new Error(`only ${done} of ${stage} requests in time`);
    figures.push(residentMb(server.pid));
  }
  await server.close();
  return figures;
}
