/** The token verbs: `token-add`, `token-list`, `token-get`, `token-rm`, `token-rotate` and `token-update`. */
import type { Command } from 'commander';
import { identifier, identifiers, seconds } from '../arguments.ts';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import { sendOnce } from '../session.ts';
import { parseTemplate } from '../text.ts';
import {
  type Addition,
  addOptions,
  allTokens,
  bodyOfAddition,
  bodyOfUpdate,
  NEW_TOKEN,
  TOKEN,
  TOKEN_FIELDS,
  TOKEN_TABLE,
  TOKEN_VALUE,
  tokenListing,
  type Update,
  updateOptions,
  valueListing,
} from './token-options.ts';
import { addGroup, removeEach } from './verbs.ts';

export function addTokens(program: Command, context: Context): void {
  addGroup(program, {
    noun: 'token',
    description: 'Registry tokens',
    verbs: [
      {
        name: 'add',
        description: 'add a token, and show its value; pull-only and for a day unless told otherwise',
        build: command => addOptions(command).action((options: Addition) => addToken(context, options)),
      },
      {
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
      },
      {
        name: 'get',
        description: 'show the value of a token again; the deployment records who asked',
        build: command =>
          command
            .argument('<id>', '', identifier)
            .option('-q, --quiet', 'the value only')
            .action((id: string, options: Quiet) => getToken(context, id, options)),
      },
      {
        name: 'rm',
        description: 'remove tokens: logins with them are refused from then on',
        build: command =>
          command
            .argument('<id...>', '', identifiers)
            .option('-f, --force', 'without asking')
            .action((ids: string[], options: { force?: true }) => removeTokens(context, ids, options)),
      },
      {
        name: 'rotate',
        description: 'give a token a new value, and show it',
        build: command =>
          command
            .argument('<id>', '', identifier)
            .option(
              '--grace <duration>',
              'how long the old value still works, as in 1h; not at all by default',
              seconds,
            )
            .option('--force', 'also while the grace of the last rotation still runs')
            .option('-q, --quiet', 'the value only')
            .action((id: string, options: Rotation) => rotateToken(context, id, options)),
      },
      {
        name: 'update',
        description: 'change a token; its value stays',
        build: command =>
          updateOptions(command.argument('<id>', '', identifier)).action((id: string, options: Update) =>
            updateToken(context, id, options),
          ),
      },
    ],
  });
}

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

async function addToken(context: Context, options: Addition): Promise<void> {
  const session = await context.session();
  const request = { method: 'POST', path: '/v1/tokens', json: bodyOfAddition(options) } as const;
  const token = await sendOnce(session, NEW_TOKEN, request);
  await context.output.show(token, options.quiet ? token.token : valueListing(token));
}

async function listTokens(context: Context, { format, quiet }: Listing): Promise<void> {
  const { output } = context;
  if (format !== undefined && (quiet || output.format === 'json')) {
    throw new UsageError('--format excludes --quiet and --output json.');
  }
  const template = parseTemplate(format ?? (quiet ? '{{.ID}}' : TOKEN_TABLE), TOKEN_FIELDS);
  const tokens = allTokens(await context.session());
  if (output.format === 'json') return output.jsonList(tokens);
  // Before the heading: what cannot be listed has none.
  let next = await tokens.next();
  if (template.heading !== undefined) await output.line(template.heading);
  for (; !next.done; next = await tokens.next()) await output.line(template.render(next.value));
}

async function getToken(context: Context, id: string, { quiet }: Quiet): Promise<void> {
  const session = await context.session();
  const token = await session.ask(TOKEN_VALUE, { path: `/v1/tokens/${id}/value` });
  await context.output.show(token, quiet ? token.token : valueListing(token));
}

async function removeTokens(context: Context, ids: string[], { force }: { force?: true }): Promise<void> {
  if (!force && !(await isConfirmed(context, ids))) {
    context.output.note('Nothing was removed.');
    return;
  }
  await removeEach(context, { names: ids, pathOf: id => `/v1/tokens/${id}` });
}

async function isConfirmed({ terminal }: Context, ids: string[]): Promise<boolean> {
  if (!terminal.isInteractive)
    throw new UsageError('Nobody can be asked here: say --force to remove without asking.');
  const what = ids.length === 1 ? `the token ${ids.join()}` : `${ids.length} tokens`;
  return terminal.confirms(`Remove ${what}? Logins with it will be refused.`);
}

async function rotateToken(context: Context, id: string, options: Rotation): Promise<void> {
  const { grace: graceSeconds = 0, force = false, quiet } = options;
  const session = await context.session();
  const json = { graceSeconds, force };
  const request = { method: 'POST', path: `/v1/tokens/${id}/rotate`, json } as const;
  const token = await sendOnce(session, NEW_TOKEN, request);
  await context.output.show(token, quiet ? token.token : valueListing(token));
}

async function updateToken(context: Context, id: string, options: Update): Promise<void> {
  const json = bodyOfUpdate(options);
  const session = await context.session();
  const token = await session.ask(TOKEN, { method: 'PATCH', path: `/v1/tokens/${id}`, json });
  await context.output.show(token, tokenListing(token));
}
