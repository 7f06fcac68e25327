/**
 * A value that is loaded when it is needed, kept for a while, and loaded by one caller at a time: beside the callers while the last value
 * will do, and in front of them only when it will not.
 */

/** Times are in milliseconds. */
export interface RefreshingOptions<T> {
  readonly load: (nowMs: number) => Promise<T>;
  /** The soft age: how long a value is used without a look. */
  readonly freshFor: number | ((value: T) => number);
  /**
   * How long it is used while it is loaded again beside the caller, who does not wait, nor after a load that failed; absent: every
   * caller waits for that load.
   */
  readonly besideFor?: number | ((value: T) => number);
  /** The hard age: how long it is used while it cannot be loaded. */
  readonly usableFor: number | ((value: T) => number);
  /** How long after a failed load the next one is tried. */
  readonly retryAfter: number;
  /** The same while there is no usable value; absent: `retryAfter`. */
  readonly retryEmptyAfter?: number;
}

export interface Refreshing<T> {
  /**
   * The value: a fresh one, or the last one while it is loaded again beside this call, or else one loaded now; while it cannot be
   * loaded, or another caller is at it, the last one that is usable. Throws what `load` threw when there is none.
   */
  get(nowMs: number): Promise<T>;
  /** The value if it is fresh. */
  peek(nowMs: number): T | undefined;
  /** The value, loaded again unless the last load began less than `retryAfter` ago. Throws what that load threw. */
  reload(nowMs: number): Promise<T>;
}

/** No load takes so long: one that began earlier was frozen with its function, and so is its answer. */
const FROZEN_MS = 10_000;

/** Ages are times, not timers: a function that was frozen wakes up and loads again. */
export function refreshing<T>(options: RefreshingOptions<T>): Refreshing<T> {
  const { load, freshFor, besideFor, usableFor, retryAfter, retryEmptyAfter = retryAfter } = options;
  let loaded: { readonly value: T; readonly at: Moment } | undefined;
  let failure: { readonly error: unknown; readonly at: Moment } | undefined;
  let loading: { readonly promise: Promise<T>; readonly at: Moment } | undefined;

  async function tryToLoad(at: Moment): Promise<T> {
    const isLatest = () => loading?.at === at;
    try {
      const value = await load(at.nowMs);
      if (isLatest()) [loaded, failure] = [{ value, at }, undefined];
      return value;
    } catch (error) {
      if (isLatest()) failure = { error, at };
      throw error;
    } finally {
      if (isLatest()) loading = undefined;
    }
  }

  function underWay(nowMs: number): Promise<T> | undefined {
    return loading !== undefined && isYounger(loading.at, FROZEN_MS, nowMs) ? loading.promise : undefined;
  }

  function loadOnce(nowMs: number): Promise<T> {
    const joined = underWay(nowMs);
    if (joined !== undefined) return joined;
    const at = momentAt(nowMs);
    const { promise, resolve } = Promise.withResolvers<T>();
    loading = { promise, at };
    resolve(tryToLoad(at));
    return promise;
  }

  async function loadUnlessFailed(nowMs: number, pause: number): Promise<T> {
    if (underWay(nowMs) === undefined && failure !== undefined && isYounger(failure.at, pause, nowMs))
      throw failure.error;
    return loadOnce(nowMs);
  }

  type Span = RefreshingOptions<T>['usableFor'];

  function isWithin(span: Span, { value, at }: NonNullable<typeof loaded>, nowMs: number): boolean {
    return isYounger(at, typeof span === 'function' ? span(value) : span, nowMs);
  }

  return {
    peek: nowMs => (loaded !== undefined && isWithin(freshFor, loaded, nowMs) ? loaded.value : undefined),
    async get(nowMs) {
      if (loaded === undefined || !isWithin(usableFor, loaded, nowMs)) {
        return loadUnlessFailed(nowMs, retryEmptyAfter);
      }
      const { value } = loaded;
      if (isWithin(freshFor, loaded, nowMs) || underWay(nowMs) !== undefined) return value;
      const isBeside =
        besideFor !== undefined && (failure !== undefined || isWithin(besideFor, loaded, nowMs));
      const renewed = loadUnlessFailed(nowMs, retryAfter).catch(() => value);
      return isBeside ? value : renewed;
    },
    async reload(nowMs) {
      const isNew = underWay(nowMs) === undefined && failure === undefined;
      if (loaded !== undefined && isNew && isYounger(loaded.at, retryAfter, nowMs)) return loaded.value;
      return loadUnlessFailed(nowMs, retryAfter);
    },
  };
}

/**
 * By two clocks: the system's may be ahead and then be set back, and in a frozen function the monotonic one stands still.
 * What counts as young has to be young by both.
 */
export interface Moment {
  /** By the system's clock, in milliseconds since 1970. */
  readonly nowMs: number;
  /** By the monotonic clock of this process, in milliseconds. */
  readonly elapsedMs: number;
}

/** This moment, which the caller's clock calls `nowMs`. */
export function momentAt(nowMs: number): Moment {
  return { nowMs, elapsedMs: performance.now() };
}

/** Whether less than `spanMs` has passed since `since`; false when the clock was set back behind it. */
export function isYounger(since: Moment, spanMs: number, nowMs: number): boolean {
  const age = nowMs - since.nowMs;
  return age >= 0 && age < spanMs && performance.now() - since.elapsedMs < spanMs;
}
