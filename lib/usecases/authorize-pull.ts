/** Judges one request of the registry proxy: what its access token says, and what the secret behind it may do now. */
import { PULL } from '../domain/access.ts';
import type { AccessTokenClaims } from '../domain/access-token.ts';
import { accountHandle } from '../domain/account.ts';
import { PullpassError, unauthenticated } from '../domain/errors.ts';
import { grant } from '../domain/grant.ts';
import { namespaceOf } from '../domain/repository.ts';
import type { Secret } from '../domain/secret.ts';
import type { Service } from '../domain/service.ts';
import { toSeconds } from '../domain/time.ts';
import { judgeGeneration } from '../domain/token-record.ts';
import type { AccessTokenVerifier } from '../ports/keys.ts';
import type { LoginStore, UsageStore } from '../ports/stores.ts';
import type { Clock } from '../ports/system.ts';
import { DENIAL_OF, principalOfToken } from './principal.ts';

export interface PullPorts {
  readonly verifier: AccessTokenVerifier;
  readonly store: LoginStore;
  readonly usage: Pick<UsageStore, 'count'>;
  readonly clock: Clock;
}

export interface PullRequest {
  readonly service: Service;
  readonly token: Secret;
  /** Undefined: only whether the token is good. */
  readonly repository: string | undefined;
}

/**
 * The claims of a token that may pull now. Throws `unauthenticated` for a token that is not good, or whose secret has ended,
 * `insufficient-scope` for a repository that it may not pull from.
 */
export async function authorizePull(ports: PullPorts, request: PullRequest): Promise<AccessTokenClaims> {
  const { service, token, repository } = request;
  const now = toSeconds(ports.clock());
  const claims = await ports.verifier.verify(service, token, now);
  if (repository === undefined) return claims;
  const isGranted = claims.access.some(
    ({ type, name, actions }) => type === 'repository' && name === repository && actions.includes('pull'),
  );
  if (!isGranted) throw insufficient(`the login was not for ${repository}`);
  if (claims.parent !== undefined) await judgeParent(ports, claims, { repository, now });
  return claims;
}

/** Removed, disabled, rotated, narrowed, expired, revoked, released: each counts from the next request on. One read. */
async function judgeParent(
  { store }: PullPorts,
  { parent, sub }: AccessTokenClaims,
  { repository, now }: { readonly repository: string; readonly now: number },
): Promise<void> {
  if (parent === undefined) return;
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
    throw unauthenticated(`${sub}: ${why}`, DENIAL_OF[why]);
  }
  const judgement = judgeGeneration(token, generation, now);
  if (!judgement.usable) throw unauthenticated(`${sub}: ${judgement.refusal}`, DENIAL_OF[judgement.refusal]);
  if (accountHandle(token.account) !== handle) throw unauthenticated(`${sub}: of another account`);
  await store.touch(token, now);
  const { permissions, ownedNamespaces } = principalOfToken(token, generation, claims);
  const wanted = { type: 'repository', name: repository, namespace, actions: PULL } as const;
  if (grant([wanted], permissions, ownedNamespaces).length === 0) {
    throw insufficient(`${sub} may no longer pull from ${repository}`);
  }
}

/** Counts a pull that is about to be answered. Throws `unavailable`: then it may not be answered. */
export async function countPull(
  { usage, clock }: Pick<PullPorts, 'usage' | 'clock'>,
  { parent }: AccessTokenClaims,
  repository: string,
): Promise<void> {
  if (parent === undefined) return;
  await usage.count({ handle: parent.handle, token: parent.token, repository }, toSeconds(clock()));
}

function insufficient(reason: string): PullpassError {
  return new PullpassError('insufficient-scope', { reason });
}
