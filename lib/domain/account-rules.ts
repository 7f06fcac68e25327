/** The rules of an account for the tokens and credentials that are made in it. None is wider than the operator's ceiling. */
import { CREDENTIAL_LIFE_SECONDS } from './credential.ts';
import type { Problem } from './errors.ts';
import type { Account } from './identifiers.ts';
import type { TokenRecord } from './token-record.ts';

export interface AccountRules {
  /** The longest life of a token that expires, from now on. */
  readonly maxExpiresInSeconds: number;
  /** Whether a token may be one that never expires. */
  readonly nonExpiring: 'allowed' | 'forbidden';
  /** The longest life of a credential. */
  readonly maxCredentialSeconds: number;
  /** Whether the value of a token may be one that can be shown again. */
  readonly retrievable: boolean;
  /** Whether every token names who answers for it. */
  readonly requireOwner: boolean;
  /** Whether every token names the networks that it may be used from. */
  readonly requireNetworks: boolean;
}

export type RuleName = keyof AccountRules;

/** Those that a token can break. */
export type TokenRule = Exclude<RuleName, 'maxCredentialSeconds'>;

/** How long a token that expires may live, without rules. */
export const TOKEN_LIFE_SECONDS = { min: 60, default: 86_400, max: 31_536_000 } as const;

/** What is allowed where there are no rules. */
export const WIDEST: AccountRules = {
  maxExpiresInSeconds: TOKEN_LIFE_SECONDS.max,
  nonExpiring: 'allowed',
  maxCredentialSeconds: CREDENTIAL_LIFE_SECONDS.max,
  retrievable: true,
  requireOwner: false,
  requireNetworks: false,
};

export const RULE_NAMES = Object.keys(WIDEST) as readonly RuleName[];

/** What both allow. */
export function narrowerRules(some: AccountRules, others: AccountRules): AccountRules {
  return {
    maxExpiresInSeconds: Math.min(some.maxExpiresInSeconds, others.maxExpiresInSeconds),
    nonExpiring: some.nonExpiring === 'forbidden' ? some.nonExpiring : others.nonExpiring,
    maxCredentialSeconds: Math.min(some.maxCredentialSeconds, others.maxCredentialSeconds),
    retrievable: some.retrievable && others.retrievable,
    requireOwner: some.requireOwner || others.requireOwner,
    requireNetworks: some.requireNetworks || others.requireNetworks,
  };
}

/** The rules that allow more than the ceiling. */
export function rulesBeyond(rules: AccountRules, ceiling: AccountRules): RuleName[] {
  const within = narrowerRules(rules, ceiling);
  return RULE_NAMES.filter(name => within[name] !== rules[name]);
}

/** What is wrong with rules that allow more than the ceiling, by their names. */
export function ceilingProblems(given: Partial<AccountRules>, ceiling: AccountRules): Problem[] {
  return rulesBeyond({ ...ceiling, ...given }, ceiling).map(name => {
    const bound = ceiling[name];
    const most = typeof bound === 'number' ? `at most ${bound}` : String(bound);
    return { path: name, message: `must be ${most}, the ceiling that the operator has set` };
  });
}

const NUMBERS: Readonly<Record<string, { readonly min: number; readonly max: number }>> = {
  maxExpiresInSeconds: TOKEN_LIFE_SECONDS,
  maxCredentialSeconds: CREDENTIAL_LIFE_SECONDS,
};

/** How one rule of a ceiling is written. */
export const CEILING_SHAPE = '<rule>=<value>, as in maxExpiresInSeconds=2592000 or requireOwner=true';

/** Reads one rule of a ceiling; undefined for anything else. */
export function parseCeilingRule(entry: string): Partial<AccountRules> | undefined {
  const equals = entry.indexOf('=');
  const [name, text] = [entry.slice(0, equals), entry.slice(equals + 1)];
  const range = Object.hasOwn(NUMBERS, name) ? NUMBERS[name] : undefined;
  if (range !== undefined) {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    return value >= range.min && value <= range.max ? { [name]: value } : undefined;
  }
  if (name === 'nonExpiring')
    return text === 'allowed' || text === 'forbidden' ? { [name]: text } : undefined;
  const isKnown = name === 'retrievable' || name === 'requireOwner' || name === 'requireNetworks';
  return isKnown && (text === 'true' || text === 'false') ? { [name]: text === 'true' } : undefined;
}

/** The ceiling of all entries; of two for one rule, the narrower counts. */
export function ceilingOf(entries: readonly Partial<AccountRules>[]): AccountRules {
  return entries.reduce<AccountRules>((all, entry) => narrowerRules(all, { ...WIDEST, ...entry }), WIDEST);
}

/** What rules say about a token; absent: it is not asked for, and stays as it is. */
export interface RuledFacts {
  /** From now on; null: it never expires. */
  readonly expiresInSeconds?: number | null | undefined;
  readonly retrievable?: boolean | undefined;
  readonly owner?: TokenRecord['owner'] | undefined;
  readonly networks?: TokenRecord['networks'] | undefined;
}

/** The rules that a token with these facts breaks. */
export function brokenRules(facts: RuledFacts, rules: AccountRules): TokenRule[] {
  const { expiresInSeconds, retrievable, owner, networks } = facts;
  const broken: Readonly<Record<TokenRule, boolean>> = {
    maxExpiresInSeconds: (expiresInSeconds ?? 0) > rules.maxExpiresInSeconds,
    nonExpiring: expiresInSeconds === null && rules.nonExpiring === 'forbidden',
    retrievable: retrievable === true && !rules.retrievable,
    requireOwner: owner === null && rules.requireOwner,
    requireNetworks: networks === null && rules.requireNetworks,
  };
  return (Object.keys(broken) as TokenRule[]).filter(name => broken[name]);
}

/** The facts of a token as it is. */
export function factsOf({ expiresAt, derivation, owner, networks }: TokenRecord, now: number): RuledFacts {
  const expiresInSeconds = expiresAt === null ? null : expiresAt - now;
  return { expiresInSeconds, retrievable: derivation !== null, owner, networks };
}

/** What a request for a token with these facts must be told, by its members. */
export function ruleProblems(facts: RuledFacts, rules: AccountRules): Problem[] {
  const said: Readonly<Record<TokenRule, Problem>> = {
    maxExpiresInSeconds: {
      path: 'expiresInSeconds',
      message: `must be at most ${rules.maxExpiresInSeconds} by the rules of the account`,
    },
    nonExpiring: { path: 'nonExpiring', message: 'must not be true by the rules of the account' },
    retrievable: { path: 'retrievable', message: 'must be false by the rules of the account' },
    requireOwner: { path: 'owner', message: 'must be given by the rules of the account' },
    requireNetworks: { path: 'networks', message: 'must be given by the rules of the account' },
  };
  return brokenRules(facts, rules).map(name => said[name]);
}

/** What a request for a new token leaves out, as the rules allow it. */
export function defaultsOf(rules: AccountRules): {
  readonly expiresInSeconds: number;
  readonly retrievable: boolean;
} {
  const expiresInSeconds = Math.min(TOKEN_LIFE_SECONDS.default, rules.maxExpiresInSeconds);
  return { expiresInSeconds, retrievable: rules.retrievable };
}

/** The rules that an account has set. */
export interface RulesRecord {
  readonly account: Account;
  readonly rules: AccountRules;
  /** 1, and 1 more each time that they are set. */
  readonly version: number;
}
