/** The route that ensures that the account has one token of a name. */

import { toSeconds } from '../domain/time.ts';
import { isTokenName } from '../domain/token-name.ts';
import { type EnsurePorts, ensureToken } from '../usecases/ensure-token.ts';
import {
  actorOf,
  checkBody,
  idempotencyKeyOf,
  invalid,
  type ManagementHandlers,
  type ManagementRequest,
} from './parameters.ts';
import { tokenObject } from './token-object.ts';
import { ENSURE_TOKEN } from './token-requests.ts';
import type { EnsuredToken } from './token-responses.ts';

export function ensureHandlers(ports: EnsurePorts) {
  return {
    async ensureToken(request) {
      const name = tokenNameIn(request);
      const asked = checkBody(ENSURE_TOKEN, request.json);
      const idempotencyKey = idempotencyKeyOf(request);
      const ensured = await ensureToken(ports, { actor: actorOf(request), name, ...asked, idempotencyKey });
      const { record, value, differences } = ensured;
      const json: EnsuredToken = {
        ...tokenObject(record, toSeconds(ports.clock())),
        differences,
        applied: asked.apply && differences.length > 0,
      };
      if (value === undefined) return { status: 200, json };
      const headers = { location: `/v1/tokens/${record.id}` };
      return { status: 201, headers, json: { ...json, token: value.reveal() } };
    },
  } satisfies ManagementHandlers;
}

/** The name of a token in the path. */
function tokenNameIn({ params }: Pick<ManagementRequest, 'params'>): string {
  const name = params.name ?? '';
  if (isTokenName(name)) return name;
  const message =
    'must have 1 to 63 letters, digits, dots, underscores and hyphens, begin and end with a letter or digit, and have no 24 letters and digits in a row, which look like a secret';
  throw invalid([{ path: 'name', message }], 'path');
}
