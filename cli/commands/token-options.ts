/** The options that say what a token may do, the request bodies that they become, and how tokens are printed. */
import { type Command, Option } from 'commander';
import * as v from 'valibot';
import { LIMITS, NEW_TOKEN, PREVIOUS_VALUE, TOKEN, TOKEN_USE, type Token } from '../../lib/api/responses.ts';
import { toSeconds } from '../../lib/domain/time.ts';
import { count, label, networkOption, repositoryOption, seconds } from '../arguments.ts';
import { UsageError } from '../errors.ts';
import { accessText, type Fields, listingOf, repositoriesText } from '../text.ts';

export const ANY_LIMITS = v.nullable(v.looseObject(LIMITS.entries));
const ANY_USE = v.nullable(v.looseObject(TOKEN_USE.entries));
const { generation, selfRotate, labels, name, owner, networks, ...KNOWN } = TOKEN.entries;
const { valueIssuedAt, disabledAt, disabledBy, previousValue: _, lastUsed: __, ...FIRST } = KNOWN;

// Members that this version does not know are printed with `--output json`. A deployment of before there were those of
// oversight does not send them.
const MEMBERS = {
  ...FIRST,
  limits: ANY_LIMITS,
  ...v.partial(
    v.object({
      ...{ generation, selfRotate, labels, name, owner, networks },
      ...{ valueIssuedAt, disabledAt, disabledBy, lastUsed: ANY_USE },
      previousValue: v.nullable(v.looseObject({ ...PREVIOUS_VALUE.entries, lastUsed: ANY_USE })),
    }),
  ).entries,
};
export const ANY_TOKEN = v.looseObject(MEMBERS);
export const ANY_NEW_TOKEN = v.looseObject({ ...MEMBERS, token: NEW_TOKEN.entries.token });
export type AnyToken = v.InferOutput<typeof ANY_TOKEN>;

export interface NewToken {
  readonly description?: string;
  readonly nonExpiring?: true;
  readonly readwrite?: true;
  readonly repository?: readonly string[];
  readonly network?: readonly string[];
  readonly label?: ReadonlyMap<string, string>;
  readonly owner?: string;
  readonly selfRotate?: true;
  readonly expiresIn?: number;
  readonly pullsPerDay?: number;
  readonly quiet?: true;
}

export interface TokenChange extends Omit<NewToken, 'quiet'> {
  readonly readonly?: true;
  readonly allRepositories?: true;
  readonly anyNetwork?: true;
  readonly removeLabels?: true;
  readonly removeOwner?: true;
  readonly adminRotate?: true;
  readonly disable?: true;
  readonly enable?: true;
  readonly unlimitedPulls?: true;
}

export function addOptions(command: Command): Command {
  return commonOptions(command)
    .option('--readwrite', 'it may push, too')
    .addOption(repositoryOption())
    .addOption(networkOption())
    .option('--self-rotate', 'its holder may rotate it')
    .option('-q, --quiet', 'show the value only');
}

export function updateOptions(command: Command): Command {
  return commonOptions(command)
    .addOption(new Option('--readwrite', 'it may push, too').conflicts('readonly'))
    .option('--readonly', 'it may pull only')
    .addOption(repositoryOption())
    .addOption(new Option('--all-repositories', 'in all namespaces of the account').conflicts('repository'))
    .addOption(networkOption())
    .addOption(new Option('--any-network', 'from any address').conflicts('network'))
    .addOption(new Option('--remove-labels', 'no labels').conflicts('label'))
    .addOption(new Option('--remove-owner', 'no owner').conflicts('owner'))
    .addOption(new Option('--self-rotate', 'its holder may rotate it').conflicts('adminRotate'))
    .option('--admin-rotate', 'only administrators may rotate it')
    .addOption(new Option('--disable', 'logins with it are refused until it is enabled').conflicts('enable'))
    .option('--enable', 'it may log in again')
    .addOption(new Option('--unlimited-pulls', 'no limit of pulls any more').conflicts('pullsPerDay'));
}

function commonOptions(command: Command): Command {
  const expiresIn = new Option('--expires-in <duration>', 'when it expires, as in 90s, 15m, 12h, 30d');
  return command
    .option('--description <text>', 'what it is for')
    .addOption(labelOption())
    .option('--owner <owner>', 'who answers for it, such as an address')
    .addOption(expiresIn.argParser(seconds).conflicts('nonExpiring'))
    .option('--non-expiring', 'it never expires')
    .option('--pulls-per-day <number>', 'through the registry proxy it pulls no more in a day (UTC)', count);
}

function labelOption(): Option {
  return new Option('--label <name=value>', 'what it is found by; repeat for more').argParser(label);
}

/** The body of `POST /v1/tokens`. Members without an option are left to the deployment. */
export function newTokenBody(options: NewToken): Record<string, unknown> {
  const { description, nonExpiring, readwrite, repository, network, expiresIn, pullsPerDay } = options;
  return {
    description,
    labels: options.label && Object.fromEntries(options.label),
    owner: options.owner,
    selfRotate: options.selfRotate,
    access: readwrite ? 'push' : undefined,
    nonExpiring,
    expiresInSeconds: expiresIn,
    repositories: repository,
    networks: network,
    limits: pullsPerDay === undefined ? undefined : { pullsPerDay },
  };
}

/** The body of `PATCH /v1/tokens/{id}`. Throws UsageError when nothing is to change. */
export function tokenChangeBody(options: TokenChange): Record<string, unknown> {
  const { readonly: pullOnly, allRepositories, anyNetwork, disable, enable, unlimitedPulls } = options;
  const body = {
    ...newTokenBody(options),
    ...(pullOnly ? { access: 'pull' } : {}),
    ...(allRepositories ? { repositories: null } : {}),
    ...(anyNetwork ? { networks: null } : {}),
    ...(options.removeLabels ? { labels: {} } : {}),
    ...(options.removeOwner ? { owner: null } : {}),
    ...(options.adminRotate ? { selfRotate: false } : {}),
    ...(unlimitedPulls ? { limits: null } : {}),
    ...(disable || enable ? { disabled: disable === true } : {}),
  };
  if (Object.values(body).some(value => value !== undefined)) return body;
  throw new UsageError('No change is given; "pullpass token-update --help" shows the options.');
}

type ListedToken = Pick<Token, 'access' | 'description' | 'expiresAt' | 'id'>;

/** What `--format` can show. `.Expiry` is in seconds since 1970, 0 for never, as the original had it. */
export const TOKEN_FIELDS: Fields<ListedToken> = {
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
export function valueListing({ id, token }: { id: string; token: string }): string[] {
  return listingOf([
    ['Token identifier', id],
    ['Token', token],
  ]);
}

/** What a token may do, how long, and when it was last used. */
export function tokenListing(token: AnyToken): string[] {
  return listingOf(tokenEntries(token));
}

/** The same, as names and values. */
export function tokenEntries(token: AnyToken): (readonly [name: string, value: string])[] {
  return [
    ['Token identifier', token.id],
    ['Description', token.description],
    ['Access', accessText(token.access)],
    ['Repositories', repositoriesText(token.repositories)],
    ...(token.networks == null ? [] : [['Networks', token.networks.join(', ')] as const]),
    ['Expires', token.expiresAt ?? 'never'],
    ['Last used', token.lastUsedAt ?? 'never'],
    ['Disabled', token.disabled ? 'yes' : 'no'],
    ...(token.limits === null ? [] : [['Pulls per day', String(token.limits.pullsPerDay)] as const]),
  ];
}
