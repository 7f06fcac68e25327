/** The second lock behind the chain: an operation for administrators that is called without an identity denies. */
import { PullpassError } from '../domain/errors.ts';
import type { AdministratorCall, Operation } from './exchange.ts';

export function forAdministrators(operation: Operation<AdministratorCall>): Operation {
  return call => {
    const { identity } = call;
    if (identity === undefined) throw new PullpassError('unauthenticated', { reason: 'no identity' });
    return operation({ ...call, identity });
  };
}
