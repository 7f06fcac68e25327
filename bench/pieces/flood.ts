/** Good logins while fifty connections of the same address send one of the worst requests over and over. */
import { load } from '../support/load.ts';
import { type Row, row } from '../support/row.ts';
import { quantile } from '../support/statistics.ts';
import { openVictim, type Victim } from '../support/victim.ts';
import { REFUSED_LOGIN } from '../support/worst-inputs.ts';

const FLOOD = { connections: 50, expected: /^HTTP/, mayClose: true } as const;
const GOOD = { connections: 4, expected: /^HTTP/, mayClose: true } as const;
const FOR_MS = 1_500;
/** The flood begins before. */
const LEAD_MS = 200;

export async function flood(): Promise<Row[]> {
  const victim = await openVictim();
  await goodLogins(victim, FOR_MS);
  const rows = [rowOf('nothing else', await goodLogins(victim, FOR_MS))];
  for (const { name, request } of [REFUSED_LOGIN, ...victim.inputs]) {
    const flooding = load({
      ...FLOOD,
      port: victim.local.port,
      requests: [request],
      forMs: FOR_MS + LEAD_MS,
    });
    await new Promise(resolve => setTimeout(resolve, LEAD_MS));
    rows.push(rowOf(name, await goodLogins(victim, FOR_MS)));
    await flooding;
  }
  await victim.close();
  return rows;
}

function goodLogins({ local, goodLogins: requests }: Victim, forMs: number) {
  return load({ ...GOOD, port: local.port, requests, forMs });
}

function rowOf(name: string, { operations, successes, latenciesMs }: Awaited<ReturnType<typeof load>>): Row {
  const p50 = operations === 0 ? Number.POSITIVE_INFINITY : quantile(latenciesMs, 0.5);
  const value = operations === 0 ? 0 : (100 * successes) / operations;
  const what = `${name}: p50 of a good login ${p50.toFixed(1)} ms`;
  return row('P10', what, { value, unit: '%', digits: 1, atLeast: 99 });
}
