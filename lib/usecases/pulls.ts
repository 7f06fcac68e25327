/** Pulls through the registry proxy: whether one is allowed now, how it is counted, and how often images were pulled. */

import { PULL } from '../domain/access.ts';
import type { AccessTokenClaims } from '../domain/access-token.ts';
import { PullpassError, unauthenticated } from '../domain/errors.ts';
import { grant } from '../domain/grant.ts';
import { type Account, accountHandle } from '../domain/identifiers.ts';
import { namespaceOf } from '../domain/repository.ts';
import type { Secret } from '../domain/secret.ts';
import type { Service } from '../domain/service.ts';
import { DAY_SECONDS, type Day, dayOf, startOf, toSeconds } from '../domain/time.ts';
import { judgeGeneration, type TokenRecord, type UseContext } from '../domain/token-record.ts';
import { type RequestSource, type TokenUse, useOf } from '../domain/token-use.ts';
import type { AccessTokenVerifier } from '../ports/keys.ts';
import {
  type CountedPull,
  type Counter,
  type CounterName,
  type LoginStore,
  USAGE_DAYS,
  type UsageStore,
} from '../ports/stores.ts';
import type { Clock } from '../ports/system.ts';
import { DENIAL_OF, principalOfToken } from './principal.ts';

export interface PullPorts {
  readonly verifier: AccessTokenVerifier;
  readonly store: LoginStore;
  readonly usage: Pick<UsageStore, 'count'>;
  readonly clock: Clock;
}

export interface PullRequest extends Pick<RequestSource, 'client'> {
  readonly service: Service;
  readonly token: Secret;
  /** Undefined: only whether the token is good. */
  readonly repository: string | undefined;
  /** The address of the client; undefined: it is not known. */
  readonly sourceAddress: string | undefined;
}

/** Who may pull, and what its pulls are counted with; undefined: they are not, as those of identities. */
export interface Puller {
  readonly subject: string;
  readonly counted: Omit<CountedPull, 'repository'> | undefined;
}

/**
 * Whose the access token is, if it may pull now. Throws `unauthenticated` for a token that is not good, or whose secret has ended,
 * `insufficient-scope` for a repository that it may not pull from.
 */
export async function authorizePull(ports: PullPorts, request: PullRequest): Promise<Puller> {
  const { service, token, repository, sourceAddress } = request;
  const now = toSeconds(ports.clock());
  const claims = await ports.verifier.verify(service, token, now);
  if (repository === undefined) return { subject: claims.sub, counted: undefined };
  const isGranted = claims.access.some(
    ({ type, name, actions }) => type === 'repository' && name === repository && actions.includes('pull'),
  );
  if (!isGranted) throw insufficient(`the login was not for ${repository}`);
  const { parent, sub: subject } = claims;
  if (parent === undefined) return { subject, counted: undefined };
  const { pullsPerDay } = await judgeParent(ports, {
    ...{ parent, subject, repository, now, sourceAddress },
    use: useOf(request, service.name, now),
  });
  return { subject, counted: { handle: parent.handle, token: parent.token, pullsPerDay } };
}

interface Judged extends UseContext {
  readonly parent: NonNullable<AccessTokenClaims['parent']>;
  readonly subject: string;
  readonly repository: string;
  /** The request itself. */
  readonly use: TokenUse;
}

/** Removed, disabled, rotated, narrowed, expired, revoked, released: each counts from the next request on. One read. */
async function judgeParent(
  { store }: PullPorts,
  { parent, subject, repository, use, ...context }: Judged,
): Promise<TokenRecord> {
  const { handle, token: id, generation, credential: jti } = parent;
  const namespace = namespaceOf(repository);
  const { token, removed, revoked, claims } = await store.read({
    token: { handle, id },
    ...(jti === undefined ? {} : { credential: { handle, jti } }),
    namespaces: [namespace],
  });
  if (revoked) throw unauthenticated(`credential ${jti}: ended`, 'ended');
  if (token === undefined) {
    const why = removed ? 'removed' : 'unknown';
    throw unauthenticated(`${subject}: ${why}`, DENIAL_OF[why]);
  }
  const judgement = judgeGeneration(token, generation, context);
  if (!judgement.usable)
    throw unauthenticated(`${subject}: ${judgement.refusal}`, DENIAL_OF[judgement.refusal]);
  if (accountHandle(token.account) !== handle) throw unauthenticated(`${subject}: of another account`);
  await store.touch(token, generation, use);
  const { permissions, ownedNamespaces } = principalOfToken(token, generation, claims);
  const wanted = { type: 'repository', name: repository, namespace, actions: PULL } as const;
  if (grant([wanted], permissions, ownedNamespaces).length === 0) {
    throw insufficient(`${subject} may no longer pull from ${repository}`);
  }
  return token;
}

/** Counts a pull that is about to be answered. Throws `unavailable` and `rate-limited`: then it may not be answered. */
export async function countPull(
  { usage, clock }: Pick<PullPorts, 'usage' | 'clock'>,
  { counted }: Puller,
  repository: string,
): Promise<void> {
  const now = toSeconds(clock());
  if (counted === undefined || (await usage.count({ ...counted, repository }, now))) return;
  const often = counted.pullsPerDay === 1 ? 'once' : `${counted.pullsPerDay} times`;
  throw new PullpassError('rate-limited', {
    detail: `This token may pull ${often} a day, and has; it may again after midnight (UTC).`,
    reason: `token ${counted.token}: its pulls of the day are used`,
    retryAfterSeconds: startOf(dayOf(now), 1) - now,
  });
}

/** A pull at a registry that verifies access tokens itself, as it reports it. */
export interface ReportedPull {
  /** Unique for the registry. */
  readonly event: string;
  /** The id of the registry token that was logged in with. */
  readonly token: string;
  readonly repository: string;
  /** Seconds since 1970, by the registry's clock. */
  readonly at: number;
}

/** Counts it for the account that holds the namespace. False: none does, or it was too long ago. Throws `unavailable`. */
export async function countReported(
  { usage, store, clock }: Pick<PullPorts, 'usage' | 'store' | 'clock'>,
  { event, token, repository, at }: ReportedPull,
): Promise<boolean> {
  const now = toSeconds(clock());
  // A clock that is ahead would make counters of days that are to come.
  const then = Math.min(at, now);
  if (then <= now - USAGE_DAYS * DAY_SECONDS) return false;
  const namespace = namespaceOf(repository);
  const { claims } = await store.read({ namespaces: [namespace] });
  const claim = claims.find(({ name, state }) => name === namespace && state === 'held');
  if (claim === undefined) return false;
  const handle = accountHandle(claim.account);
  return usage.count({ handle, token, repository, pullsPerDay: null, event }, then);
}

function insufficient(reason: string): PullpassError {
  return new PullpassError('insufficient-scope', { reason });
}

export interface UsagePorts {
  readonly usage: Pick<UsageStore, 'list'>;
  readonly clock: Clock;
}

export interface UsageRequest {
  readonly account: Account;
  readonly token: string | undefined;
  readonly repository: string | undefined;
  /** Undefined: so that there are 30 days. */
  readonly from: Day | undefined;
  /** Undefined: today. */
  readonly to: Day | undefined;
  readonly limit: number;
  /** The counter that the last page ended with. */
  readonly after: CounterName | undefined;
}

export interface UsagePage {
  readonly from: Day;
  readonly to: Day;
  readonly counters: readonly Counter[];
  readonly next: CounterName | undefined;
}

const DAYS = 30;
/** Reads of the store for one page, and what each examines of a list that is filtered: a page is short rather than slow. */
const MAX_READS = 10;
const EXAMINED = 500;

/** A page of counters, the latest day first. Throws `invalid-request` for days in the wrong order. */
export async function listUsage({ usage, clock }: UsagePorts, request: UsageRequest): Promise<UsagePage> {
  const { account, token, repository, limit, after } = request;
  const to = request.to ?? dayOf(toSeconds(clock()));
  const from = request.from ?? dayOf(startOf(to, 1 - DAYS));
  if (from > to) {
    throw new PullpassError('invalid-request', {
      detail: 'The query is not valid; see errors.',
      problems: [{ path: 'from', message: `must not be after the last day, ${to}` }],
    });
  }
  const range = { from, to, ...(token && { token }), ...(repository && { repository }) };
  const isFiltered = token !== undefined || repository !== undefined;
  const found: Counter[] = [];
  let next = after;
  for (let reads = 0; reads < MAX_READS && found.length <= limit; reads++) {
    // One more than the page holds, so that the last page is known to be the last.
    const examined = isFiltered ? EXAMINED : limit + 1 - found.length;
    const page = await usage.list(accountHandle(account), { ...range, after: next, limit: examined });
    found.push(...page.counters);
    next = page.next;
    if (next === undefined) break;
  }
  if (found.length <= limit) return { from, to, counters: found, next };
  const counters = found.slice(0, limit);
  return { from, to, counters, next: counters.at(-1) };
}
