/** What who ensures tokens and who holds one is answered: types, and schemas as in `responses.ts`. */
import * as v from 'valibot';
import { list, TIME } from './fields.ts';
import { TOKEN, VALUE } from './responses.ts';

/** What a request to ensure a token may name. */
const WANTED_MEMBERS = [
  'description',
  'access',
  'nonExpiring',
  'expiresInSeconds',
  'repositories',
  'retrievable',
  'limits',
  'labels',
  'owner',
  'networks',
  'selfRotate',
] as const;

/** A token that there was, and how it differed from what was wanted. */
export const ENSURED_TOKEN = v.object({
  ...TOKEN.entries,
  differences: list(v.picklist(WANTED_MEMBERS)),
  applied: v.boolean(),
});
export type EnsuredToken = v.InferOutput<typeof ENSURED_TOKEN>;

export const NEW_ENSURED_TOKEN = v.object({ ...ENSURED_TOKEN.entries, token: VALUE });

/** What holders see of a token: not what administrators write for each other, nor who they are. */
// biome-ignore format: a list of names
export const HELD_MEMBERS = [
  'id', 'description', 'access', 'repositories', 'networks', 'createdAt', 'expiresAt', 'generation', 'valueIssuedAt',
  'previousValue', 'lastUsedAt', 'lastUsed', 'disabled', 'selfRotate', 'limits',
] as const;

/** A token as its holder sees it, what the holder presented, and when that ends. */
export const HELD_TOKEN = v.object({
  ...v.pick(TOKEN, HELD_MEMBERS).entries,
  presented: v.picklist(['value', 'previous-value', 'credential']),
  endsAt: v.nullable(TIME),
});
export type HeldToken = v.InferOutput<typeof HELD_TOKEN>;

export const NEW_HELD_TOKEN = v.object({ ...HELD_TOKEN.entries, token: VALUE });
export type NewHeldToken = v.InferOutput<typeof NEW_HELD_TOKEN>;
