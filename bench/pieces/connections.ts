/** P8: tokens per second and latency of `npm start` over 50 and 1 000 connections, at a rate that does not depend on the answers. */
import { join } from 'node:path';
import { load } from '../support/load.ts';
import { fill, startLocal } from '../support/local-process.ts';
import { openLoad } from '../support/open-load.ts';
import { loginRequest } from '../support/requests.ts';
import { type Row, row } from '../support/row.ts';
import { startServer } from '../support/server.ts';
import { openWorld } from '../support/world.ts';

const COUNTS = [50, 1_000] as const;
const TOKENS = 3_000;
const FULL_MS = 3_000;
/** Many short rounds: the median leaves out those in which the machine did something else. */
const ROUNDS = { rounds: 20, roundMs: 300 } as const;
/** Of what it serves at most: the wait of an open loop has no bound near the limit. */
const SHARE = 0.5;

export async function* connections(): AsyncGenerator<Row> {
  const world = await openWorld();
  const data = join(world.directory, 'data');
  const requests = (await fill(data, 'dev:dev', TOKENS)).map(loginRequest);
  const { port, close } = await startLocal(data);
  const hello = await startServer('hello');
  await load({ port, requests, forMs: FULL_MS });
  for (const count of COUNTS) {
    const { operations } = await load({ port, requests, connections: count, forMs: FULL_MS });
    const rate = (operations * 1000) / FULL_MS;
    yield row('', `npm start: tokens per second over ${count} connections`, {
      value: rate,
      unit: '/s',
      digits: 0,
    });
    const open = { requests, connections: count, perSecond: rate * SHARE, ...ROUNDS };
    const { p50, p99ToP50, errors } = await openLoad({ ...open, port });
    const least = await openLoad({ ...open, port: hello.port });
    yield row('', `p50 over ${count} connections, at half of that rate`, {
      value: p50,
      unit: 'ms',
      digits: 1,
    });
    yield row('P8', `p99 to p50 over ${count} connections, at half of that rate`, {
      value: p99ToP50,
      atMost: 3,
    });
    yield row('', 'the same of an HTTP hello, asked as often: what the machine adds', {
      value: least.p99ToP50,
    });
    yield row('P8', `errors over ${count} connections`, { value: errors, unit: '', digits: 0, atMost: 0 });
  }
  await hello.close();
  await close();
  await world.close();
}
