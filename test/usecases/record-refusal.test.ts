/** How refused logins are stored: within bounds, and in the same time whether one is stored or not; and how they are explained. */
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { RefusedLogin } from '../../lib/domain/errors.ts';
import { accountHandle } from '../../lib/domain/identifiers.ts';
import type { TokenRecord } from '../../lib/domain/token-record.ts';
import { rateLimiter } from '../../lib/limits/rate-limiter.ts';
import type { Refusal } from '../../lib/ports/refusals.ts';
import type { LoginQuery } from '../../lib/ports/stores.ts';
import {
  explainRefusal,
  REFUSALS_PER_MINUTE,
  type RefusalWaits,
  refusalRecorder,
} from '../../lib/usecases/refusals.ts';
import { ACCOUNT, aToken, NOW } from '../support/records.ts';

const FACTS = { requestId: 'r', sourceAddress: '192.0.2.1', service: 's' };
const REPOSITORIES = ['team-a/app'];
const REQUEST = { ...FACTS, repositories: () => REPOSITORIES };
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
    expect(stored).toEqual([{ ...LOGIN, ...FACTS, repositories: REPOSITORIES, at: 7 }]);
  });

  it('of no known account is not stored, and what was asked for is not looked at', async () => {
    const { record, stored } = recording(AT_ONCE);
    const repositories = () => expect.fail('it was looked at');
    await record({ ...LOGIN, handle: undefined }, { ...FACTS, repositories });
    expect(stored).toEqual([]);
  });

  it('is small however much was asked for', async () => {
    const { record, stored } = recording(AT_ONCE);
    const repositories = Array.from({ length: 100 }, (_, i) => `team-a/${'x'.repeat(200)}${i}`);
    await record({ ...LOGIN, why: 'y'.repeat(5000) }, { ...REQUEST, repositories: () => repositories });
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

describe('an explanation of a refusal', () => {
  const HANDLE = accountHandle(ACCOUNT);
  const stored = (facts: Partial<Refusal>): Refusal => ({
    ...FACTS,
    repositories: REPOSITORIES,
    ...LOGIN,
    handle: HANDLE,
    at: NOW,
    ...facts,
  });
  async function explained(facts: Partial<Refusal>, token?: TokenRecord) {
    const reads: LoginQuery[] = [];
    const asked: unknown[] = [];
    const explanation = await explainRefusal(
      {
        refusals: {
          find: async (...given) => {
            asked.push(given);
            return stored(facts);
          },
        },
        store: {
          read: async query => {
            reads.push(query);
            return { token, removed: false, revoked: false, claims: new Map(), rules: undefined } as never;
          },
        },
        clock: () => NOW * 1000 + 999,
      },
      ACCOUNT,
      'r',
    );
    expect(asked).toEqual([[HANDLE, 'r', NOW]]);
    return { ...explanation, reads };
  }

  it('says when, whence and for what it came, and what the token is now', async () => {
    const disabled = { at: NOW - 60, by: 'dev:alice' } as const;
    expect(await explained({ repositories: ['a/b', 'c/d'] }, aToken({ disabled }))).toEqual({
      decision: 'refused',
      granted: [],
      steps: [
        {
          check: 'request',
          result: 'note',
          detail: 'At 2026-11-21T07:00:00Z, token:t came from 192.0.2.1 for s, and asked for a/b, c/d.',
        },
        {
          check: 'token',
          result: 'failed',
          detail: 'The token was disabled at 2026-11-21T06:59:00Z by dev:alice.',
        },
      ],
      reads: [{ token: { handle: HANDLE, id: 't' }, namespaces: [] }],
    });
  });

  it.each<[what: string, facts: Partial<Refusal>, details: string[]]>([
    [
      'of a token that is not there',
      { repositories: [] },
      ['At 2026-11-21T07:00:00Z, token:t came from 192.0.2.1 for s.', 'The token was disabled.'],
    ],
    [
      'of a credential, whose token it does not look at',
      { subject: 'credential:c', why: 'expired', repositories: [] },
      ['At 2026-11-21T07:00:00Z, credential:c came from 192.0.2.1 for s.', 'The login was refused: expired.'],
    ],
    [
      'for a reason of another version',
      { why: 'of-tomorrow', repositories: [] },
      ['At 2026-11-21T07:00:00Z, token:t came from 192.0.2.1 for s.', 'The login was refused: of-tomorrow.'],
    ],
  ])('%s', async (_, facts, details) => {
    const { steps, reads } = await explained(facts);
    expect(steps.map(({ detail }) => detail)).toEqual(details);
    expect(steps[1]).toMatchObject({ check: 'token', result: 'failed' });
    expect(reads).toHaveLength(details[1]?.startsWith('The token') === true ? 1 : 0);
  });

  it('that is not there says how long they are kept', async () => {
    const ports = { refusals: { find: async () => undefined }, store: { read: () => expect.fail('no') } };
    await expect(explainRefusal({ ...ports, clock: () => NOW * 1000 }, ACCOUNT, 'r')).rejects.toMatchObject({
      code: 'not-found',
      details: { detail: expect.stringMatching(/^No refused login of this account .* kept for a day/) },
    });
  });
});
