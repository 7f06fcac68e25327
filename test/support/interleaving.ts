/** Runs several acts a step at a time, in every order. */
import type { Around } from './steps.ts';

/** Something under way that waits before each of its steps. */
export interface Process {
  readonly isDone: boolean;
  /** Carries out the next step, and returns when the one after it is due, or there is none. Throws what the act threw. */
  step(): Promise<void>;
}

/** Starts an act whose steps go through `around`, one after the other. */
export async function startProcess(act: (around: Around) => Promise<unknown>): Promise<Process> {
  let pending: (() => void) | undefined;
  let due = Promise.withResolvers<void>();
  let isDone = false;
  let failure: { readonly error: unknown } | undefined;
  const around: Around = (_, step) =>
    new Promise((resolve, reject) => {
      pending = () => void step().then(resolve, reject);
      due.resolve();
    });
  const finish = () => {
    isDone = true;
    due.resolve();
  };
  act(around).then(finish, (error: unknown) => {
    failure = { error };
    finish();
  });
  await due.promise;
  return {
    get isDone() {
      return isDone;
    },
    step: async () => {
      due = Promise.withResolvers();
      pending?.();
      await due.promise;
      if (failure !== undefined) throw failure.error;
    },
  };
}

/** Picks one of so many ways to go on: a number from 0. */
export type Choose = (options: number) => number;

/** Runs once for every sequence of choices that there is, and answers how many those were. */
export async function everyWay(run: (choose: Choose) => Promise<void>): Promise<number> {
  const path: { choice: number; readonly options: number }[] = [];
  let runs = 0;
  do {
    let depth = 0;
    await run(options => {
      const at = path[depth++] ?? { choice: 0, options };
      path[depth - 1] = at;
      return at.choice;
    });
    runs++;
    while (path.length > 0 && !hasMore(path.at(-1))) path.pop();
    const last = path.at(-1);
    if (last !== undefined) last.choice++;
  } while (path.length > 0);
  return runs;
}

function hasMore(at: { choice: number; options: number } | undefined): boolean {
  return at !== undefined && at.choice + 1 < at.options;
}

/**
 * Lets the processes take their steps in an order that `choose` picks, until each has come to its end or has stopped
 * for ever; at most `crashes` of them do. Answers those that stopped.
 */
export async function interleave(
  processes: readonly Process[],
  choose: Choose,
  crashes: number,
): Promise<Process[]> {
  const crashed: Process[] = [];
  for (;;) {
    const live = processes.filter(process => !process.isDone && !crashed.includes(process));
    if (live.length === 0) return crashed;
    const choice = choose(crashed.length < crashes ? 2 * live.length : live.length);
    const process = live[choice % live.length];
    if (choice >= live.length && process !== undefined) crashed.push(process);
    else await process?.step();
  }
}
