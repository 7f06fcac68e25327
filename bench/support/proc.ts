/** What the kernel says of a process. */
import { readdirSync, readFileSync } from 'node:fs';

/**
 * Processor time of all threads so far, user and system, in milliseconds; of a thread that has ended, none. By the scheduler's own
 * count (sched-stats.rst), because the ticks of /proc/<pid>/stat are too coarse for a few hundred requests.
 */
export function cpuMs(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  const nanoseconds = threads.map(id => {
    const [onCore] = readFileSync(`/proc/${pid}/task/${id}/schedstat`, 'utf8').split(' ');
    return Number(onCore);
  });
  return nanoseconds.reduce((sum, time) => sum + time, 0) / 1_000_000;
}

/** Resident memory, in megabytes. */
export function residentMb(pid: number): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) / 1024;
}
