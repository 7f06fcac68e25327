/** The actor behind an administrator's call. */
import type { IdentityRequest } from '../http/exchange.ts';
import type { Actor } from '../usecases/actor.ts';

export function actorOf({ identity, requestId, sourceAddress }: IdentityRequest): Actor {
  const { account, subject, strength, uniqueId } = identity;
  const known = uniqueId === undefined ? {} : { uniqueId };
  return { account, subject, strength, ...known, requestId, sourceAddress };
}
