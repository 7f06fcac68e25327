/** Stores whose login was refused and why, in a bounded number of writes, and in the same time whether one is made or not. */

import type { RefusedLogin } from '../domain/errors.ts';
import { toSeconds } from '../domain/time.ts';
import type { Refusal, RefusalStore } from '../ports/refusals.ts';
import type { Clock, RateLimit } from '../ports/system.ts';

/** Writes in a minute of one instance: anyone who knows an identifier can cause them. */
export const REFUSALS_PER_MINUTE = { account: 10, instance: 60 } as const;

/**
 * How long each refusal waits, in milliseconds. A write that takes longer is given up; one that is faster, and none at all,
 * end at the same time, or the time would tell which identifiers exist.
 */
const REFUSAL_MS = 50;

export interface RefusalPorts {
  readonly refusals: Pick<RefusalStore, 'add'>;
  /** By account. */
  readonly perAccount: RateLimit;
  readonly perInstance: RateLimit;
  readonly clock: Clock;
  readonly waits?: RefusalWaits | undefined;
}

/** In milliseconds: the least that each refusal takes, and the most that its write takes. */
export interface RefusalWaits {
  readonly leastMs: number;
  readonly mostMs: number;
}

/** What was asked for, and from where. */
export type RefusedRequest = Omit<Refusal, 'at' | 'handle' | 'subject' | 'why'>;

export type RecordRefusal = (login: RefusedLogin, request: RefusedRequest) => Promise<void>;

/** Never fails: that a login is refused does not depend on it. */
export function refusalRecorder(ports: RefusalPorts): RecordRefusal {
  const { refusals, perAccount, perInstance, clock, waits } = ports;
  const { leastMs, mostMs } = waits ?? { leastMs: REFUSAL_MS, mostMs: REFUSAL_MS };
  return async ({ handle, subject, why }, request) => {
    const least = new Promise(resolve => void setTimeout(resolve, leastMs));
    const nowMs = clock();
    const mayWrite = (account: string) =>
      perAccount(account, nowMs) === undefined && perInstance('', nowMs) === undefined;
    if (handle !== undefined && mayWrite(handle)) {
      const refusal = { ...cut(request), handle, subject, why: why.slice(0, MAX_TEXT), at: toSeconds(nowMs) };
      await refusals.add(refusal, AbortSignal.timeout(mostMs)).catch(() => undefined);
    }
    await least;
  };
}

const MAX_TEXT = 512;

/** Within one unit of writing, which is a kibibyte. */
function cut(request: RefusedRequest): RefusedRequest {
  let room = MAX_TEXT;
  const repositories = request.repositories.filter(name => {
    room -= name.length + 1;
    return room >= 0;
  });
  return { ...request, repositories };
}
