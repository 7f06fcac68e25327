/** Bounds how much is done at once, in all and for each source; what comes on top waits briefly for its turn. */
import { unavailable } from '../domain/errors.ts';

export interface BulkheadLimits {
  readonly atOnce: number;
  readonly atOncePerSource: number;
  /** How many may wait. Beyond it, the source with the most waiters loses its last. */
  readonly waiting: number;
  readonly waitMs: number;
}

interface Waiter {
  readonly enter: () => void;
  readonly refuse: () => void;
}

/** Sources take turns, so one that asks for much delays itself and no other. */
export class Bulkhead {
  readonly #limits: BulkheadLimits;
  readonly #active = new Map<string, number>();
  /** By source, in the order of their turns; none is empty. */
  readonly #queues = new Map<string, Waiter[]>();
  #activeCount = 0;
  #waitingCount = 0;

  constructor(limits: BulkheadLimits) {
    this.#limits = limits;
  }

  /** Does the work when there is room. Throws `unavailable` when there is none in time. */
  async run<T>(source: string, work: () => Promise<T>): Promise<T> {
    if (this.#hasRoom(source)) this.#enter(source);
    else await this.#wait(source);
    try {
      return await work();
    } finally {
      this.#leave(source);
    }
  }

  #hasRoom(source: string): boolean {
    const { atOnce, atOncePerSource } = this.#limits;
    return this.#activeCount < atOnce && (this.#active.get(source) ?? 0) < atOncePerSource;
  }

  #enter(source: string): void {
    this.#activeCount += 1;
    this.#active.set(source, (this.#active.get(source) ?? 0) + 1);
  }

  #leave(source: string): void {
    const left = (this.#active.get(source) ?? 0) - 1;
    this.#activeCount -= 1;
    if (left > 0) this.#active.set(source, left);
    else this.#active.delete(source);
    for (const each of this.#queues.keys()) {
      if (!this.#hasRoom(each)) continue;
      this.#shift(each)?.enter();
      return;
    }
  }

  #wait(source: string): Promise<void> {
    this.#makeRoomToWait(source);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter: Waiter = {
      enter: () => {
        clearTimeout(timer);
        this.#enter(source);
        resolve();
      },
      refuse: () => {
        clearTimeout(timer);
        reject(tooMany());
      },
    };
    const timer = setTimeout(() => {
      this.#take(source, waiter);
      waiter.refuse();
    }, this.#limits.waitMs);
    const queue = this.#queues.get(source) ?? [];
    queue.push(waiter);
    this.#queues.set(source, queue);
    this.#waitingCount += 1;
    return promise;
  }

  /** Throws `unavailable` when no other source has clearly more waiters than this one. */
  #makeRoomToWait(source: string): void {
    if (this.#waitingCount < this.#limits.waiting) return;
    let longest: readonly [string, Waiter[]] | undefined;
    for (const entry of this.#queues) {
      if (entry[1].length > (longest?.[1].length ?? 0)) longest = entry;
    }
    const own = this.#queues.get(source)?.length ?? 0;
    const last = longest?.[1].at(-1);
    if (longest === undefined || last === undefined || longest[1].length <= own + 1) throw tooMany();
    this.#take(longest[0], last);
    last.refuse();
  }

  /** The first waiter of a source, which goes to the end of the turns. */
  #shift(source: string): Waiter | undefined {
    const queue = this.#queues.get(source) ?? [];
    const [waiter] = queue;
    if (waiter === undefined) return undefined;
    this.#take(source, waiter);
    if (this.#queues.delete(source)) this.#queues.set(source, queue);
    return waiter;
  }

  #take(source: string, waiter: Waiter): void {
    const queue = this.#queues.get(source) ?? [];
    const index = queue.indexOf(waiter);
    if (index < 0) return;
    queue.splice(index, 1);
    this.#waitingCount -= 1;
    if (queue.length === 0) this.#queues.delete(source);
  }
}

function tooMany() {
  return unavailable('too many requests at once', { retryAfterSeconds: 1 });
}
