/** The standing of whoever presents a registry token. */
import { actionsOf } from '../domain/access.ts';
import { accountHandle } from '../domain/account.ts';
import type { Denial } from '../domain/measures.ts';
import type { NamespaceClaim } from '../domain/namespace-claim.ts';
import { hashRegistryToken, parseRegistryToken } from '../domain/registry-token.ts';
import type { Secret } from '../domain/secret.ts';
import { endOfGeneration, judge, type Refusal, type TokenRecord } from '../domain/token-record.ts';
import {
  FIRST_CLAIMS,
  type LoginContext,
  type Principal,
  type PrincipalPorts,
  refused,
  remainingClaims,
} from './standing.ts';

/** What becomes of a token, in the words that are counted. */
export const DENIAL_OF: Readonly<Record<Refusal | 'removed', Denial>> = {
  unknown: 'unknown-secret',
  'wrong-secret': 'unknown-secret',
  expired: 'expired',
  disabled: 'ended',
  superseded: 'ended',
  removed: 'ended',
};

/** Throws `unauthenticated` for a value that is not good. */
export async function tokenPrincipal(
  { store }: Pick<PrincipalPorts, 'store'>,
  secret: Secret,
  occasion: LoginContext,
): Promise<Principal> {
  const address = parseRegistryToken(secret);
  if (address === undefined) throw refused('token: malformed', 'unknown-secret');
  const { namespaces, now } = occasion;
  const first = await store.read({ token: address, namespaces: namespaces.slice(0, FIRST_CLAIMS) });
  const { token, removed } = first;
  const judgement = judge(token, hashRegistryToken(secret), now);
  if (token === undefined || !judgement.usable) {
    const refusal = judgement.usable ? 'unknown' : judgement.refusal;
    const why = removed ? 'removed' : refusal;
    throw refused(`token ${address.id}: ${why}`, DENIAL_OF[why]);
  }
  const claims = [...first.claims, ...(await remainingClaims(store, occasion))];
  await store.touch(token, now);
  return principalOfToken(token, judgement.generation, claims);
}

/** What a generation of a token allows. */
export function principalOfToken(
  token: TokenRecord,
  generation: number,
  claims: readonly NamespaceClaim[],
): Principal {
  const { id, account, repositories, access } = token;
  const endsAt = endOfGeneration(token, generation);
  return {
    subject: `token:${id}`,
    account,
    permissions: [{ repositories, actions: actionsOf(access) }],
    claims,
    endsAt,
    delegationSource: { handle: accountHandle(account), parent: { kind: 'token', id, generation }, endsAt },
  };
}
