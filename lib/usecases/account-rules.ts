/** The rules of an account: what they allow now, how they are set, and which tokens break them. */
import {
  type AccountRules,
  brokenRules,
  ceilingProblems,
  factsOf,
  narrowerRules,
  type RuledFacts,
  ruleProblems,
  type TokenRule,
  WIDEST,
} from '../domain/account-rules.ts';
import { invalidBody } from '../domain/errors.ts';
import type { Account } from '../domain/identifiers.ts';
import { toSeconds } from '../domain/time.ts';
import type { AccountRulesStore, TokenStore } from '../ports/stores.ts';
import { type Actor, type AuditPorts, recordAct, retryOnConflict } from './acts.ts';

/** What the rules that count are found with. */
export interface RulesPorts {
  readonly accountRules: Pick<AccountRulesStore, 'get'>;
  /** The operator's; no account allows more. */
  readonly ceiling: AccountRules;
}

export interface SetRulesPorts extends RulesPorts, AuditPorts {
  readonly accountRules: AccountRulesStore;
}

/** What is allowed in the account now. */
export async function rulesOf(
  { accountRules, ceiling }: RulesPorts,
  account: Account,
): Promise<AccountRules> {
  const record = await accountRules.get(account);
  return record === undefined ? ceiling : narrowerRules(record.rules, ceiling);
}

/** Throws `invalid-request` for a token that the rules forbid, with what they ask for. */
export function requireWithin(facts: RuledFacts, rules: AccountRules): void {
  const problems = ruleProblems(facts, rules);
  if (problems.length > 0) throw invalidBody(problems);
}

/** Replaces the rules: those that are not given are as wide as the ceiling, also when it changes. */
export async function setRules(
  ports: SetRulesPorts,
  actor: Actor,
  given: Partial<AccountRules>,
): Promise<AccountRules> {
  const { accountRules, ceiling } = ports;
  const problems = ceilingProblems(given, ceiling);
  if (problems.length > 0) throw invalidBody(problems);
  const rules = { ...WIDEST, ...given };
  return retryOnConflict(async () => {
    const before = await accountRules.get(actor.account);
    await recordAct(ports, actor, { act: 'set-rules', target: 'rules' });
    const after = { account: actor.account, rules, version: (before?.version ?? 0) + 1 };
    return (await accountRules.write(before, after)) ? narrowerRules(rules, ceiling) : undefined;
  });
}

export interface BreakingToken {
  readonly id: string;
  readonly rules: readonly TokenRule[];
}

export interface BreakingRequest {
  readonly account: Account;
  readonly rules: AccountRules;
  /** The token that the last page ended with. */
  readonly after: string | undefined;
}

/** Records that are examined for one page: it is short rather than slow. */
const EXAMINED = 500;

/** The tokens, newest first, that could not be made now. They go on working until someone changes or removes them. */
export async function listBreaking(
  { tokens, clock }: Pick<AuditPorts, 'clock'> & { readonly tokens: Pick<TokenStore, 'list'> },
  { account, rules, after }: BreakingRequest,
): Promise<{ readonly breaking: readonly BreakingToken[]; readonly next: string | undefined }> {
  const now = toSeconds(clock());
  const { records, next } = await tokens.list(account, { limit: EXAMINED, after, now });
  const breaking = records
    .map(record => ({ id: record.id, rules: brokenRules(factsOf(record, now), rules) }))
    .filter(({ rules: broken }) => broken.length > 0);
  return { breaking, next };
}
