/** Logins that were refused: recorded in a bounded number of writes, and explained by the request id that the client has printed. */

import { PullpassError, type RefusedLogin } from '../domain/errors.ts';
import { type Explanation, refusedToken, type Step, type TokenRefusal } from '../domain/explanation.ts';
import { type Account, accountHandle } from '../domain/identifiers.ts';
import { toRfc3339, toSeconds } from '../domain/time.ts';
import type { Refusal, RefusalStore } from '../ports/refusals.ts';
import type { LoginStore } from '../ports/stores.ts';
import type { Clock, RateLimit } from '../ports/system.ts';
import { DENIAL_OF } from './principal.ts';

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
export interface RefusedRequest extends Pick<Refusal, 'requestId' | 'service' | 'sourceAddress'> {
  /** Asked only where the refusal is stored. */
  readonly repositories: () => readonly string[];
}

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
      const refusal = {
        ...request,
        handle,
        subject,
        why: why.slice(0, MAX_TEXT),
        at: toSeconds(nowMs),
        repositories: cut(request.repositories()),
      };
      await refusals.add(refusal, AbortSignal.timeout(mostMs)).catch(() => undefined);
    }
    await least;
  };
}

const MAX_TEXT = 512;

/** Within one unit of writing, which is a kibibyte. */
function cut(repositories: readonly string[]): string[] {
  let room = MAX_TEXT;
  return repositories.filter(name => {
    room -= name.length + 1;
    return room >= 0;
  });
}

export interface RefusalReadPorts {
  readonly refusals: Pick<RefusalStore, 'find'>;
  readonly store: Pick<LoginStore, 'read'>;
  readonly clock: Clock;
}

/** Throws `not-found` for what is not a refusal of this account, or is more than a day old. */
export async function explainRefusal(
  { refusals, store, clock }: RefusalReadPorts,
  account: Account,
  requestId: string,
): Promise<Explanation> {
  const handle = accountHandle(account);
  const refusal = await refusals.find(handle, requestId, toSeconds(clock()));
  if (refusal === undefined) {
    const detail =
      'No refused login of this account has this request id. They are kept for a day, and not all of very many.';
    throw new PullpassError('not-found', { detail });
  }
  const id = tokenIn(refusal);
  if (id === undefined) return explanationOf(refusal, refusedCredential(refusal));
  const { token } = await store.read({ token: { handle, id }, namespaces: [] });
  return explanationOf(refusal, refusedToken(refusal.why as TokenRefusal, token, refusal.sourceAddress));
}

function explanationOf(refusal: Refusal, reason: Step): Explanation {
  return { decision: 'refused', granted: [], steps: [requestStep(refusal), reason] };
}

/** The token whose state is the reason; undefined: it was a credential, or another version has stored a reason of its own. */
function tokenIn({ subject, why }: Refusal): string | undefined {
  const [kind, id] = subject.split(':');
  return kind === 'token' && Object.hasOwn(DENIAL_OF, why) ? id : undefined;
}

function requestStep({ at, sourceAddress, service, subject, repositories }: Refusal): Step {
  const asked = repositories.length === 0 ? '' : `, and asked for ${repositories.join(', ')}`;
  const detail = `At ${toRfc3339(at)}, ${subject} came from ${sourceAddress} for ${service}${asked}.`;
  return { check: 'request', result: 'note', detail };
}

function refusedCredential({ why }: Refusal): Step {
  return { check: 'token', result: 'failed', detail: `The login was refused: ${why}.` };
}
