/** Runs commands and servers as child processes, each in a process group of its own, so that nothing outlives its test. */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Result {
  /** Null when it was ended by a signal. */
  readonly code: number | null;
  /** What a user reads: standard output and standard error as they came. */
  readonly output: string;
  readonly timedOut: boolean;
}

export interface RunOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** For standard input, which is at its end otherwise. */
  readonly input?: string;
  readonly timeoutMs?: number;
}

const COMMAND_MS = 60_000;

/** Runs a command to its end, or ends it with its children after its time: some clients wait for a terminal for ever. */
export async function run(command: string, args: readonly string[], options: RunOptions): Promise<Result> {
  const { env, cwd, input = '', timeoutMs = COMMAND_MS } = options;
  const child = start(command, args, { env, ...(cwd === undefined ? {} : { cwd }) });
  child.process.stdin?.on('error', () => undefined).end(input);
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    child.kill('SIGKILL');
  }, timeoutMs);
  const code = await child.exited;
  clearTimeout(timer);
  return { code, output: child.output(), timedOut };
}

export interface Running {
  readonly process: ChildProcess;
  /** Resolves to the exit code; null when it was ended by a signal. */
  readonly exited: Promise<number | null>;
  output(): string;
  /** Signals the process and its children. */
  kill(signal: NodeJS.Signals): void;
  /** SIGTERM to all, and SIGKILL to what is left after the patience; resolves when it has ended. */
  stop(patienceMs?: number): Promise<void>;
}

const STOP_PATIENCE_MS = 10_000;

export function start(command: string, args: readonly string[], options: SpawnOptions): Running {
  const child = spawn(command, args, { ...options, detached: true, stdio: 'pipe' });
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => chunks.push(chunk));
  const failure = Promise.withResolvers<never>();
  child.once('error', failure.reject);
  const exited = Promise.race([
    once(child, 'close').then(([code]) => code as number | null),
    failure.promise,
  ]);
  exited.catch(() => undefined);
  const kill = (signal: NodeJS.Signals) => killGroup(child.pid, signal);
  return {
    process: child,
    exited,
    output: () => Buffer.concat(chunks).toString('utf8'),
    kill,
    async stop(patienceMs = STOP_PATIENCE_MS) {
      kill('SIGTERM');
      const timer = setTimeout(() => kill('SIGKILL'), patienceMs);
      await exited;
      clearTimeout(timer);
    },
  };
}

function killGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Waits until the check holds; throws with the output of the process when that takes too long or it has ended. */
export async function until(
  what: string,
  check: () => Promise<boolean>,
  { running, timeoutMs = 30_000 }: { running?: Running; timeoutMs?: number } = {},
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await check())) {
    const ended = running !== undefined && running.process.exitCode !== null;
    if (ended || Date.now() > deadline) {
      throw new Error(`${what}: ${ended ? 'the process has ended' : 'too late'}\n${running?.output() ?? ''}`);
    }
    await sleep(25);
  }
}
