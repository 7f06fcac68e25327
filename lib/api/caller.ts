/** The caller of a login, or of the vending of a credential. */
import { PullpassError } from '../domain/errors.ts';
import type { Request } from '../http/exchange.ts';
import type { Caller } from '../usecases/standing.ts';

/** Throws `unauthenticated` for a proof that the identity phase should have recognised, and did not. */
export function callerOf({ presented, recognised }: Request): Caller {
  if (recognised !== undefined) return recognised;
  if (presented.kind === 'token') return { kind: 'token', secret: presented.secret };
  if (presented.kind === 'anonymous') return { kind: 'anonymous' };
  throw new PullpassError('unauthenticated', { reason: `${presented.kind} was not recognised` });
}
