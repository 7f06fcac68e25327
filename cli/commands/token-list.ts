/** `token-list`: as the original printed it, by a template, or with everything that helps to oversee many tokens. */
import { toSeconds } from '../../lib/domain/time.ts';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import { linesOf } from '../printer.ts';
import { parseTemplate } from '../text.ts';
import { type Filters, filterOptions, tokensThat } from './token-filters.ts';
import { TOKEN_FIELDS, TOKEN_TABLE } from './token-options.ts';
import { wideTable } from './token-wide.ts';
import type { Verb } from './verbs.ts';

interface Listing extends Filters {
  readonly format?: string;
  readonly quiet?: true;
  readonly wide?: true;
}

export function listVerb(context: Context): Verb {
  return {
    name: 'list',
    alias: 'tokens',
    description: 'list the tokens, newest first',
    build: command =>
      filterOptions(command)
        .option(
          '--format <template>',
          'a Go template of {{.ID}}, {{.Expiry}}, {{.ReadOnly}}, {{.Description}}',
        )
        .option('-q, --quiet', 'identifiers only')
        .option('--wide', 'with state, last use, owner and labels, as wide as the terminal')
        .action((options: Listing) => listTokens(context, options)),
  };
}

async function listTokens(context: Context, { format, quiet, wide, ...filters }: Listing): Promise<void> {
  const { output } = context;
  if (format !== undefined && (quiet || output.format === 'json')) {
    throw new UsageError('--format cannot be used with --quiet or --output json.');
  }
  if (wide && (format !== undefined || quiet)) {
    throw new UsageError('--wide cannot be used with --format or --quiet.');
  }
  const template = parseTemplate(format ?? (quiet ? '{{.ID}}' : TOKEN_TABLE), TOKEN_FIELDS);
  const tokens = tokensThat(await context.session(), filters);
  if (output.format === 'json') return output.jsonList(tokens);
  const table = wide ? wideTable(output.columns, toSeconds(context.clock())) : undefined;
  // Before the heading, which an error must not follow.
  let next = await tokens.next();
  if (table !== undefined) await output.line(table.heading);
  else if (template.heading !== undefined) await output.lines(linesOf(template.heading));
  for (; !next.done; next = await tokens.next()) {
    if (table !== undefined) await output.parts(table.row(next.value));
    else await output.lines(linesOf(template.render(next.value)));
  }
}
