/** The actor behind an administrator's call. */
import type { IdentifiedCall } from '../http/exchange.ts';
import type { Actor } from '../usecases/actor.ts';

export function actorOf({ identity, requestId, sourceAddress }: IdentifiedCall): Actor {
  const { account, subject, strength, uniqueId } = identity;
  const known = uniqueId === undefined ? {} : { uniqueId };
  return { account, subject, strength, ...known, requestId, sourceAddress };
}
