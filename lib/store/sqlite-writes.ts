/** Writes that are asked for in one turn of the event loop share a transaction: a sync of the disk takes its time however much is in it. */
import type { Database, Statements } from './sqlite-database.ts';

export interface Writes {
  /** Runs the act, and resolves when it is on the disk. Rejects with `unavailable` as `transact` throws it. */
  run<T>(act: (statements: Statements) => T): Promise<T>;
  /** Does now what is waiting. */
  flush(): void;
}

interface Waiting {
  readonly act: (statements: Statements) => unknown;
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
}

export function groupedWrites(database: Pick<Database, 'transactAll'>): Writes {
  let waiting: Waiting[] = [];
  const flush = () => {
    const group = waiting;
    waiting = [];
    if (group.length > 0) runAll(database, group);
  };
  return {
    run: act =>
      new Promise((resolve, reject) => {
        // After the requests that have come meanwhile, before the process waits for others.
        if (waiting.length === 0) setImmediate(flush);
        waiting.push({ act, resolve, reject });
      }),
    flush,
  };
}

function runAll(database: Pick<Database, 'transactAll'>, group: readonly Waiting[]): void {
  try {
    const outcomes = database.transactAll(group.map(({ act }) => act));
    group.forEach(({ resolve, reject }, i) => {
      const outcome = outcomes[i];
      if (outcome !== undefined && 'value' in outcome) resolve(outcome.value as never);
      else reject(outcome?.error);
    });
  } catch (error) {
    for (const { reject } of group) reject(error);
  }
}
