/** A value that is loaded when it is needed, kept for a while, and loaded by one caller at a time. */

export interface RefreshingOptions<T> {
  readonly load: (now: number) => Promise<T>;
  /** How long a value is used without a look, in the unit of `now`. */
  readonly freshFor: number | ((value: T) => number);
  /** How long it is used while it cannot be loaded. */
  readonly usableFor: number;
  /** How long after a failed load the next one is tried. */
  readonly retryAfter: number;
  /** The same while there is no usable value; absent: `retryAfter`. */
  readonly retryEmptyAfter?: number;
}

export interface Refreshing<T> {
  /**
   * The value: a fresh one, or else loaded now; while it cannot be loaded, or another caller is at it, the last one that
   * is usable. Throws what `load` threw when there is none.
   */
  get(now: number): Promise<T>;
  /** The value, loaded again unless the last load began less than `retryAfter` ago. Throws what that load threw. */
  reload(now: number): Promise<T>;
}

/** Ages are times, not timers: a function that was frozen wakes up and loads again. */
export function refreshing<T>(options: RefreshingOptions<T>): Refreshing<T> {
  const { load, freshFor, usableFor, retryAfter, retryEmptyAfter = retryAfter } = options;
  let loaded: { readonly value: T; readonly at: number } | undefined;
  let failure: { readonly error: unknown; readonly at: number } | undefined;
  let loading: Promise<T> | undefined;

  async function tryToLoad(now: number): Promise<T> {
    try {
      const value = await load(now);
      loaded = { value, at: now };
      failure = undefined;
      return value;
    } catch (error) {
      failure = { error, at: now };
      throw error;
    }
  }

  function loadOnce(now: number): Promise<T> {
    loading ??= tryToLoad(now).finally(() => {
      loading = undefined;
    });
    return loading;
  }

  async function loadUnlessFailed(now: number, pause: number): Promise<T> {
    if (loading === undefined && failure !== undefined && isYounger(failure.at, pause, now))
      throw failure.error;
    return loadOnce(now);
  }

  return {
    async get(now) {
      if (loaded === undefined || !isYounger(loaded.at, usableFor, now)) {
        return loadUnlessFailed(now, retryEmptyAfter);
      }
      const { value, at } = loaded;
      const isFresh = isYounger(at, typeof freshFor === 'function' ? freshFor(value) : freshFor, now);
      if (isFresh || loading !== undefined) return value;
      return loadUnlessFailed(now, retryAfter).catch(() => value);
    },
    async reload(now) {
      const isNew = loading === undefined && failure === undefined;
      if (loaded !== undefined && isNew && isYounger(loaded.at, retryAfter, now)) return loaded.value;
      return loadUnlessFailed(now, retryAfter);
    },
  };
}

/** Whether less than `span` has passed since `at`. A clock that was set back makes nothing younger. */
function isYounger(at: number, span: number, now: number): boolean {
  return at <= now && now - at < span;
}
