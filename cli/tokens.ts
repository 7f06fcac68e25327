/** Registry tokens as a deployment tells of them, and how they look in lists. */
import * as v from 'valibot';
import { toSeconds } from '../lib/domain/time.ts';
import type { Session } from './session.ts';
import { listingOf } from './table.ts';
import type { Fields } from './template.ts';

export const TOKEN = v.looseObject({
  id: v.string(),
  description: v.string(),
  access: v.picklist(['pull', 'push']),
  repositories: v.nullable(v.array(v.string())),
  expiresAt: v.nullable(v.string()),
  lastUsedAt: v.nullable(v.string()),
  disabled: v.boolean(),
});
export type Token = v.InferOutput<typeof TOKEN>;

/** A token and its value, as it is told once it was made. */
export const NEW_TOKEN = v.looseObject({ ...TOKEN.entries, token: v.string() });
export const TOKEN_VALUE = v.looseObject({ id: v.string(), token: v.string() });

const PAGE = v.object({ tokens: v.array(TOKEN), nextCursor: v.nullable(v.string()) });
/** Small enough that the first rows are there at once, and that a page of the largest tokens is no burden. */
const PAGE_LIMIT = '50';

/** All tokens of the account, newest first, fetched page by page as they are taken. */
export async function* allTokens(session: Session): AsyncGenerator<Token> {
  let cursor: string | null | undefined;
  while (cursor !== null) {
    const query = { limit: PAGE_LIMIT, cursor };
    const page: v.InferOutput<typeof PAGE> = await session.ask(PAGE, { path: '/v1/tokens', query });
    yield* page.tokens;
    cursor = page.nextCursor;
  }
}

/** What `--format` can show. `.Expiry` is in seconds since 1970, 0 for never, as the original had it. */
export const TOKEN_FIELDS: Fields<Token> = {
  ID: { heading: 'TOKEN ID', width: 36, of: ({ id }) => id },
  ReadOnly: { heading: 'READONLY', width: 8, of: ({ access }) => String(access === 'pull') },
  Expiry: { heading: 'EXPIRY', width: 10, of: ({ expiresAt }) => String(expiryOf(expiresAt)) },
  Description: { heading: 'DESCRIPTION', width: 32, of: ({ description }) => description },
};

export const TOKEN_TABLE = 'table {{.ID}}\\t{{.ReadOnly}}\\t{{.Expiry}}\\t{{.Description}}';

function expiryOf(expiresAt: string | null): number {
  return expiresAt === null ? 0 : toSeconds(Date.parse(expiresAt));
}

/** A token's identifier and value, as the original printed them. */
export function valueListing({ id, token }: { id: string; token: string }): string {
  return listingOf([
    ['Token identifier', id],
    ['Token', token],
  ]);
}

/** Everything about a token but its value. */
export function tokenListing(token: Token): string {
  return listingOf([
    ['Token identifier', token.id],
    ['Description', token.description],
    ['Access', token.access === 'push' ? 'pull and push' : 'pull'],
    ['Repositories', repositoriesText(token.repositories)],
    ['Expires', token.expiresAt ?? 'never'],
    ['Last used', token.lastUsedAt ?? 'never'],
    ['Disabled', token.disabled ? 'yes' : 'no'],
  ]);
}

/** The repositories of a token, policy or trust. */
export function repositoriesText(repositories: readonly string[] | null): string {
  return repositories?.join(' ') ?? 'all namespaces of the account';
}
