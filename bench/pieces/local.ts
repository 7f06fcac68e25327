/** P8: what `npm start` spends on a login, a page of the list and a creation, its store included; and a farm that logs in at once. */
import { join } from 'node:path';
import { compare, ratio } from '../support/compare.ts';
import { farm } from '../support/farm.ts';
import { administratorToken, fill, startLocal } from '../support/local-process.ts';
import { createRequest, get, loginRequest } from '../support/requests.ts';
import { type Row, row } from '../support/row.ts';
import { startServer } from '../support/server.ts';
import { openWorld } from '../support/world.ts';

const TOKENS = 3_000;
const AGENTS = 1_000;
/** A login of the first version (commit 3120afd) in `npm start`, to an HTTP hello, in a run of both: it cannot be installed beside this one. */
const FIRST_VERSION = 46;

export async function* local(): AsyncGenerator<Row> {
  const world = await openWorld();
  const data = join(world.directory, 'data');
  const values = await fill(data, 'dev:dev', TOKENS);
  const server = await startLocal(data);
  const bearer = `Bearer ${await administratorToken(server, data)}`;
  const hello = await startServer('hello');
  const costs = await compare({
    hello: { server: hello, requests: [get('/')] },
    login: { server, requests: values.map(loginRequest) },
    list: { server, requests: [get('/v1/tokens', bearer)] },
    create: { server, requests: [createRequest(bearer)] },
  });
  const { login } = costs;
  yield row('', 'npm start: CPU of a login, its store included', {
    value: login.cpu,
    unit: 'ms',
    digits: 3,
  });
  yield row('P8', "npm start: a login to the first version's, by their ratios to HTTP hello", {
    value: ratio(login, costs.hello) / FIRST_VERSION,
    atMost: 0.4,
  });
  yield row('P8', 'npm start: a page of the list to a login', { value: ratio(costs.list, login), atMost: 3 });
  yield row('P8', 'npm start: a creation to a login', { value: ratio(costs.create, login), atMost: 2.5 });
  await hello.close();
  const { failures, ms, p99 } = await farm(server.port, values.map(loginRequest), AGENTS);
  yield row('P8', `${AGENTS} agents log in at once over new connections: until the last has its token`, {
    value: ms / 1000,
    unit: 's',
    atMost: 1,
  });
  yield row('P8', 'those that got none', { value: failures, unit: '', digits: 0, atMost: 0 });
  yield row('', 'their p99', { value: p99, unit: 'ms', digits: 0 });
  await server.close();
  await world.close();
}
