/**
 * The first login of an instance beside a later one, in the share of a core that goes with the memory of the login function, over TLS
 * to an AWS that takes its time. Needs root, openssl, and Linux's first cgroups.
 */
import { join } from 'node:path';
import { bundle } from '../../infra/bundle.ts';
import { openAws } from '../support/aws.ts';
import { loginEvent, openGroup, runSized, type SizedReport } from '../support/lambda-size.ts';
import { type Row, row } from '../support/row.ts';
import { median } from '../support/statistics.ts';

const ROUNDS = 9;
const ANSWERS = 100;
/** What the template gives it: 0.29 of a core. */
const MB = 512;
/** A strongly consistent read within a region, and a read of a secret, take about as long. */
const DELAY_MS = 5;

export async function firstLogin(): Promise<Row[]> {
  const { value, world, environment, close } = await openAws(DELAY_MS);
  await bundle('login', world.directory);
  const parameters = [
    join(world.directory, 'login', 'index.mjs'),
    JSON.stringify(loginEvent(value)),
    `${ANSWERS}`,
  ];
  const group = openGroup();
  const runs: SizedReport[] = [];
  for (let round = 0; round < ROUNDS; round++) runs.push(runSized({ mb: MB, parameters, environment }));
  group.close();
  await close();
  const first = median(runs.map(run => run.first));
  const warm = median(runs.map(run => median(run.answers)));
  const ms = { unit: 'ms', digits: 1 };
  return [
    row('', 'first login of an instance, 0.29 core', { value: first, ...ms }),
    row('', 'a later login, 0.29 core', { value: warm, ...ms }),
    row('', 'start until ready, 0.29 core', { value: median(runs.map(run => run.load)), ...ms }),
    row('', 'first login to a later one, 0.29 core', { value: first / warm, atMost: 4 }),
  ];
}
