/** P5: what the login function's bundle costs at a cold start, beside a Node that does nothing. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { bundle } from '../../infra/bundle.ts';
import { onCore } from '../support/cores.ts';
import { type Row, row } from '../support/row.ts';
import { median } from '../support/statistics.ts';
import { openWorld } from '../support/world.ts';

const ROUNDS = 15;
/** Of bash: user and system CPU, and the time that passed, in seconds. */
const TIME = 'TIMEFORMAT="%3U %3S %3R"; time "$@"';

interface Start {
  readonly cpuMs: number;
  readonly wallMs: number;
}

export async function coldStart(): Promise<Row[]> {
  const world = await openWorld();
  const { startBytes } = await bundle('login', world.directory);
  const commands = { bare: ['-e', '0'], login: [join(world.directory, 'login', 'index.mjs')] };
  const starts: Record<keyof typeof commands, Start[]> = { bare: [], login: [] };
  for (let i = 0; i < ROUNDS; i++) {
    for (const name of ['bare', 'login'] as const)
      starts[name].push(start(commands[name], world.environment));
  }
  await world.close();
  const of = (name: keyof typeof commands, what: keyof Start) => median(starts[name].map(it => it[what]));
  return [
    row('', 'CPU of a bare Node', { value: of('bare', 'cpuMs'), unit: 'ms', digits: 0 }),
    row('P5', 'CPU to load the login bundle, to a bare Node', {
      value: of('login', 'cpuMs') / of('bare', 'cpuMs'),
      atMost: 1.6,
    }),
    row('P5', 'time to load the login bundle, to a bare Node', {
      value: of('login', 'wallMs') / of('bare', 'wallMs'),
      atMost: 1.6,
    }),
    row('P5', 'what a start of login reads', { value: startBytes / 1000, unit: 'KB', digits: 1, atMost: 60 }),
  ];
}

/** bash knows the CPU time of a child that has ended; Node does not tell. */
function start(parameters: readonly string[], env: Readonly<Record<string, string>>): Start {
  const timed = ['bash', '--norc', '-c', TIME, 'bash', process.execPath, ...parameters];
  const [file, rest] = onCore('measured', timed);
  const { stderr } = spawnSync(file, rest, { env, encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'] });
  const [user = Number.NaN, system = Number.NaN, real = Number.NaN] = stderr.split(' ').map(Number);
  return { cpuMs: (user + system) * 1000, wallMs: real * 1000 };
}
