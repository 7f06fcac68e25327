/** `token-show`: everything about one token but its value, for administrators by its identifier, and for its holder. */
import { identifier } from '../arguments.ts';
import type { Context } from '../context.ts';
import { listingOf } from '../text.ts';
import { ANY_HELD, heldEntries, ownValue } from './own-token.ts';
import { ANY_TOKEN, tokenListing } from './token-options.ts';
import type { Verb } from './verbs.ts';

export function showVerb(context: Context): Verb {
  return {
    name: 'show',
    description: 'show a token, without its value',
    build: command =>
      command
        .argument('[id]', 'that of the login by default, where a registry token logged in', identifier)
        .action((id: string | undefined) => showToken(context, id)),
  };
}

async function showToken(context: Context, id: string | undefined): Promise<void> {
  const { output } = context;
  const session = await context.session();
  if (id === undefined) {
    ownValue(session);
    const held = await session.ask(ANY_HELD, { path: '/v1/token' });
    return output.show(held, listingOf(heldEntries(held)));
  }
  const token = await session.ask(ANY_TOKEN, { path: `/v1/tokens/${id}` });
  await output.show(token, tokenListing(token));
}
