/** The options that say which tokens are meant, and the tokens themselves, page by page. */
import { type Command, Option } from 'commander';
import * as v from 'valibot';
import { TOKEN_STATES } from '../../lib/domain/token-filter.ts';
import { label, seconds } from '../arguments.ts';
import type { Session } from '../session.ts';
import { ANY_TOKEN, type AnyToken } from './token-options.ts';

export interface Filters {
  readonly label?: ReadonlyMap<string, string>;
  readonly owner?: string;
  readonly access?: string;
  readonly state?: string;
  readonly unusedFor?: number;
  readonly expiresWithin?: number;
}

const PAGE = v.object({ tokens: v.array(ANY_TOKEN), nextCursor: v.nullable(v.string()) });

/** Small enough that the first rows are there at once. */
const PAGE_LIMIT = '50';

export function labelFilter(): Option {
  return new Option('--label <name=value>', 'only tokens with this label; repeat for more').argParser(label);
}

export function filterOptions(command: Command): Command {
  return command
    .addOption(labelFilter())
    .option('--owner <owner>', 'only tokens of this owner')
    .addOption(new Option('--access <access>', 'only tokens that may do this').choices(['pull', 'push']))
    .addOption(new Option('--state <state>', 'only tokens in this state').choices([...TOKEN_STATES]))
    .option('--unused-for <duration>', 'only tokens that were not used for so long, as in 90d', seconds)
    .option('--expires-within <duration>', 'only tokens that expire within this time, as in 7d', seconds);
}

/** The tokens that the filters list, newest first, page by page as they are taken. */
export async function* tokensThat(session: Session, filters: Filters): AsyncGenerator<AnyToken> {
  let cursor: string | null | undefined;
  while (cursor !== null) {
    const query = { limit: PAGE_LIMIT, ...queryOf(filters), cursor };
    const page: v.InferOutput<typeof PAGE> = await session.ask(PAGE, { path: '/v1/tokens', query });
    yield* page.tokens;
    cursor = page.nextCursor;
  }
}

function queryOf({ label: labels, owner, access, state, unusedFor, expiresWithin }: Filters) {
  return {
    label: [...(labels ?? [])].map(([name, value]) => `${name}=${value}`),
    ...{ owner, access, state },
    unusedForSeconds: unusedFor?.toString(),
    expiresWithinSeconds: expiresWithin?.toString(),
  };
}
