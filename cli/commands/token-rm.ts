/** `token-rm`: by identifiers, or by labels. */
import type { Command } from 'commander';
import { each } from '../arguments.ts';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import type { Session } from '../session.ts';
import { tokenText } from '../text.ts';
import { tokenArgument, tokenId } from '../token-id.ts';
import { NOT_FOUND, type Removal, removeNamed, unlessMissing } from './removal.ts';
import { type Filters, labelFilter, tokensThat } from './token-filters.ts';
import { ANY_TOKEN } from './token-options.ts';
import type { Verb } from './verbs.ts';

const REMOVAL: Removal = {
  path: '/v1/tokens',
  noun: ['token', 'tokens'],
  effect: ['Logins with it will be refused.', 'Logins with them will be refused.'],
  describe: (session, ids) => Promise.all(ids.map(id => descriptionOf(session, id))),
};

interface Options extends Pick<Filters, 'label'> {
  readonly force?: true;
  readonly dryRun?: true;
}

export function rmVerb(context: Context): Verb {
  return {
    name: 'rm',
    description: 'remove tokens: logins with them are refused from then on',
    build: (command: Command) =>
      void command
        .argument('[id...]', '', each(tokenArgument))
        .addOption(labelFilter())
        .option('--dry-run', 'show what would be removed, and remove nothing')
        .option('-f, --force', 'do not ask')
        .action((ids: readonly string[], options: Options) => removeTokens(context, ids, options)),
  };
}

async function removeTokens(context: Context, ids: readonly string[] = [], options: Options): Promise<void> {
  const { label, ...rest } = options;
  if (ids.length === 0 && label === undefined)
    throw new UsageError("missing required argument 'id', or --label");
  if (ids.length > 0 && label !== undefined) throw new UsageError('--label cannot be used with identifiers.');
  const session = await context.session();
  const names = label === undefined ? await wholeIds(session, ids) : await labelled(session, label);
  if (names.length > 0) return removeNamed(context, REMOVAL, { names, ...rest });
  if (context.output.format === 'json') return context.output.jsonList([]);
  context.output.note('No token has these labels; nothing was removed.');
}

/** All are known before the first is removed. */
async function wholeIds(session: Session, ids: readonly string[]): Promise<string[]> {
  const whole = [];
  for (const id of ids) whole.push(await tokenId(session, id));
  return [...new Set(whole)];
}

async function labelled(session: Session, label: ReadonlyMap<string, string>): Promise<string[]> {
  const ids = [];
  for await (const { id } of tokensThat(session, { label })) ids.push(id);
  return ids;
}

async function descriptionOf(session: Session, id: string): Promise<string> {
  const token = await unlessMissing(session.ask(ANY_TOKEN, { path: `/v1/tokens/${id}` }));
  return token === undefined ? NOT_FOUND : tokenText(token);
}
