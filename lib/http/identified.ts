/** The second lock behind the chain: an operation for identities that is called without one denies. */
import { PullpassError } from '../domain/errors.ts';
import type { Handler, IdentityRequest } from './exchange.ts';

export function forIdentities(operation: Handler<IdentityRequest>): Handler {
  return call => {
    const { recognised } = call;
    if (recognised?.kind !== 'identity')
      throw new PullpassError('unauthenticated', { reason: 'no identity' });
    const { identity, roles } = recognised;
    return operation({ ...call, identity, roles });
  };
}
