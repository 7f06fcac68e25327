/** The token verbs, and `token-update`. */
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { tokenArgument, tokenId } from '../token-id.ts';
import { ensureVerb } from './token-ensure.ts';
import { listVerb } from './token-list.ts';
import {
  ANY_TOKEN,
  type TokenChange,
  tokenChangeBody,
  tokenListing,
  updateOptions,
} from './token-options.ts';
import { rmVerb } from './token-rm.ts';
import { showVerb } from './token-show.ts';
import { addVerb, getVerb, rotateVerb } from './token-value.ts';
import { warnOfUnheld } from './unheld-namespaces.ts';
import { addNoun, type Verb } from './verbs.ts';

export function addTokens(program: Command, context: Context): void {
  const verbs = [addVerb, ensureVerb, listVerb, showVerb, getVerb, rmVerb, rotateVerb, updateVerb].map(verb =>
    verb(context),
  );
  addNoun(program, { noun: 'token', description: 'Registry tokens', verbs });
}

function updateVerb(context: Context): Verb {
  return {
    name: 'update',
    description: 'change a token; its value stays the same',
    build: command =>
      updateOptions(command.argument('<id>', '', tokenArgument)).action((id: string, options: TokenChange) =>
        updateToken(context, id, options),
      ),
  };
}

async function updateToken(context: Context, beginning: string, options: TokenChange): Promise<void> {
  const json = tokenChangeBody(options);
  const session = await context.session();
  const id = await tokenId(session, beginning);
  const token = await session.ask(ANY_TOKEN, { method: 'PATCH', path: `/v1/tokens/${id}`, json });
  await context.output.show(token, tokenListing(token));
  if (json.repositories !== undefined) await warnOfUnheld(context, session, token);
}
