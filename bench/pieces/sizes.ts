/**
 * What memory sizes of Lambda come to: a function in as much of a core as goes with its memory. Lambda gives a core for 1769 MB, and
 * in proportion below (AWS Lambda Developer Guide, "Configure Lambda function memory"). Needs root, and Linux's first cgroups.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundle } from '../../infra/bundle.ts';
import { onCore } from '../support/cores.ts';
import { openLoginServers } from '../support/login-servers.ts';
import { type Row, row } from '../support/row.ts';
import { median, quantile } from '../support/statistics.ts';

const GROUP = '/sys/fs/cgroup/cpu/pullpass-bench';
const CORE_MB = 1769;
/** Microseconds: as long as Lambda's own. */
const PERIOD = 20_000;
const SIZES = [128, 256, 512, 1024, 1769];
const ANSWERS = 300;

/** What each function is asked, as payload format 2.0 has it. */
const EVENTS = {
  login: (token: string) =>
    eventOf('GET /oauth/token?service=registry.example&scope=repository:team-a/app:pull', {
      authorization: `Basic ${Buffer.from(`token:${token}`).toString('base64')}`,
    }),
  credentials: (token: string) => eventOf('POST /v1/credentials', { authorization: `Bearer ${token}` }),
  discovery: () => eventOf('GET /.well-known/jwks.json', {}),
} as const;

export async function sizes(): Promise<Row[]> {
  const around = await openLoginServers();
  const directory = await mkdtemp(join(tmpdir(), 'pullpass-sizes-'));
  mkdirSync(GROUP, { recursive: true });
  const rows: Row[] = [];
  for (const [name, event] of Object.entries(EVENTS)) {
    await bundle(name, directory);
    const parameters = [
      join(directory, name, 'index.mjs'),
      JSON.stringify(event(around.value)),
      `${ANSWERS}`,
    ];
    for (const mb of SIZES)
      rows.push(...rowsOf(`${name} with ${mb} MB`, run(mb, parameters, around.environment)));
  }
  rmdirSync(GROUP);
  await around.close();
  await rm(directory, { recursive: true });
  return rows;
}

interface Report {
  readonly load: number;
  readonly first: number;
  readonly answers: readonly number[];
  readonly statuses: readonly number[];
  readonly mb: number;
}

/** Runs bench/servers/sized.ts in the group, into which the shell goes before it becomes Node. */
function run(
  mb: number,
  parameters: readonly string[],
  environment: Readonly<Record<string, string>>,
): Report {
  writeFileSync(`${GROUP}/cpu.cfs_period_us`, `${PERIOD}`);
  writeFileSync(`${GROUP}/cpu.cfs_quota_us`, `${Math.round((PERIOD * mb) / CORE_MB)}`);
  const script = join(import.meta.dirname, '..', 'servers', 'sized.ts');
  const enter = ['sh', '-c', `echo $$ >${GROUP}/cgroup.procs; exec "$@"`, 'sh'];
  const [file, rest] = onCore('measured', [...enter, process.execPath, script, ...parameters]);
  const { stderr } = spawnSync(file, rest, {
    env: { PATH: process.env.PATH, ...environment },
    encoding: 'utf8',
  });
  const report: Report = JSON.parse(stderr.trim().split('\n').at(-1) ?? '');
  if (report.statuses.some(status => status >= 300)) throw new Error(`answered ${report.statuses}`);
  return report;
}

function rowsOf(what: string, { load, first, answers, mb }: Report): Row[] {
  const ms = { unit: 'ms', digits: 1 };
  return [
    row('', `${what}: load`, { value: load, ...ms }),
    row('', `${what}: first answer`, { value: first, ...ms }),
    row('', `${what}: answer, p50`, { value: median(answers), ...ms }),
    row('', `${what}: answer, p99`, { value: quantile(answers, 0.99), ...ms }),
    row('', `${what}: most memory`, { value: mb, unit: 'MB', digits: 0 }),
  ];
}

function eventOf(line: string, headers: Readonly<Record<string, string>>): object {
  const [method = '', target = ''] = line.split(' ');
  const [rawPath = '', rawQueryString = ''] = target.split('?');
  const http = { method, path: rawPath, protocol: 'HTTP/1.1', sourceIp: '127.0.0.1' };
  return {
    rawPath,
    rawQueryString,
    headers,
    requestContext: { http, requestId: 'bench' },
    isBase64Encoded: false,
  };
}
