/** `audit`: what was done in the account, and who did it. */
import { type Command, Option } from 'commander';
import * as v from 'valibot';
import { AUDIT, AUDIT_ENTRY } from '../../lib/api/responses.ts';
import { toRfc3339 } from '../../lib/domain/time.ts';
import { ACTS } from '../../lib/ports/audit.ts';
import { count, type Moment, moment, timeOf } from '../arguments.ts';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import { linesOf } from '../printer.ts';
import type { Session } from '../session.ts';
import { type Fields, parseTemplate } from '../text.ts';
import { tokenArgument, tokenId } from '../token-id.ts';

// Members that this version does not know are printed with `--output json`.
const ANY_ENTRY = v.looseObject(AUDIT_ENTRY.entries);
const PAGE = v.object({ entries: v.array(ANY_ENTRY), nextCursor: AUDIT.entries.nextCursor });
type AnyEntry = v.InferOutput<typeof ANY_ENTRY>;

const PAGE_LIMIT = 200;

/** The widest last, so that rows are printed as they come. */
const FIELDS: Fields<AnyEntry> = {
  At: { heading: 'AT', width: 20, of: ({ at }) => at },
  Act: { heading: 'ACT', width: 18, of: ({ act }) => act },
  Target: { heading: 'TARGET', width: 36, of: ({ target }) => target },
  From: { heading: 'FROM', width: 15, of: ({ sourceAddress }) => sourceAddress },
  Subject: { heading: 'SUBJECT', width: 32, of: ({ subject }) => subject },
};
const TABLE = parseTemplate('table {{.At}}\\t{{.Act}}\\t{{.Target}}\\t{{.From}}\\t{{.Subject}}', FIELDS);

interface Asked {
  readonly token?: string;
  readonly of?: string;
  readonly subject?: string;
  readonly act?: string;
  readonly since?: Moment;
  readonly until?: Moment;
  readonly limit?: number;
}

export function addAudit(program: Command, context: Context): void {
  program
    .command('audit')
    .description('list what was done in the account, the newest first')
    .option('--token <token>', 'to this token only', tokenArgument)
    .option('--of <target>', 'to this only: an identifier, or the name of a namespace')
    .option('--subject <id>', 'by this subject only')
    .addOption(new Option('--act <act>', 'this only').choices(ACTS))
    .option('--since <time>', 'not before: as in 7d, 2026-11-21 or 2026-11-21T07:00:00Z', moment)
    .option('--until <time>', 'not after', moment)
    .option('-n, --limit <count>', 'so many entries at most', count)
    .action((asked: Asked) => listAudit(context, asked));
}

async function listAudit(context: Context, asked: Asked): Promise<void> {
  if (asked.token !== undefined && asked.of !== undefined) {
    throw new UsageError('--token and --of name two targets; give one.');
  }
  const { output } = context;
  const session = await context.session();
  const token = asked.token && (await tokenId(session, asked.token));
  const query = queryOf({ ...asked, ...(token === undefined ? {} : { token }) }, context.clock());
  const entries = allEntries(session, query, asked.limit ?? Number.POSITIVE_INFINITY);
  if (output.format === 'json') return output.jsonList(entries);
  // Before the heading, which an error must not follow.
  let next = await entries.next();
  await output.lines(linesOf(TABLE.heading ?? ''));
  for (; !next.done; next = await entries.next()) await output.lines(linesOf(TABLE.render(next.value)));
}

type Query = Readonly<Record<string, string | undefined>>;

/** Durations count from now, so that all pages are of one list. */
function queryOf({ token, of, subject, act, since, until }: Asked, nowMs: number): Query {
  return {
    target: token ?? of,
    subject,
    act,
    since: since && toRfc3339(timeOf(since, nowMs, 'first')),
    until: until && toRfc3339(timeOf(until, nowMs, 'last')),
  };
}

/** Page by page as they are taken. */
async function* allEntries(session: Session, query: Query, most: number): AsyncGenerator<AnyEntry> {
  let cursor: string | null | undefined;
  for (let left = most; left > 0 && cursor !== null; ) {
    const limit = String(Math.min(PAGE_LIMIT, left));
    const page: v.InferOutput<typeof PAGE> = await session.ask(PAGE, {
      path: '/v1/audit',
      query: { ...query, limit, cursor },
    });
    yield* page.entries;
    left -= page.entries.length;
    cursor = page.nextCursor;
  }
}
