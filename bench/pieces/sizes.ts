/** What memory sizes of Lambda come to, for each function that serves requests. Needs root, and Linux's first cgroups. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundle } from '../../infra/bundle.ts';
import { eventOf, loginEvent, openGroup, runSized, type SizedReport } from '../support/lambda-size.ts';
import { openLoginServers } from '../support/login-servers.ts';
import { type Row, row } from '../support/row.ts';
import { median, quantile } from '../support/statistics.ts';

const SIZES = [128, 256, 512, 1024, 1769];
const ANSWERS = 300;

/** What each function is asked. */
const EVENTS = {
  login: loginEvent,
  credentials: (token: string) => eventOf('POST /v1/credentials', { authorization: `Bearer ${token}` }),
  discovery: () => eventOf('GET /.well-known/jwks.json', {}),
} as const;

export async function sizes(): Promise<Row[]> {
  const around = await openLoginServers();
  const directory = await mkdtemp(join(tmpdir(), 'pullpass-sizes-'));
  const group = openGroup();
  const rows: Row[] = [];
  for (const [name, event] of Object.entries(EVENTS)) {
    await bundle(name, directory);
    const parameters = [
      join(directory, name, 'index.mjs'),
      JSON.stringify(event(around.value)),
      `${ANSWERS}`,
    ];
    const { environment } = around;
    for (const mb of SIZES)
      rows.push(...rowsOf(`${name} with ${mb} MB`, runSized({ mb, parameters, environment })));
  }
  group.close();
  await around.close();
  await rm(directory, { recursive: true });
  return rows;
}

function rowsOf(what: string, { load, first, answers, mb }: SizedReport): Row[] {
  const ms = { unit: 'ms', digits: 1 };
  return [
    row('', `${what}: load`, { value: load, ...ms }),
    row('', `${what}: first answer`, { value: first, ...ms }),
    row('', `${what}: answer, p50`, { value: median(answers), ...ms }),
    row('', `${what}: answer, p99`, { value: quantile(answers, 0.99), ...ms }),
    row('', `${what}: most memory`, { value: mb, unit: 'MB', digits: 0 }),
  ];
}
