/** `token-show`: everything about one token but its value, for administrators by its identifier, and for its holder. */
import type { Context } from '../context.ts';
import { listingOf } from '../text.ts';
import { tokenArgument, tokenId } from '../token-id.ts';
import { ANY_HELD, heldEntries, ownValue } from './own-token.ts';
import { ANY_TOKEN } from './token-options.ts';
import { wholeListing } from './token-whole.ts';
import type { Verb } from './verbs.ts';

export function showVerb(context: Context): Verb {
  return {
    name: 'show',
    description: 'show a token, without its value',
    build: command =>
      command
        .argument('[id]', 'that of the login by default, where a registry token logged in', tokenArgument)
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
  const path = `/v1/tokens/${await tokenId(session, id)}` as const;
  const token = await session.ask(ANY_TOKEN, { path });
  await output.show(token, wholeListing(token));
}
