/** A function in as much of a core as goes with its memory, as Lambda runs it. Needs root, and Linux's first cgroups. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onCore } from './cores.ts';

const GROUP = '/sys/fs/cgroup/cpu/pullpass-bench';
/** AWS Lambda Developer Guide, "Configure Lambda function memory": a core, and in proportion below. */
const CORE_MB = 1769;
/** Microseconds: as long as Lambda's own. */
const PERIOD = 20_000;

/** Milliseconds, but for the memory. */
export interface SizedReport {
  readonly load: number;
  readonly first: number;
  readonly answers: readonly number[];
  readonly statuses: readonly number[];
  readonly mb: number;
}

export interface SizedRun {
  readonly mb: number;
  /** Of bench/servers/sized.ts. */
  readonly parameters: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

export function openGroup(): { close(): void } {
  mkdirSync(GROUP, { recursive: true });
  return { close: () => rmdirSync(GROUP) };
}

/** Runs bench/servers/sized.ts in the group, into which the shell goes before it becomes Node. */
export function runSized({ mb, parameters, environment }: SizedRun): SizedReport {
  writeFileSync(`${GROUP}/cpu.cfs_period_us`, `${PERIOD}`);
  writeFileSync(`${GROUP}/cpu.cfs_quota_us`, `${Math.round((PERIOD * mb) / CORE_MB)}`);
  const script = join(import.meta.dirname, '..', 'servers', 'sized.ts');
  const enter = ['sh', '-c', `echo $$ >${GROUP}/cgroup.procs; exec "$@"`, 'sh'];
  const [file, rest] = onCore('measured', [...enter, process.execPath, script, ...parameters]);
  const { stderr, stdout } = spawnSync(file, rest, {
    env: { PATH: process.env.PATH, ...environment },
    encoding: 'utf8',
  });
  const report: SizedReport = JSON.parse(stderr.trim().split('\n').at(-1) ?? '');
  if (report.statuses.some(status => status >= 300)) {
    throw new Error(`answered ${report.statuses}: ${stdout}`);
  }
  return report;
}

/** A request as payload format 2.0 has it. */
export function eventOf(line: string, headers: Readonly<Record<string, string>>): object {
  const [method = '', target = ''] = line.split(' ');
  const [rawPath = '', rawQueryString = ''] = target.split('?');
  const http = { method, path: rawPath, protocol: 'HTTP/1.1', sourceIp: '127.0.0.1' };
  return {
    version: '2.0',
    rawPath,
    rawQueryString,
    headers,
    requestContext: { http, requestId: 'bench' },
    isBase64Encoded: false,
  };
}

/** What every request has in the cloud. */
const HEADERS = {
  'accept-encoding': 'gzip',
  'content-length': '0',
  host: 'pullpass.example',
  'user-agent': 'docker/28.2.2 go/go1.24.3 git-commit/45873be kernel/6.8.0 os/linux arch/amd64',
  'x-amzn-trace-id': 'Root=1-67891234-0123456789abcdef01234567',
  'x-forwarded-for': '192.0.2.1',
  'x-forwarded-port': '443',
  'x-forwarded-proto': 'https',
} as const;

/** With a registry token, or a credential. */
export function loginEvent(token: string): object {
  const query = 'account=token&scope=repository%3Ateam-a%2Fapp%3Apull&service=registry.example';
  const authorization = `Basic ${Buffer.from(`token:${token}`).toString('base64')}`;
  return eventOf(`GET /oauth/token?${query}`, { ...HEADERS, authorization });
}

/** With a registry token, or an access token of an IAM; `json` is the body. */
export function bearerEvent(line: string, bearer: string, json?: object): object {
  const headers = { ...HEADERS, authorization: `Bearer ${bearer}` };
  if (json === undefined) return eventOf(line, headers);
  const body = JSON.stringify(json);
  const ofBody = { 'content-type': 'application/json', 'content-length': `${body.length}` };
  return { ...eventOf(line, { ...headers, ...ofBody }), body };
}
