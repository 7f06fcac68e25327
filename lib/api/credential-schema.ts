/** The body of a request for a credential. */
import * as v from 'valibot';
import { CREDENTIAL_LIFE_SECONDS as LIFE } from '../domain/credential.ts';
import { FORMAT_NAMES } from './credential-formats.ts';
import { ACCESS, REPOSITORIES } from './token-schemas.ts';

export const VEND_CREDENTIAL = v.strictObject({
  repositories: v.optional(REPOSITORIES, null),
  access: v.optional(ACCESS, 'pull'),
  expiresInSeconds: v.optional(
    v.pipe(
      v.number(),
      v.integer('must be a whole number'),
      v.minValue(LIFE.min, `must be at least ${LIFE.min}`),
      v.maxValue(LIFE.max, `must be at most ${LIFE.max}`),
    ),
    LIFE.default,
  ),
  service: v.optional(v.string()),
  format: v.optional(v.picklist(FORMAT_NAMES)),
});
