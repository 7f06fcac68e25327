/** Keeps what is measured and what drives it on separate cores, where there are two and taskset is at hand. */
import { execFileSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

const MEASURED = '0';
const DRIVING = '1';

export type Role = 'measured' | 'driving';

const apart = availableParallelism() > 1 && hasTaskset();

/** The command line that runs `command` on the core of its role. */
export function onCore(role: Role, command: readonly string[]): [file: string, parameters: string[]] {
  const pinned = apart ? ['taskset', '-c', role === 'measured' ? MEASURED : DRIVING, ...command] : command;
  const [file = '', ...parameters] = pinned;
  return [file, parameters];
}

/** Moves this process, which makes the load, out of the way. */
export function moveAside(): void {
  if (apart) execFileSync('taskset', ['-a', '-c', '-p', DRIVING, String(process.pid)]);
}

function hasTaskset(): boolean {
  try {
    execFileSync('taskset', ['--version']);
    return true;
  } catch {
    return false;
  }
}
