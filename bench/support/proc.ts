/** What the kernel says of a process. */
import { readFileSync } from 'node:fs';

const TICK_MS = 10;
/** Counted from after the name, which may hold spaces: fields 14 and 15 of proc_pid_stat(5). */
const USER = 11;
const SYSTEM = 12;

/** CPU time of all threads so far, user and system, in milliseconds. */
export function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[USER]) + Number(fields[SYSTEM])) * TICK_MS;
}

/** Resident memory, in megabytes. */
export function residentMb(pid: number): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) / 1024;
}
