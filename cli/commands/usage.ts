/** `usage`: how often images were pulled, for each day, token and repository. */
import type { Command } from 'commander';
import * as v from 'valibot';
import { COUNTER, USAGE } from '../../lib/api/responses.ts';
import { day, repository } from '../arguments.ts';
import type { Context } from '../context.ts';
import { linesOf } from '../printer.ts';
import type { Session } from '../session.ts';
import { type Fields, parseTemplate } from '../text.ts';
import { tokenArgument, tokenId } from '../token-id.ts';

// Members that this version does not know are printed with `--output json`.
const ANY_COUNTER = v.looseObject(COUNTER.entries);
const PAGE = v.object({ usage: v.array(ANY_COUNTER), nextCursor: USAGE.entries.nextCursor });
type AnyCounter = v.InferOutput<typeof ANY_COUNTER>;

const PAGE_LIMIT = '200';

/** The widest last, so that rows are printed as they come. */
const FIELDS: Fields<AnyCounter> = {
  Day: { heading: 'DAY', width: 10, of: counter => counter.day },
  Token: { heading: 'TOKEN ID', width: 36, of: ({ token }) => token },
  Pulls: { heading: 'PULLS', width: 9, of: ({ pulls }) => String(pulls) },
  Repository: { heading: 'REPOSITORY', width: 32, of: counter => counter.repository },
};
const TABLE = parseTemplate('table {{.Day}}\\t{{.Token}}\\t{{.Pulls}}\\t{{.Repository}}', FIELDS);

interface Asked {
  readonly token?: string;
  readonly repository?: string;
  readonly from?: string;
  readonly to?: string;
}

export function addUsage(program: Command, context: Context): void {
  program
    .command('usage')
    .description('list how often images were pulled through the registry proxy')
    .option('--token <token>', 'by this token only', tokenArgument)
    .option('--repository <name>', 'from this repository only', repository)
    .option('--from <day>', 'the first day, as in 2026-11-21; by default the last 30 are listed', day)
    .option('--to <day>', 'the last day, in UTC (default: today)', day)
    .action((asked: Asked) => listUsage(context, asked));
}

async function listUsage(context: Context, asked: Asked): Promise<void> {
  const { output } = context;
  const session = await context.session();
  const token = asked.token && (await tokenId(session, asked.token));
  const counters = allCounters(session, { ...asked, ...(token === undefined ? {} : { token }) });
  if (output.format === 'json') return output.jsonList(counters);
  // Before the heading, which an error must not follow.
  let next = await counters.next();
  await output.lines(linesOf(TABLE.heading ?? ''));
  for (; !next.done; next = await counters.next()) await output.lines(linesOf(TABLE.render(next.value)));
}

/** Page by page as they are taken. */
async function* allCounters(session: Session, asked: Asked): AsyncGenerator<AnyCounter> {
  let query = { ...asked, limit: PAGE_LIMIT };
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page: v.InferOutput<typeof PAGE> = await session.ask(PAGE, { path: '/v1/usage', query });
    yield* page.usage;
    cursor = page.nextCursor;
    query = { ...query, ...(cursor === null ? {} : { cursor }) };
  }
}
