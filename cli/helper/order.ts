/**
 * What `registry-login` tells the credential helper. A client that has a helper gives it the credential of its login, and
 * asks it for one later: the helper then goes by the order, so that what `registry-login` has printed holds.
 */
import * as v from 'valibot';
import { CREDENTIAL_LIFE_SECONDS } from '../../lib/domain/credential.ts';
import { isPattern } from '../../lib/domain/repository.ts';
import { parseStrictJson } from '../../lib/domain/strict-json.ts';
import { HOUR_SECONDS } from '../../lib/domain/time.ts';

const { min, max } = CREDENTIAL_LIFE_SECONDS;

export const ORDER = v.object({
  /** Of the `registry-login`, which finds out by it whether a helper has got the order. */
  id: v.string(),
  registry: v.string(),
  /** The name of the target whose login vends. */
  target: v.string(),
  /** null: push where the login may push. */
  access: v.nullable(v.picklist(['pull', 'push'])),
  /** null: wherever the login may. */
  repositories: v.nullable(v.array(v.pipe(v.string(), v.check(isPattern)))),
  /** null: as long as the helper's credentials live anyway. */
  expiresInSeconds: v.nullable(v.pipe(v.number(), v.integer(), v.minValue(min), v.maxValue(max))),
});
export type Order = Readonly<v.InferOutput<typeof ORDER>>;

/** By which the client passes the order on to the helper that it starts. */
export const ORDER_VARIABLE = 'PULLPASS_REGISTRY_LOGIN';

/** Undefined: the helper was not started by `registry-login`. */
export function readOrder(text = ''): Order | undefined {
  try {
    const { success, output } = v.safeParse(ORDER, parseStrictJson(text));
    return success ? output : undefined;
  } catch {
    return undefined;
  }
}

/** How long each credential of the helper is valid. */
export function lifeOf({ expiresInSeconds }: Pick<Order, 'expiresInSeconds'>): number {
  return expiresInSeconds ?? HOUR_SECONDS;
}
