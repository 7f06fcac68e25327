/** The options that say what a token shall be, and the bodies that they become. */
import { type Command, Option } from 'commander';
import * as v from 'valibot';
import { toSeconds } from '../../lib/domain/time.ts';
import { patterns, seconds } from '../arguments.ts';
import { UsageError } from '../errors.ts';
import type { Session } from '../session.ts';
import { type Fields, listingOf, repositoriesText } from '../text.ts';

export interface Addition {
  readonly description?: string;
  readonly nonExpiring?: true;
  readonly readwrite?: true;
  readonly repository?: readonly string[];
  readonly expiresIn?: number;
  readonly quiet?: true;
}

export interface Update extends Omit<Addition, 'quiet'> {
  readonly readonly?: true;
  readonly allRepositories?: true;
  readonly disable?: true;
  readonly enable?: true;
}

export function addOptions(command: Command): Command {
  return command
    .option('--description <text>', 'what it is for')
    .addOption(endingOption())
    .option('--non-expiring', 'it never ends by itself')
    .option('--readwrite', 'it may push, too')
    .option(...REPOSITORY)
    .option('-q, --quiet', 'show the value only');
}

export function updateOptions(command: Command): Command {
  return command
    .option('--description <text>', 'what it is for')
    .addOption(endingOption())
    .option('--non-expiring', 'it never ends by itself')
    .addOption(new Option('--readwrite', 'it may push, too').conflicts('readonly'))
    .option('--readonly', 'it may pull only')
    .option(...REPOSITORY)
    .addOption(new Option('--all-repositories', 'in all namespaces of the account').conflicts('repository'))
    .addOption(new Option('--disable', 'logins with it are refused until it is enabled').conflicts('enable'))
    .option('--enable', 'it may log in again');
}

const REPOSITORY = [
  '--repository <pattern>',
  'only there: a name, or a prefix and /*; may be given several times',
  patterns,
] as const;

function endingOption(): Option {
  const option = new Option('--expires-in <duration>', 'when it ends, as in 90s, 15m, 12h, 30d');
  return option.argParser(seconds).conflicts('nonExpiring');
}

/** The body of `POST /v1/tokens`. What is not said is left to the deployment. */
export function bodyOfAddition(options: Addition): Record<string, unknown> {
  const { description, nonExpiring, readwrite, repository, expiresIn } = options;
  return {
    description,
    access: readwrite ? 'push' : undefined,
    nonExpiring,
    expiresInSeconds: expiresIn,
    repositories: repository,
  };
}

/** The body of `PATCH /v1/tokens/{id}`. Throws UsageError when nothing is to change. */
export function bodyOfUpdate(options: Update): Record<string, unknown> {
  const { readonly: pullOnly, allRepositories, disable, enable } = options;
  const body = {
    ...bodyOfAddition(options),
    ...(pullOnly ? { access: 'pull' } : {}),
    ...(allRepositories ? { repositories: null } : {}),
    ...(disable || enable ? { disabled: disable === true } : {}),
  };
  if (Object.values(body).some(value => value !== undefined)) return body;
  throw new UsageError('Say what to change; "pullpass token-update --help" shows what can be.');
}

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
