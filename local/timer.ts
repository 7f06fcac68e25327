/** Does the work that schedules do on AWS. */
import { setInterval } from 'node:timers';

export interface Task {
  readonly name: string;
  readonly everyMs: number;
  readonly work: () => Promise<unknown>;
}

/** Runs each task again and again, never twice at once; a failure is reported and the next turn tries again. */
export function startTimers(
  tasks: readonly Task[],
  report: (name: string, error: unknown) => void,
): () => void {
  const timers = tasks.map(({ name, everyMs, work }) => {
    let busy = false;
    return setInterval(() => {
      if (busy) return;
      busy = true;
      work()
        .catch((error: unknown) => report(name, error))
        .finally(() => {
          busy = false;
        });
    }, everyMs).unref();
  });
  return () => {
    for (const timer of timers) clearInterval(timer);
  };
}
