/** Explains a login that was refused, by the request id that its client has printed. */

import { PullpassError } from '../domain/errors.ts';
import { type Explanation, refusedToken, type Step, type TokenRefusal } from '../domain/explanation.ts';
import { type Account, accountHandle } from '../domain/identifiers.ts';
import { toRfc3339, toSeconds } from '../domain/time.ts';
import type { Refusal, RefusalStore } from '../ports/refusals.ts';
import type { LoginStore } from '../ports/stores.ts';
import type { Clock } from '../ports/system.ts';
import { DENIAL_OF } from './principal.ts';

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
  const token = id === undefined ? undefined : await store.read({ token: { handle, id }, namespaces: [] });
  const reason =
    id === undefined
      ? refusedCredential(refusal)
      : refusedToken(refusal.why as TokenRefusal, token?.token, refusal.sourceAddress);
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
