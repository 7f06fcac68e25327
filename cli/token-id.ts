/** Tokens by what their identifier begins with. */
import * as v from 'valibot';
import { TOKEN } from '../lib/api/responses.ts';
import { isUuid } from '../lib/domain/identifiers.ts';
import { CliError, UsageError } from './errors.ts';
import type { Session } from './session.ts';
import { listingOf, tokenText } from './text.ts';

/** Shorter ones are mistakes sooner than names. */
const BEGINNING = /^[0-9a-f-]{4,36}$/;

const NAMED = v.object({ tokens: v.array(v.pick(TOKEN, ['access', 'description', 'id', 'repositories'])) });

/** An argument or option that names a token: its identifier, or four characters or more that it begins with. */
export function tokenArgument(text: string): string {
  const id = text.trim().toLowerCase();
  if (BEGINNING.test(id)) return id;
  throw new UsageError(
    'An identifier must be a UUID, as the lists show it, or its first four characters or more; the value of a token is not an identifier.',
  );
}

/** The same, for a verb that a registry token which logged in may be used with, for itself. */
export const OWN_OR_OTHER = [
  '[id]',
  'that of the login by default, where a registry token logged in',
  tokenArgument,
] as const;

/** How many tokens a message names. */
const MOST_NAMED = 5;

/** The identifier that begins so, by one request; a whole one is taken as it is. Throws CliError unless there is one alone. */
export async function tokenId(session: Session, beginning: string): Promise<string> {
  if (isUuid(beginning)) return beginning;
  const query = { id: beginning, limit: String(MOST_NAMED + 1) };
  const { tokens } = await session.ask(NAMED, { path: '/v1/tokens', query });
  const [only, ...others] = tokens;
  if (only === undefined) {
    throw new CliError(`There is no token whose identifier begins with ${beginning}.`, { code: 'not-found' });
  }
  if (others.length === 0) return only.id;
  const named = tokens.slice(0, MOST_NAMED);
  throw new CliError(`The identifiers of several tokens begin with ${beginning}; write more of it.`, {
    code: 'ambiguous-identifier',
    problems: [
      ...listingOf(named.map(token => [token.id, tokenText(token)])),
      ...(tokens.length > named.length ? ['and others'] : []),
    ],
  });
}
