/** `token-ensure`: for scripts that say which token there should be, at each run. */
import { type Command, Option } from 'commander';
import * as v from 'valibot';
import { VALUE } from '../../lib/api/responses.ts';
import { ENSURED_TOKEN } from '../../lib/api/token-responses.ts';
import { isTokenName } from '../../lib/domain/token-name.ts';
import type { Context } from '../context.ts';
import { SilentExit, UsageError } from '../errors.ts';
import { parseResponse } from '../http.ts';
import { optionOf } from '../refusal.ts';
import { listingOf } from '../text.ts';
import {
  ANY_LIMITS,
  addOptions,
  type NewToken,
  newTokenBody,
  tokenListing,
  valueListing,
} from './token-options.ts';
import { warnOfUnheld } from './unheld-namespaces.ts';
import type { Verb } from './verbs.ts';

/** The exit code where the token differs from what is wanted, and was not changed. */
const DIFFERS = 3;

const ANY_ENSURED = v.looseObject({
  ...ENSURED_TOKEN.entries,
  limits: ANY_LIMITS,
  // A later deployment may compare more.
  differences: v.array(v.string()),
  token: v.optional(VALUE),
});
type AnyEnsured = v.InferOutput<typeof ANY_ENSURED>;

interface Wanted extends NewToken {
  readonly readonly?: true;
  readonly allRepositories?: true;
  readonly unlimitedPulls?: true;
  readonly apply?: true;
}

export function ensureVerb(context: Context): Verb {
  return {
    name: 'ensure',
    description: 'ensure that there is one token of a name, and show its value when it is added',
    build: command =>
      wantedOptions(command.argument('<name>', '', tokenName)).action((name: string, options: Wanted) =>
        ensureToken(context, name, options),
      ),
  };
}

function wantedOptions(command: Command): Command {
  return addOptions(command)
    .addOption(new Option('--readonly', 'it may pull only').conflicts('readwrite'))
    .addOption(new Option('--all-repositories', 'in all namespaces of the account').conflicts('repository'))
    .addOption(new Option('--unlimited-pulls', 'no limit of pulls').conflicts('pullsPerDay'))
    .option('--apply', 'change a token that there is where it differs; its value stays');
}

function tokenName(text: string): string {
  if (isTokenName(text)) return text;
  throw new UsageError(
    'A name must have 1 to 63 letters, digits, dots, underscores and hyphens, with a letter or digit at both ends, and no 24 letters and digits in a row, which look like a secret.',
  );
}

async function ensureToken(context: Context, name: string, options: Wanted): Promise<void> {
  const { readonly: pullOnly, allRepositories, unlimitedPulls, apply, quiet } = options;
  const json = {
    ...newTokenBody(options),
    ...(pullOnly ? { access: 'pull' } : {}),
    ...(allRepositories ? { repositories: null } : {}),
    ...(unlimitedPulls ? { limits: null } : {}),
    apply,
  };
  const session = await context.session();
  const request = { method: 'PUT', path: `/v1/tokens/by-name/${name}`, json } as const;
  const { text } = await session.create(request);
  const ensured = parseResponse(ANY_ENSURED, text, session.target.url);
  await show(context, ensured, quiet === true);
  if (ensured.token !== undefined || ensured.applied) await warnOfUnheld(context, session, ensured);
  if (ensured.differences.length === 0 || ensured.applied) return;
  const wanted = ensured.differences.map(optionOf).join(', ');
  await context.output.warning(
    `The token ${name} differs from what is wanted in ${wanted}; nothing was changed.`,
    {
      next: 'Change it with --apply.',
    },
  );
  throw new SilentExit(DIFFERS);
}

/** With `quiet` only the value of a token that was added: nothing where there was one. */
async function show({ output }: Context, ensured: AnyEnsured, quiet: boolean): Promise<void> {
  const { id, token, differences, applied } = ensured;
  if (quiet && output.format === 'human') {
    if (token !== undefined) await output.line(token);
    return;
  }
  if (token !== undefined) return output.show(ensured, valueListing({ id, token }));
  const changed = applied ? [['Changed', differences.map(optionOf).join(', ')] as const] : [];
  await output.show(ensured, [...tokenListing(ensured), ...listingOf(changed)]);
}
