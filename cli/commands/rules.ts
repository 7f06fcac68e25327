/** `rules` and `rules-set`: what the account allows for its tokens and credentials. */
import { type Command, Option } from 'commander';
import * as v from 'valibot';
import { ACCOUNT_RULES, BREAKING_TOKEN, RULES } from '../../lib/api/responses.ts';
import { seconds } from '../arguments.ts';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import { durationText } from '../refusal.ts';
import type { Session } from '../session.ts';
import { listingOf, tableOf } from '../text.ts';

// Members that this version does not know are printed with `--output json`.
const ANY_ANSWER = v.looseObject({
  ...ACCOUNT_RULES.entries,
  ceiling: v.looseObject(RULES.entries),
  breaking: v.array(v.looseObject({ ...BREAKING_TOKEN.entries, rules: v.array(v.string()) })),
});
type Answer = v.InferOutput<typeof ANY_ANSWER>;
type Rules = v.InferOutput<typeof RULES>;

const NAMES = Object.keys(RULES.entries) as (keyof Rules)[];
const PATH = '/v1/rules';

type YesOrNo = 'no' | 'yes';

interface Given {
  readonly maxExpiresIn?: number;
  readonly nonExpiring?: Rules['nonExpiring'];
  readonly maxCredential?: number;
  readonly retrievable?: YesOrNo;
  readonly requireOwner?: YesOrNo;
  readonly requireNetworks?: YesOrNo;
  readonly reset?: true;
}

export function addRules(program: Command, context: Context): void {
  program
    .command('rules')
    .description('show what the account allows for its tokens, and which tokens break it')
    .action(() => showRules(context));
  const yesOrNo = (flags: string, help: string) =>
    new Option(`${flags} <answer>`, help).choices(['yes', 'no']);
  program
    .command('rules-set')
    .description('set what the account allows; what is not named stays as it is')
    .option('--max-expires-in <duration>', 'the longest life of a token, as in 90d', seconds)
    .addOption(
      new Option('--non-expiring <word>', 'tokens that never expire').choices(['allowed', 'forbidden']),
    )
    .option('--max-credential <duration>', 'the longest life of a credential, as in 1h', seconds)
    .addOption(yesOrNo('--retrievable', 'whether new values can be shown again'))
    .addOption(yesOrNo('--require-owner', 'whether every new token names an owner'))
    .addOption(yesOrNo('--require-networks', 'whether every new token names networks'))
    .option('--reset', 'all others as the operator has them')
    .action((given: Given) => setRules(context, given));
}

async function showRules(context: Context): Promise<void> {
  const session = await context.session();
  await show(context, session, await session.ask(ANY_ANSWER, { path: PATH }));
}

async function setRules(context: Context, given: Given): Promise<void> {
  const changes = changesIn(given);
  if (given.reset === undefined && Object.keys(changes).length === 0) {
    throw new UsageError('No rule is given; "pullpass rules-set --help" shows the options.');
  }
  const session = await context.session();
  const before = given.reset ? {} : ownRules(await session.ask(ANY_ANSWER, { path: PATH }));
  const json = { ...before, ...changes };
  await show(context, session, await session.ask(ANY_ANSWER, { method: 'PUT', path: PATH, json }));
}

/** Those that are not the ceiling's, which go on following it. */
function ownRules({ ceiling, ...rules }: Answer): Partial<Rules> {
  return Object.fromEntries(
    NAMES.filter(name => rules[name] !== ceiling[name]).map(name => [name, rules[name]]),
  );
}

function changesIn(given: Given): Partial<Rules> {
  const is = (answer: YesOrNo | undefined) => (answer === undefined ? undefined : answer === 'yes');
  const changes = {
    maxExpiresInSeconds: given.maxExpiresIn,
    nonExpiring: given.nonExpiring,
    maxCredentialSeconds: given.maxCredential,
    retrievable: is(given.retrievable),
    requireOwner: is(given.requireOwner),
    requireNetworks: is(given.requireNetworks),
  };
  return Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
}

/** With all tokens that break the rules, page by page. */
async function show({ output }: Context, session: Session, answer: Answer): Promise<void> {
  const breaking = [...answer.breaking];
  for (let cursor = answer.nextCursor; cursor !== null; ) {
    const page: Answer = await session.ask(ANY_ANSWER, { path: PATH, query: { cursor } });
    breaking.push(...page.breaking);
    cursor = page.nextCursor;
  }
  const rows = breaking.map(({ token, rules }) => [token, rules.join(', ')]);
  const table = rows.length === 0 ? [] : ['', ...tableOf(['TOKEN ID', 'BREAKS'], rows)];
  await output.show({ ...answer, breaking, nextCursor: null }, [...rulesListing(answer), ...table]);
}

function rulesListing(rules: Rules): string[] {
  const word = (is: boolean) => (is ? 'yes' : 'no');
  return listingOf([
    ['Longest life of a token', durationText(String(rules.maxExpiresInSeconds))],
    ['Tokens that never expire', rules.nonExpiring],
    ['Longest life of a credential', durationText(String(rules.maxCredentialSeconds))],
    ['New values can be shown again', word(rules.retrievable)],
    ['Every new token names an owner', word(rules.requireOwner)],
    ['Every new token names networks', word(rules.requireNetworks)],
  ]);
}
