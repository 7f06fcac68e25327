/** The routes of who holds a registry token: what it is, and its rotation. */

import type { Holder } from '../domain/holder.ts';
import { toRfc3339, toSeconds } from '../domain/time.ts';
import type { HandlerOf, OfHolder } from '../http/request.ts';
import type { Clock } from '../ports/system.ts';
import { type RotationPorts, rotateOwnToken } from '../usecases/holder.ts';
import { checkBody, idempotencyKeyOf } from './parameters.ts';
import type { Token } from './responses.ts';
import { tokenObject } from './token-object.ts';
import { ROTATE_TOKEN } from './token-requests.ts';
import { HELD_MEMBERS, type HeldToken, type NewHeldToken } from './token-responses.ts';

export function holderHandlers({ clock }: { readonly clock: Clock }) {
  return {
    getOwnToken: async ({ holder }: OfHolder) => ({
      status: 200,
      json: heldToken(holder, toSeconds(clock())),
    }),
  } satisfies { getOwnToken: HandlerOf['holder'] };
}

export function rotationHandlers(ports: RotationPorts) {
  return {
    async rotateOwnToken(request: OfHolder) {
      const { holder, requestId, sourceAddress } = request;
      const rotation = checkBody(ROTATE_TOKEN, request.json);
      const idempotencyKey = idempotencyKeyOf(request);
      const { record, value } = await rotateOwnToken(ports, {
        holder,
        rotation,
        idempotencyKey,
        requestId,
        sourceAddress,
      });
      const { generation, expiresAt } = record;
      const after: Holder = { presented: 'value', token: record, generation, endsAt: expiresAt };
      const json: NewHeldToken = { ...heldToken(after, toSeconds(ports.clock())), token: value.reveal() };
      return { status: 200, json };
    },
  } satisfies { rotateOwnToken: HandlerOf['holder'] };
}

function heldToken({ presented, token, endsAt }: Holder, now: number): HeldToken {
  const whole = tokenObject(token, now);
  const seen = Object.fromEntries(HELD_MEMBERS.map(name => [name, whole[name]]));
  return {
    ...(seen as Pick<Token, (typeof HELD_MEMBERS)[number]>),
    presented,
    endsAt: endsAt === null ? null : toRfc3339(endsAt),
  };
}
