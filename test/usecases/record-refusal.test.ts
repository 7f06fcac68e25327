/** How refused logins are stored: within bounds, and in the same time whether one is stored or not. */
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { RefusedLogin } from '../../lib/domain/errors.ts';
import { rateLimiter } from '../../lib/limits/rate-limiter.ts';
import type { Refusal } from '../../lib/ports/refusals.ts';
import { REFUSALS_PER_MINUTE, type RefusalWaits, refusalRecorder } from '../../lib/usecases/refusals.ts';

const REQUEST = { requestId: 'r', sourceAddress: '192.0.2.1', service: 's', repositories: ['team-a/app'] };
const LOGIN = { handle: 'h', subject: 'token:t', why: 'disabled' };
const AT_ONCE = { leastMs: 0, mostMs: 1000 };

function recording(
  waits: RefusalWaits,
  write: (signal: AbortSignal) => Promise<void> = async () => undefined,
) {
  const stored: Refusal[] = [];
  const signals: AbortSignal[] = [];
  const record = refusalRecorder({
    refusals: {
      add: async (refusal, signal) => {
        stored.push(refusal);
        signals.push(signal);
        await write(signal);
      },
    },
    perAccount: rateLimiter(REFUSALS_PER_MINUTE.account).take,
    perInstance: rateLimiter(REFUSALS_PER_MINUTE.instance).take,
    clock: () => 7_500,
    waits,
  });
  return { record, stored, signals };
}

describe('a refusal', () => {
  it('is stored with its account, whose it was, why and when', async () => {
    const { record, stored } = recording(AT_ONCE);
    await record(LOGIN, REQUEST);
    expect(stored).toEqual([{ ...LOGIN, ...REQUEST, at: 7 }]);
  });

  it('of no known account is not stored', async () => {
    const { record, stored } = recording(AT_ONCE);
    await record({ ...LOGIN, handle: undefined }, REQUEST);
    expect(stored).toEqual([]);
  });

  it('is small however much was asked for', async () => {
    const { record, stored } = recording(AT_ONCE);
    const repositories = Array.from({ length: 100 }, (_, i) => `team-a/${'x'.repeat(200)}${i}`);
    await record({ ...LOGIN, why: 'y'.repeat(5000) }, { ...REQUEST, repositories });
    expect(JSON.stringify(stored[0]).length).toBeLessThan(1_300);
  });

  it('ends as refused when it cannot be stored', async () => {
    const { record } = recording(AT_ONCE, () => Promise.reject(new Error('no table')));
    await record(LOGIN, REQUEST);
  });
});

describe('the writes', () => {
  it('of an account are bounded, and those of others go on', async () => {
    const { record, stored } = recording(AT_ONCE);
    for (let i = 0; i < 50; i++) await record(LOGIN, REQUEST);
    await record({ ...LOGIN, handle: 'other' }, REQUEST);
    expect(stored.map(({ handle }) => handle).filter(handle => handle === 'h')).toHaveLength(10);
    expect(stored).toHaveLength(11);
  });

  it('of an instance are bounded, however many accounts there are', async () => {
    const { record, stored } = recording(AT_ONCE);
    for (let i = 0; i < 200; i++) await record({ ...LOGIN, handle: `h${i}` }, REQUEST);
    expect(stored).toHaveLength(60);
  });
});

describe('the time of a refusal', () => {
  /** Whether it has ended by then. */
  async function hasEnded(work: Promise<void>, ms: number): Promise<boolean> {
    return Promise.race([work.then(() => true), pause(ms).then(() => false)]);
  }

  const atOnce = async (): Promise<void> => undefined;
  it.each<[string, RefusedLogin, () => Promise<void>]>([
    ['is stored at once', LOGIN, atOnce],
    ['is of no account', { ...LOGIN, handle: undefined }, atOnce],
    ['cannot be stored', LOGIN, () => Promise.reject(new Error('no table'))],
  ])('is at least the same where it %s', async (_, login, write) => {
    const { record } = recording({ leastMs: 60, mostMs: 60 }, write);
    const work = record(login, REQUEST);
    expect(await hasEnded(work, 30)).toBe(false);
    await work;
  });

  it('is at most the same where the table does not answer: the write is given up', async () => {
    const never = (signal: AbortSignal): Promise<void> => {
      const { promise, reject } = Promise.withResolvers<void>();
      signal.addEventListener('abort', () => reject(signal.reason));
      return promise;
    };
    const { record, signals } = recording({ leastMs: 20, mostMs: 20 }, never);
    await record(LOGIN, REQUEST);
    expect(signals[0]?.aborted).toBe(true);
  });
});
