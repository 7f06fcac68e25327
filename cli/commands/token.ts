/** The token verbs; those here show no value: `token-list`, `token-rm` and `token-update`. */
import type { Command } from 'commander';
import * as v from 'valibot';
import { identifier } from '../arguments.ts';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import { linesOf } from '../printer.ts';
import type { Session } from '../session.ts';
import { parseTemplate, tokenText } from '../text.ts';
import { NOT_FOUND, removeVerb, unlessMissing } from './removal.ts';
import { ensureVerb } from './token-ensure.ts';
import {
  ANY_TOKEN,
  TOKEN_FIELDS,
  TOKEN_TABLE,
  type TokenChange,
  tokenChangeBody,
  tokenListing,
  updateOptions,
} from './token-options.ts';
import { showVerb } from './token-show.ts';
import { addVerb, getVerb, rotateVerb } from './token-value.ts';
import { warnOfUnheld } from './unheld-namespaces.ts';
import { addNoun, type Verb } from './verbs.ts';

const PAGE = v.object({ tokens: v.array(ANY_TOKEN), nextCursor: v.nullable(v.string()) });
type AnyToken = v.InferOutput<typeof ANY_TOKEN>;

/** Small enough that the first rows are there at once. */
const PAGE_LIMIT = '50';

interface Listing {
  readonly format?: string;
  readonly quiet?: true;
}

export function addTokens(program: Command, context: Context): void {
  const verbs = [addVerb, ensureVerb, listVerb, showVerb, getVerb, rmVerb, rotateVerb, updateVerb].map(verb =>
    verb(context),
  );
  addNoun(program, { noun: 'token', description: 'Registry tokens', verbs });
}

function listVerb(context: Context): Verb {
  return {
    name: 'list',
    alias: 'tokens',
    description: 'list the tokens, newest first',
    build: command =>
      command
        .option(
          '--format <template>',
          'a Go template of {{.ID}}, {{.Expiry}}, {{.ReadOnly}}, {{.Description}}',
        )
        .option('-q, --quiet', 'identifiers only')
        .action((options: Listing) => listTokens(context, options)),
  };
}

async function listTokens(context: Context, { format, quiet }: Listing): Promise<void> {
  const { output } = context;
  if (format !== undefined && (quiet || output.format === 'json')) {
    throw new UsageError('--format cannot be used with --quiet or --output json.');
  }
  const template = parseTemplate(format ?? (quiet ? '{{.ID}}' : TOKEN_TABLE), TOKEN_FIELDS);
  const tokens = allTokens(await context.session());
  if (output.format === 'json') return output.jsonList(tokens);
  // Before the heading, which an error must not follow.
  let next = await tokens.next();
  if (template.heading !== undefined) await output.lines(linesOf(template.heading));
  for (; !next.done; next = await tokens.next()) await output.lines(linesOf(template.render(next.value)));
}

/** All tokens of the account, newest first, page by page as they are taken. */
async function* allTokens(session: Session): AsyncGenerator<AnyToken> {
  let cursor: string | null | undefined;
  while (cursor !== null) {
    const query = { limit: PAGE_LIMIT, cursor };
    const page: v.InferOutput<typeof PAGE> = await session.ask(PAGE, { path: '/v1/tokens', query });
    yield* page.tokens;
    cursor = page.nextCursor;
  }
}

function rmVerb(context: Context): Verb {
  return removeVerb(context, {
    description: 'remove tokens: logins with them are refused from then on',
    argument: 'id',
    parse: identifier,
    path: '/v1/tokens',
    noun: ['token', 'tokens'],
    effect: ['Logins with it will be refused.', 'Logins with them will be refused.'],
    describe: (session, ids) => Promise.all(ids.map(id => descriptionOf(session, id))),
  });
}

async function descriptionOf(session: Session, id: string): Promise<string> {
  const token = await unlessMissing(session.ask(ANY_TOKEN, { path: `/v1/tokens/${id}` }));
  return token === undefined ? NOT_FOUND : tokenText(token);
}

function updateVerb(context: Context): Verb {
  return {
    name: 'update',
    description: 'change a token; its value stays the same',
    build: command =>
      updateOptions(command.argument('<id>', '', identifier)).action((id: string, options: TokenChange) =>
        updateToken(context, id, options),
      ),
  };
}

async function updateToken(context: Context, id: string, options: TokenChange): Promise<void> {
  const json = tokenChangeBody(options);
  const session = await context.session();
  const token = await session.ask(ANY_TOKEN, { method: 'PATCH', path: `/v1/tokens/${id}`, json });
  await context.output.show(token, tokenListing(token));
  if (json.repositories !== undefined) await warnOfUnheld(context, session, token);
}
