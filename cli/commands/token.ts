/** The token verbs: `token-add`, `token-list`, `token-get`, `token-rm`, `token-rotate` and `token-update`. */
import type { Command } from 'commander';
import * as v from 'valibot';
import { NEW_TOKEN, TOKEN, TOKEN_VALUE } from '../../lib/api/responses.ts';
import { toRfc3339, toSeconds } from '../../lib/domain/time.ts';
import type { Clock } from '../../lib/ports/system.ts';
import { identifier, seconds } from '../arguments.ts';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import { type HttpResponse, parseResponse } from '../http.ts';
import { linesOf } from '../printer.ts';
import type { Session } from '../session.ts';
import type { Target } from '../target.ts';
import { parseTemplate } from '../text.ts';
import { tokenText } from './descriptions.ts';
import { removeVerb, unlessMissing } from './removal.ts';
import {
  addOptions,
  type NewToken,
  newTokenBody,
  TOKEN_FIELDS,
  TOKEN_TABLE,
  type TokenChange,
  tokenChangeBody,
  tokenListing,
  updateOptions,
  valueListing,
} from './token-options.ts';
import { warnOfUnheld } from './unheld-namespaces.ts';
import { addNoun, type Verb } from './verbs.ts';

// Members that this version does not know are printed with `--output json`.
const ANY_TOKEN = v.looseObject(TOKEN.entries);
const ANY_NEW_TOKEN = v.looseObject(NEW_TOKEN.entries);
const PAGE = v.object({ tokens: v.array(ANY_TOKEN), nextCursor: v.nullable(v.string()) });
type AnyToken = v.InferOutput<typeof ANY_TOKEN>;

/** Small enough that the first rows are there at once. */
const PAGE_LIMIT = '50';

interface Quiet {
  readonly quiet?: true;
}

interface Listing extends Quiet {
  readonly format?: string;
}

interface Rotation extends Quiet {
  readonly grace?: number;
  readonly force?: true;
}

export function addTokens(program: Command, context: Context): void {
  const verbs = [addVerb, listVerb, getVerb, rmVerb, rotateVerb, updateVerb].map(verb => verb(context));
  addNoun(program, { noun: 'token', description: 'Registry tokens', verbs });
}

function addVerb(context: Context): Verb {
  return {
    name: 'add',
    description: 'add a token, and show its value; by default it may pull, for a day',
    build: command => addOptions(command).action((options: NewToken) => addToken(context, options)),
  };
}

async function addToken(context: Context, options: NewToken): Promise<void> {
  const session = await context.session();
  const request = { path: '/v1/tokens', json: newTokenBody(options) } as const;
  const { token } = await createValue(session, request);
  await showValue(context, token, options);
  if (!options.quiet) for (const line of loginAdvice(session.target)) context.output.note(line);
  await warnOfUnheld(context, session, token);
}

/** How to log in with a new token. */
function loginAdvice({ services }: Target): string[] {
  if (services.length === 0) return [];
  // To a shell the brackets of an IPv6 address are a pattern.
  const words = services.map(({ registry }) => (registry.startsWith('[') ? `'${registry}'` : registry));
  const logins = words.map(registry => `  docker login --username token ${registry}`);
  return ['Log in with the token as the password:', ...logins];
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

function getVerb(context: Context): Verb {
  return {
    name: 'get',
    description: 'show the value of a token again; the deployment records who asked',
    build: command =>
      command
        .argument('<id>', '', identifier)
        .option('-q, --quiet', 'the value only')
        .action((id: string, options: Quiet) => getToken(context, id, options)),
  };
}

async function getToken(context: Context, id: string, options: Quiet): Promise<void> {
  const session = await context.session();
  const token = await session.ask(v.looseObject(TOKEN_VALUE.entries), { path: `/v1/tokens/${id}/value` });
  await showValue(context, token, options);
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

async function descriptionOf(session: Session, id: string): Promise<string | undefined> {
  const token = await unlessMissing(session.ask(ANY_TOKEN, { path: `/v1/tokens/${id}` }));
  return token && tokenText(token);
}

function rotateVerb(context: Context): Verb {
  const grace = 'how long the old value still works, as in 1h; not at all by default';
  return {
    name: 'rotate',
    description: 'give a token a new value, and show it',
    build: command =>
      command
        .argument('<id>', '', identifier)
        .option('--grace <duration>', grace, seconds)
        .option('--force', 'also while the value before the last rotation still works; ends it now')
        .option('-q, --quiet', 'the value only')
        .action((id: string, options: Rotation) => rotateToken(context, id, options)),
  };
}

async function rotateToken(context: Context, id: string, options: Rotation): Promise<void> {
  const { grace: graceSeconds = 0, force = false, quiet } = options;
  const session = await context.session();
  const request = { path: `/v1/tokens/${id}/rotate`, json: { graceSeconds, force } } as const;
  const { token, response } = await createValue(session, request);
  const endsAt = toRfc3339(timeOf(response, context.clock) + graceSeconds);
  await showValue(context, token, options);
  if (quiet) return;
  context.output.note(
    graceSeconds === 0
      ? 'The old value has ended: logins with it are refused.'
      : `The old value works until ${endsAt}.`,
  );
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

/** Sends a request that makes a value. */
async function createValue(
  session: Session,
  request: { readonly path: `/${string}`; readonly json: object },
): Promise<{ token: v.InferOutput<typeof ANY_NEW_TOKEN>; response: HttpResponse }> {
  const response = await session.create({ method: 'POST', ...request });
  return { token: parseResponse(ANY_NEW_TOKEN, response.text, session.target.url), response };
}

/** The time of the deployment, in seconds since 1970: it decides when something ends, and not the clock of this machine. */
function timeOf({ headers }: HttpResponse, clock: Clock): number {
  const date = Date.parse(headers.get('date') ?? '');
  return toSeconds(Number.isNaN(date) ? clock() : date);
}

async function showValue(
  { output }: Context,
  token: { readonly id: string; readonly token: string },
  { quiet }: Quiet,
): Promise<void> {
  await output.show(token, quiet ? token.token : valueListing(token));
}
