/** A thousand agents log in at once; start time and memory are measured and printed. */
import { readdir, readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { newDeployment, times } from './support/deployment.ts';
import type { Pullpass } from './support/pullpass.ts';

const AGENTS = 1_000;
/** Loose on purpose: the goals are 5 s and 200 MB, and benchmarks are no tests. */
const READY_MS = 20_000;
const RESIDENT_MB = 400;

it('1 000 concurrent logins all succeed', async () => {
  const pullpass = await newDeployment();
  const began = performance.now();
  await pullpass.start();
  const readyMs = Math.round(performance.now() - began);
  await pullpass.manage('PUT', '/v1/namespaces/team-a');
  const { token } = await pullpass.addToken();
  const restingMb = await residentMb(pullpass);

  const startedMs = performance.now();
  const scope = 'repository:team-a/app:pull';
  const logins = await times(AGENTS, AGENTS, () => pullpass.logIn('token', token, { scope }));
  const loginsMs = Math.round(performance.now() - startedMs);

  const busyMb = await residentMb(pullpass);
  console.log(
    `ready after ${readyMs} ms; ${AGENTS} logins in ${loginsMs} ms; resident ${restingMb} MB, then ${busyMb} MB`,
  );
  expect(logins.filter(({ status }) => status !== 200)).toEqual([]);
  expect(new Set(logins.map(({ json }) => json.token)).size).toBe(AGENTS);
  expect(readyMs).toBeLessThan(READY_MS);
  expect(busyMb).toBeLessThan(RESIDENT_MB);
});

/** The resident set of the process that serves: npm's youngest descendant. */
async function residentMb({ running }: Pullpass): Promise<number> {
  let pid = running.process.pid ?? 0;
  for (let [child] = await childrenOf(pid); child !== undefined; [child] = await childrenOf(pid)) pid = child;
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024);
}

async function childrenOf(pid: number): Promise<number[]> {
  const threads = await readdir(`/proc/${pid}/task`);
  const lists = await Promise.all(threads.map(id => readFile(`/proc/${pid}/task/${id}/children`, 'utf8')));
  return lists.flatMap(list => list.split(' ').filter(Boolean).map(Number));
}
