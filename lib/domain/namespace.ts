/**
 * Who owns a namespace. The claim is the authority: a login grants only where it is held by the token's account. A
 * released name stays reserved to its last owner, because the registry still holds that owner's images.
 */
import { type Account, isIdentifierValue, isIssuerKey, qualify } from './identifiers.ts';
import { isNamespace } from './repository.ts';

export interface NamespaceClaim {
  readonly name: string;
  readonly account: Account;
  readonly state: 'held' | 'released';
  /** 1, and 1 more with every registration: so that a late write of an older registration is recognised. */
  readonly epoch: number;
}

/** A line of `PULLPASS_NAMESPACES`: who may register what. A trailing `*` matches any rest. */
export interface RegistrationRule {
  readonly account: Account;
  readonly pattern: string;
}

/** `open`: every administrator may register every free name. */
export type RegistrationRules = 'open' | readonly RegistrationRule[];

export type RegistrationDecision =
  | { readonly kind: 'already-held' }
  | { readonly kind: 'closed' }
  | { readonly kind: 'taken' }
  | { readonly kind: 'claim'; readonly claim: NamespaceClaim };

/** Whether the claim lets `account` use the namespace now. */
export function isHeldBy(claim: NamespaceClaim | undefined, account: Account): boolean {
  return claim?.state === 'held' && claim.account === account;
}

/** Decides what happens when `account` asks to register `name`, which has `claim` now. */
export function decideRegistration(
  { name, account }: Pick<NamespaceClaim, 'account' | 'name'>,
  claim: NamespaceClaim | undefined,
  rules: RegistrationRules,
): RegistrationDecision {
  if (isHeldBy(claim, account)) return { kind: 'already-held' };
  if (!mayRegister(name, account, rules)) return { kind: 'closed' };
  if (claim !== undefined && !isFreeFor(claim, account, rules)) return { kind: 'taken' };
  return { kind: 'claim', claim: { name, account, state: 'held', epoch: (claim?.epoch ?? 0) + 1 } };
}

/** The claim after its owner gave the namespace back. */
export function release(claim: NamespaceClaim): NamespaceClaim {
  return { ...claim, state: 'released' };
}

/** Reads `<account>=<pattern>`; undefined for anything else. */
export function parseRegistrationRule(text: string): RegistrationRule | undefined {
  const [colon, equals] = [text.indexOf(':'), text.lastIndexOf('=')];
  if (equals === -1) return undefined;
  const issuer = text.slice(0, colon);
  const value = text.slice(colon + 1, equals);
  const pattern = text.slice(equals + 1);
  if (!isIssuerKey(issuer) || !isIdentifierValue(value) || !isRegistrationPattern(pattern)) return undefined;
  return { account: qualify(issuer, value), pattern };
}

/** A namespace, or the beginning of one followed by `*`, or `*` alone. */
function isRegistrationPattern(pattern: string): boolean {
  return isNamespace(pattern) || /^(?:[a-z0-9][a-z0-9._-]{0,126})?\*$/.test(pattern);
}

function mayRegister(name: string, account: Account, rules: RegistrationRules): boolean {
  return rules === 'open' || rules.some(rule => rule.account === account && covers(rule.pattern, name));
}

/** A released name is free for its last owner, and for the one account to which the operator gives it by name. */
function isFreeFor(claim: NamespaceClaim, account: Account, rules: RegistrationRules): boolean {
  if (claim.state !== 'released') return false;
  if (claim.account === account) return true;
  return rules !== 'open' && rules.some(rule => rule.account === account && rule.pattern === claim.name);
}

function covers(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}
