/** Why a login gets what it gets, in words: a step for each check, from what the checks themselves say. */

import type { GrantedAccess } from './grant.ts';
import { isInNetworks, type Network } from './networks.ts';
import type { HeldRole } from './policy.ts';
import { toRfc3339 } from './time.ts';
import type { Refusal, TokenRecord, UseContext } from './token-record.ts';
import { firstDifference, type Trust, trustMatches, type Workload } from './trust.ts';

/** What a login checks, and what an explanation says beside that. */
export const CHECKS = [
  'request',
  'time',
  'service',
  'token',
  'network',
  'policy',
  'claims',
  'trust',
  'scope',
  'namespace',
  'pattern',
  'action',
  'access-token',
] as const;

/** `note`: it decides nothing. */
export const RESULTS = ['passed', 'failed', 'note'] as const;

/** `refused`: 401, before anything is granted. A login that asks for nothing, and may do something, is `granted`. */
export const DECISIONS = ['granted', 'partly-granted', 'nothing-granted', 'refused'] as const;

export interface Step {
  readonly check: (typeof CHECKS)[number];
  readonly result: (typeof RESULTS)[number];
  readonly detail: string;
}

export interface Explanation {
  readonly decision: (typeof DECISIONS)[number];
  readonly granted: readonly GrantedAccess[];
  readonly steps: readonly Step[];
}

/** Why a token is refused; `removed`: a tombstone is left of it. */
export type TokenRefusal = Refusal | 'removed';

const REFUSALS: Readonly<Record<Exclude<TokenRefusal, 'outside-networks'>, string>> = {
  unknown: 'This account has no such token.',
  removed: 'The token was removed.',
  expired: 'The token had expired.',
  disabled: 'The token was disabled.',
  superseded: 'The token was rotated, and the value that was presented has ended.',
  'wrong-secret': 'There is such a token, and what was presented is none of its values.',
};

/** As much of the record as is there says when, and by whom. */
export function refusedToken(
  refusal: TokenRefusal,
  token: TokenRecord | undefined,
  address: string | undefined,
): Step {
  if (refusal === 'outside-networks') {
    const detail = 'The token was used from outside the networks that it had then.';
    const changed: Step = { check: 'network', result: 'failed', detail };
    return outsideNetworks('The token', token?.networks, address) ?? changed;
  }
  const failed = (detail: string): Step => ({ check: 'token', result: 'failed', detail });
  if (refusal === 'expired' && token?.expiresAt != null) {
    return failed(`The token expired at ${toRfc3339(token.expiresAt)}.`);
  }
  if (refusal === 'disabled' && token?.disabled != null) {
    const { at, by } = token.disabled;
    return failed(`The token was disabled at ${toRfc3339(at)} by ${by}.`);
  }
  return failed(REFUSALS[refusal]);
}

/** undefined: it may be used from there. */
function outsideNetworks(
  what: string,
  networks: readonly Network[] | null | undefined,
  address: string | undefined,
): Step | undefined {
  if (networks == null || isInNetworks(address, networks)) return undefined;
  const from = address === undefined ? 'no address was given' : `${address} is in none of them`;
  const detail = `${what} is good from ${listOf(networks)} only, and ${from}.`;
  return { check: 'network', result: 'failed', detail };
}

/** The token is good, with its present value; and what became of the value before. */
export function usableToken(
  { expiresAt, generation, previous, networks }: TokenRecord,
  { now, sourceAddress }: UseContext,
): Step[] {
  const end = expiresAt === null ? 'never expires' : `expires at ${toRfc3339(expiresAt)}`;
  const steps: Step[] = [{ check: 'token', result: 'passed', detail: `The token is enabled and ${end}.` }];
  if (networks !== null) {
    const detail = `The token is good from ${listOf(networks)}, and ${sourceAddress} is there.`;
    steps.push({ check: 'network', result: 'passed', detail });
  }
  if (generation === 1) return steps;
  const isGraced = previous !== null && previous.expiresAt > now;
  const former = isGraced
    ? `the value before works until ${toRfc3339(previous.expiresAt)}`
    : 'a login with an earlier value is refused';
  return [...steps, { check: 'token', result: 'note', detail: `The token was rotated: ${former}.` }];
}

/** What gives an identity its roles. */
export function policySteps(subject: string, roles: readonly HeldRole[]): Step[] {
  if (roles.length === 0) {
    const detail = `No policy of this account, and no configuration, names ${subject}. Its groups are known at a login alone.`;
    return [{ check: 'policy', result: 'failed', detail }];
  }
  return roles.map(({ role, repositories, source }) => {
    const giver = source === 'configuration' ? 'The configuration' : `The policy ${source.policy}`;
    const where = repositories === null ? 'every repository of the account' : listOf(repositories);
    return { check: 'policy', result: 'passed', detail: `${giver} makes ${subject} ${role} of ${where}.` };
  });
}

/** Each trust of the workload's issuer: it matches, or the first claim that differs. One that matches is enough. */
export function trustSteps(
  trusts: readonly Trust[],
  workload: Workload,
  { sourceAddress }: UseContext,
): Step[] {
  if (trusts.length === 0) {
    const detail = `This account has no trust in ${workload.issuer}.`;
    return [{ check: 'trust', result: 'failed', detail }];
  }
  const steps = trusts.map((trust): Step => {
    const name = `The trust ${trust.id}`;
    if (!trustMatches(trust, workload)) {
      const detail = `${name} does not match: ${differenceText(trust, workload)}.`;
      return { check: 'trust', result: 'failed', detail };
    }
    const matches: Step = { check: 'trust', result: 'passed', detail: `${name} matches.` };
    return outsideNetworks(`${name} matches, and`, trust.networks, sourceAddress) ?? matches;
  });
  const isTrusted = steps.some(({ result }) => result === 'passed');
  return isTrusted
    ? steps.map(step => (step.result === 'failed' ? { ...step, result: 'note' } : step))
    : steps;
}

function differenceText(trust: Trust, workload: Workload): string {
  const difference = firstDifference(trust, workload);
  if (difference === undefined) return 'it names no claim';
  const { name, expected, actual } = difference;
  const found = actual === undefined ? 'the workload has no such claim' : `the workload has ${shown(actual)}`;
  const isOtherType = actual !== undefined && String(actual) === expected;
  const type = isOtherType ? ', which is no string' : '';
  return `its ${name} is ${shown(expected)}, and ${found}${type}`;
}

/** A claim may be a long list. */
const MAX_SHOWN = 512;

export function shown(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}

/** A person reads no more. */
const MOST = 8;

export function listOf(texts: readonly string[]): string {
  const more = texts.length > MOST ? ` and ${texts.length - MOST} more` : '';
  return `${texts.slice(0, MOST).join(', ')}${more}`;
}
